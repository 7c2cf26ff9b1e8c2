using Vfio;
using Vfio.Pci;

namespace My.Card;

/// <summary>
/// The driver. It works on a <see cref="VfioDevice"/>, whether the kernel or a device model provides it. The caller
/// owns the device, the driver owns its region. Only one thread at a time may use it.
/// </summary>
public sealed class MyCardDriver : IDisposable
{
    private readonly Region _registers;
    private readonly InterruptVector _release;

    /// <summary>Starts to use a device.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="NotSupportedException">The driver does not support this device.</exception>
    public MyCardDriver(VfioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        PciIdentity found = device.Identity;
        if (found.VendorId != MyCardRegisters.VendorId || found.DeviceId != MyCardRegisters.DeviceId)
        {
            throw new NotSupportedException(
                $"{device.Name} is {found.VendorId:x4}:{found.DeviceId:x4}, not "
                + $"{MyCardRegisters.VendorId:x4}:{MyCardRegisters.DeviceId:x4}");
        }

        // Trapped: if the device does not answer an access, it throws an exception. With Mapped, which is much faster,
        // it would read as all ones.
        _registers = device.OpenRegion(MyCardRegisters.Map.Region, RegionAccess.Trapped);
        try
        {
            Identification = _registers.Read(MyCardRegisters.Identification);
            if (Identification.Magic != MyCardIdentification.ExpectedMagic)
            {
                throw new NotSupportedException(
                    $"{device.Name} identifies itself as 0x{Identification.Raw:x8}, which is not a My-Card");
            }

            _release = device.Interrupts.Enable(IrqIndex.Request);
        }
        catch
        {
            _registers.Dispose();
            throw;
        }
    }

    /// <summary>Gets the identification that the device reported.</summary>
    public MyCardIdentification Identification { get; }

    /// <summary>Returns whether the device answers with the complement of a number.</summary>
    public bool IsAlive()
    {
        const uint Question = 0x12345678;
        _registers.Write(MyCardRegisters.Liveness, Question);
        return _registers.Read(MyCardRegisters.Liveness).Raw == ~Question;
    }

    /// <summary>Lets the device compute a factorial.</summary>
    /// <param name="number">The number; from 13 on, the factorial does not fit into 32 bits.</param>
    /// <param name="patience">How long to wait for the result.</param>
    /// <returns>The low 32 bits of the factorial.</returns>
    /// <exception cref="TimeoutException">The result was not available in time.</exception>
    /// <exception cref="VfioException">The device does not answer, or was removed.</exception>
    public uint ComputeFactorial(uint number, TimeSpan patience)
    {
        _registers.Write(MyCardRegisters.Factorial, number);
        _registers.WaitFor(MyCardRegisters.Status, status => !status.IsComputing, patience);
        return _registers.Read(MyCardRegisters.Factorial).Raw;
    }

    /// <summary>
    /// Waits until the host asks for the device, because it is being unbound or unplugged. The host waits until the
    /// driver and the device are disposed.
    /// </summary>
    public ValueTask<ulong> WaitForReleaseRequestAsync(CancellationToken cancellationToken = default) =>
        _release.WaitAsync(cancellationToken);

    public void Dispose()
    {
        _release.Dispose();
        _registers.Dispose();
    }
}
