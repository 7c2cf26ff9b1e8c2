// QEMU's edu computes factorials and interrupts when one is done: the real device, or its device model.
//
//   dotnet run --project samples/WaitInterrupt                          the model: no root, no hardware
//   sudo dotnet run --project samples/WaitInterrupt -- 0000:00:03.0     the device
using Vfio;
using Vfio.Emulation;
using Vfio.Host;
using Vfio.Pci;

if (args.Length > 1)
{
    Console.Error.WriteLine("usage: WaitInterrupt [ADDRESS]");
    return 2;
}

try
{
    using EduModel model = new() { ComputeTime = TimeSpan.FromMilliseconds(20) };
    using DriverBinding? binding = args is [string address] ? DriverBinding.Bind(PciAddress.Parse(address)) : null;
    using VfioDevice device = binding is null ? model.Open() : VfioDevice.Open(binding.Address);
    using Region registers = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
    if (registers.Read(EduRegisters.Identification).Magic != 0xed)
    {
        throw new NotSupportedException($"{device.Name} is not an edu");
    }

    using InterruptVector done = device.Interrupts.Enable(IrqIndex.Msi);
    using InterruptVector release = device.Interrupts.Enable(IrqIndex.Request); // the kernel requests the device
    device.SetBusMaster(true); // MSI is a write to memory
    registers.Write(EduRegisters.InterruptAcknowledge, new EduInterrupts(uint.MaxValue)); // left by an earlier driver
    registers.Write(EduRegisters.Status, new EduStatus { RaisesInterrupt = true });

    // A thread that sleeps until one of several vectors is signalled.
    registers.Write(EduRegisters.Factorial, new RawUInt32(10));
    switch (InterruptVector.WaitForAny([done, release], TimeSpan.FromSeconds(5)))
    {
        case 0:
            Console.WriteLine(
            $"{device.Name} through {device.BackendName}: {done.ReadAndClear()} interrupt, 10! = {Result()}"); break;
        case 1: throw new VfioException("keep", device.Name, "the kernel requests the device");
        default: throw new TimeoutException("no interrupt came");
    }

    // The same without a thread, awaited.
    using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
    registers.Write(EduRegisters.Factorial, new RawUInt32(12));
    ulong signals = await done.WaitAsync(patience.Token);
    Console.WriteLine($"and awaited: {signals} interrupt, 12! = {Result()}");
    return 0;

    uint Result()
    {
        registers.Write(EduRegisters.InterruptAcknowledge, new EduInterrupts { Factorial = true });
        return registers.Read(EduRegisters.Factorial).Raw;
    }
}
catch (Exception e) when (e is VfioException or FormatException or TimeoutException or OperationCanceledException
    or NotSupportedException or IOException)
{
    Console.Error.WriteLine(
        $"WaitInterrupt: {e.Message}{(e is VfioException { Hint: string hint } ? $"\nhint: {hint}" : "")}");
    return 1;
}
