using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents the configuration space of a device model. It is built from the declarations of the device model and
/// shown to a driver as vfio-pci shows that of a real device. The device model itself changes it with <see
/// cref="Write"/>.
/// </summary>
/// <remarks>
/// Values are little-endian. The members here are those of the device, for which no bit is read-only. Any thread may
/// use them.
/// </remarks>
public sealed class ModelConfigSpace
{
    internal const int HeaderLength = 0x40;
    private const int ConventionalLength = 256;
    private const int ExtendedLength = 4096;

    private readonly DeviceModel _model;
    private readonly byte[] _values = new byte[ExtendedLength];
    private readonly byte[] _powerOn = new byte[ExtendedLength];
    private readonly byte[] _writable = new byte[ExtendedLength];
    private readonly byte[] _clearable = new byte[ExtendedLength];
    private readonly bool[] _isKept = new bool[ExtendedLength];

    internal ModelConfigSpace(DeviceModel model) => _model = model;

    /// <summary>Gets the length in bytes: 256, or 4096 with a PCI Express capability.</summary>
    public int Length { get; private set; } = ConventionalLength;

    internal ushort Command => BinaryPrimitives.ReadUInt16LittleEndian(_values.AsSpan(DeviceConfig.Command));

    internal bool DecodesMemory => (Command & (ushort)PciCommand.MemorySpace) != 0 && !IsAsleep;

    internal bool DecodesIo => (Command & (ushort)PciCommand.IoSpace) != 0 && !IsAsleep;

    internal bool IsBusMaster => (Command & (ushort)PciCommand.BusMaster) != 0 && !IsAsleep;

    internal bool IsIntxDisabled => (Command & (ushort)PciCommand.InterruptDisable) != 0;

    /// <summary>Gets or sets whether the device is in D3hot, in which only its configuration space answers.</summary>
    internal bool IsAsleep { get; set; }

    /// <summary>Reads the value that a driver would read.</summary>
    /// <param name="offset">The offset in bytes from the start.</param>
    /// <param name="width">The width in bytes: 1, 2 or 4.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is outside configuration space, or the width is
    /// invalid.</exception>
    public uint Read(int offset, int width)
    {
        CheckDevices(offset, width);
        lock (_model.Sync)
        {
            return (uint)ClientRead(offset, width);
        }
    }

    /// <summary>Changes a value, including bits that are read-only for a driver.</summary>
    /// <param name="offset">The offset in bytes from the start.</param>
    /// <param name="width">The width in bytes: 1, 2 or 4.</param>
    /// <param name="value">The value; bits beyond the width are ignored.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is outside configuration space, or the width is
    /// invalid.</exception>
    public void Write(int offset, int width, uint value)
    {
        CheckDevices(offset, width);
        lock (_model.Sync)
        {
            for (int i = 0; i < width; i++)
            {
                _values[offset + i] = (byte)(value >> (8 * i));
            }
        }
    }

    /// <summary>
    /// Declares the value of a register at power-on, and the bits that a driver may write, or clear by writing ones.
    /// </summary>
    internal void Declare(int offset, int width, uint value, uint writable = 0, uint clearable = 0, bool isKept = false)
    {
        for (int i = 0; i < width; i++)
        {
            _values[offset + i] = _powerOn[offset + i] = (byte)(value >> (8 * i));
            _writable[offset + i] = (byte)(writable >> (8 * i));
            _clearable[offset + i] = (byte)(clearable >> (8 * i));
            _isKept[offset + i] = isKept;
        }
    }

    internal void Extend() => Length = ExtendedLength;

    /// <summary>Sets or clears bits that show the device's state.</summary>
    internal void Show(int offset, byte bits, bool isSet) =>
        _values[offset] = (byte)(isSet ? _values[offset] | bits : _values[offset] & ~bits);

    internal byte ValueAt(int offset) => _values[offset];

    internal uint DwordAt(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_values.AsSpan(offset));

    internal void SetDword(int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_values.AsSpan(offset), value);

    /// <summary>Performs a driver's read; the caller has checked the range.</summary>
    internal ulong ClientRead(int offset, int width)
    {
        ReadOnlySpan<byte> at = _values.AsSpan(offset);
        return width switch
        {
            1 => at[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(at),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(at),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(at),
        };
    }

    /// <summary>
    /// Performs a driver's write; the caller has checked the range. The capabilities implement its effects.
    /// </summary>
    internal void ClientWrite(int offset, int width, ulong value)
    {
        for (int i = 0; i < width; i++)
        {
            byte bits = (byte)(value >> (8 * i));
            int at = offset + i;
            byte kept = (byte)(_values[at] & ~_writable[at] & ~(bits & _clearable[at]));
            _values[at] = (byte)(kept | (bits & _writable[at]));
        }
    }

    /// <summary>
    /// Resets the values: those that the kernel saves and restores, and sticky bits, are kept; the others get their
    /// values at power-on.
    /// </summary>
    internal void Reset()
    {
        IsAsleep = false;
        for (int at = HeaderLength; at < Length; at++)
        {
            if (!_isKept[at])
            {
                _values[at] = _powerOn[at];
            }
        }
    }

    /// <summary>
    /// Sets the values that the kernel shows after an open: nothing that a previous user wrote, and decoding enabled.
    /// </summary>
    internal void Open(ushort command, IEnumerable<int> sticky)
    {
        byte[] before = [.. _values];
        _powerOn.CopyTo(_values, 0);
        IsAsleep = false;
        BinaryPrimitives.WriteUInt16LittleEndian(_values.AsSpan(DeviceConfig.Command), command);
        foreach (int at in sticky)
        {
            _values[at] = before[at];
        }
    }

    private void CheckDevices(int offset, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (width is not (1 or 2 or 4) || offset > Length - width)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                $"{width} bytes at 0x{offset:x} are not a valid access to {Length} bytes of configuration space");
        }
    }
}
