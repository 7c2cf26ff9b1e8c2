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

    /// <summary>Starts to use a device.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="NotSupportedException">The driver does not support this device.</exception>
    public MyCardDriver(VfioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        CheckIds(device);
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
        _registers.Write(MyCardRegisters.Liveness, new RawUInt32(Question));
        return _registers.Read(MyCardRegisters.Liveness).Raw == ~Question;
    }

    /// <summary>Lets the device compute a factorial.</summary>
    /// <param name="number">The number; from 13 on, the factorial does not fit into 32 bits.</param>
    /// <param name="patience">How long to wait for the result.</param>
    /// <returns>The low 32 bits of the factorial.</returns>
    /// <exception cref="TimeoutException">The result was not available in time.</exception>
    /// <exception cref="IOException">The device was removed.</exception>
    public uint ComputeFactorial(uint number, TimeSpan patience)
    {
        long start = TimeProvider.System.GetTimestamp();
        _registers.Write(MyCardRegisters.Factorial, new RawUInt32(number));
        SpinWait pause = default;
        while (ReadStatus().IsComputing)
        {
            if (TimeProvider.System.GetElapsedTime(start) >= patience)
            {
                throw new TimeoutException($"no factorial of {number} within {patience.TotalMilliseconds} ms");
            }

            pause.SpinOnce();
        }

        return _registers.Read(MyCardRegisters.Factorial).Raw;
    }

    /// <summary>Reads every register that has no read side effects.</summary>
    public IReadOnlyList<RegisterReading> ReadRegisters() =>
    [
        .. MyCardRegisters.Map.Registers.Where(register => register.CanPeek)
            .Select(register => new RegisterReading(register, ReadRaw(register))),
    ];

    public void Dispose() => _registers.Dispose();

    private static void CheckIds(VfioDevice device)
    {
        using Region config = device.OpenRegion(RegionIndex.Config);
        ushort vendor = config.ReadUInt16(0);
        ushort id = config.ReadUInt16(2);
        if (vendor != MyCardRegisters.VendorId || id != MyCardRegisters.DeviceId)
        {
            throw new NotSupportedException(
                $"{device.Name} is {vendor:x4}:{id:x4}, not "
                + $"{MyCardRegisters.VendorId:x4}:{MyCardRegisters.DeviceId:x4}");
        }
    }

    private ulong ReadRaw(RegisterDescription register) => register.Width switch
    {
        1 => _registers.ReadByte(register.Offset),
        2 => _registers.ReadUInt16(register.Offset),
        4 => _registers.ReadUInt32(register.Offset),
        _ => _registers.ReadUInt64(register.Offset),
    };

    // If the device does not answer, a register reads as all ones, and no status is all ones.
    private MyCardStatus ReadStatus()
    {
        MyCardStatus status = _registers.Read(MyCardRegisters.Status);
        return status.Raw != uint.MaxValue ? status : throw new IOException("the device is gone");
    }
}
