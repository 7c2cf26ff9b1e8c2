// QEMU's edu copies memory to memory by DMA, through its internal buffer: the real device, or its device model.
//
//   dotnet run --project samples/DmaCopy                          the model: no root, no hardware
//   sudo dotnet run --project samples/DmaCopy -- 0000:00:03.0     the device
using Vfio;
using Vfio.Emulation;
using Vfio.Host;
using Vfio.Pci;

if (args.Length > 1)
{
    Console.Error.WriteLine("usage: DmaCopy [ADDRESS]");
    return 2;
}

try
{
    using EduModel model = new();
    using DriverBinding? binding = args is [string address] ? DriverBinding.Bind(PciAddress.Parse(address)) : null;
    using VfioDevice device = binding is null ? model.Open() : VfioDevice.Open(binding.Address);
    device.AddressSpace.LimitAddressWidth(28); // edu's address width
    using DmaBuffer source = device.AddressSpace.Allocate(
        EduRegisters.BufferLength, new DmaBufferOptions { Access = DmaAccess.Read });
    using DmaBuffer target = device.AddressSpace.Allocate(
        EduRegisters.BufferLength, new DmaBufferOptions { Access = DmaAccess.Write });
    using Region registers = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
    if (registers.Read(EduRegisters.Identification).Magic != 0xed)
    {
        throw new NotSupportedException($"{device.Name} is not an edu");
    }

    Random.Shared.NextBytes(source.Span);

    device.SetBusMaster(true); // from now on it can access the memory that is mapped for it, and nothing else
    Transfer(registers, source.Iova.Value, EduRegisters.BufferAddress, new EduDmaCommand { Start = true });
    Transfer(
        registers,
        EduRegisters.BufferAddress,
        target.Iova.Value,
        new EduDmaCommand { Start = true, FromDevice = true });

    bool isSame = source.Span.SequenceEqual(target.Span);
    Console.WriteLine($"{device.Name} through {device.BackendName}: {source.Length} bytes from {source.Iova} to "
        + $"{target.Iova}, {(isSame ? "the same" : "DIFFERENT")}");

    Iova nowhere = target.Iova + (16 * target.Length); // not mapped
    Transfer(
        registers, EduRegisters.BufferAddress, nowhere.Value, new EduDmaCommand { Start = true, FromDevice = true });
    Thread.Sleep(100); // the kernel writes its log a moment later
    Console.WriteLine(device.GetFaults() is [DmaFault fault, ..]
        ? $"a forbidden transfer was stopped: {fault}"
        : "the stopped transfer was not reported");
    return isSame ? 0 : 1;
}
catch (Exception e)
    when (e is VfioException or FormatException or TimeoutException or NotSupportedException or IOException)
{
    Console.Error.WriteLine(
        $"DmaCopy: {e.Message}{(e is VfioException { Hint: string hint } ? $"\nhint: {hint}" : "")}");
    return 1;
}

static void Transfer(Region registers, ulong from, ulong to, EduDmaCommand command)
{
    registers.Write(EduRegisters.DmaSource, new RawUInt64(from));
    registers.Write(EduRegisters.DmaDestination, new RawUInt64(to));
    registers.Write(EduRegisters.DmaCount, new RawUInt64(EduRegisters.BufferLength));
    registers.Write(EduRegisters.DmaCommand, command);
    if (!SpinWait.SpinUntil(() => !registers.Read(EduRegisters.DmaCommand).Start, TimeSpan.FromSeconds(5)))
    {
        throw new TimeoutException("the transfer did not end");
    }
}
