using Vfio;
using Vfio.Pci;

namespace My.Card;

/// <summary>
/// The driver. It takes a <see cref="VfioDevice"/>, and cannot tell whether the kernel or a model stands behind it; the caller
/// owns the device, the driver its region. One thread at a time.
/// </summary>
public sealed class MyCardDriver : IDisposable
{
    private readonly Region _registers;

    /// <summary>Takes a device into use.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="NotSupportedException">It is another device than this driver is for.</exception>
    public MyCardDriver(VfioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        CheckIds(device);
        // Trapped: an access that the device does not answer is an exception here, where Mapped, which is much faster, reads ones.
        _registers = device.OpenRegion(MyCardRegisters.Map.Region, RegionAccess.Trapped);
        try
        {
            Identification = _registers.Read(MyCardRegisters.Identification);
            if (Identification.Magic != MyCardIdentification.ExpectedMagic)
            {
                throw new NotSupportedException($"{device.Name} identifies itself as 0x{Identification.Raw:x8}, which is no My-Card");
            }
        }
        catch
        {
            _registers.Dispose();
            throw;
        }
    }

    /// <summary>What the device said it is.</summary>
    public MyCardIdentification Identification { get; }

    /// <summary>Asks the device for the complement of a number, which a dead one does not give.</summary>
    public bool IsAlive()
    {
        const uint Question = 0x12345678;
        _registers.Write(MyCardRegisters.Liveness, new RawUInt32(Question));
        return _registers.Read(MyCardRegisters.Liveness).Raw == ~Question;
    }

    /// <summary>Lets the device compute a factorial.</summary>
    /// <param name="number">Of what; from 13 on, 32 bits do not hold all of it.</param>
    /// <param name="patience">How long to wait for it.</param>
    /// <returns>The low 32 bits of the factorial.</returns>
    /// <exception cref="TimeoutException">It was not there in time.</exception>
    /// <exception cref="IOException">The device is gone.</exception>
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

    /// <summary>Reads every register that may be read without changing anything.</summary>
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
                $"{device.Name} is {vendor:x4}:{id:x4}, not {MyCardRegisters.VendorId:x4}:{MyCardRegisters.DeviceId:x4}");
        }
    }

    private ulong ReadRaw(RegisterDescription register) => register.Width switch
    {
        1 => _registers.ReadByte(register.Offset),
        2 => _registers.ReadUInt16(register.Offset),
        4 => _registers.ReadUInt32(register.Offset),
        _ => _registers.ReadUInt64(register.Offset),
    };

    // A bus makes ones of no answer, and no status is all ones.
    private MyCardStatus ReadStatus()
    {
        MyCardStatus status = _registers.Read(MyCardRegisters.Status);
        return status.Raw != uint.MaxValue ? status : throw new IOException("the device is gone");
    }
}
