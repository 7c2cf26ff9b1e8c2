using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// A model's configuration space: built from what the model declares, shown to a driver as vfio-pci shows a real device's, and
/// changed by the model itself with <see cref="Write"/>.
/// </summary>
/// <remarks>Little-endian. The members here are the device's side: they know no read-only bits. Any thread.</remarks>
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

    /// <summary>Bytes: 256, or 4096 with a PCI Express capability.</summary>
    public int Length { get; private set; } = ConventionalLength;

    internal ushort Command => BinaryPrimitives.ReadUInt16LittleEndian(_values.AsSpan(DeviceConfig.Command));

    internal bool DecodesMemory => (Command & (ushort)PciCommand.MemorySpace) != 0 && !IsAsleep;

    internal bool DecodesIo => (Command & (ushort)PciCommand.IoSpace) != 0 && !IsAsleep;

    internal bool IsBusMaster => (Command & (ushort)PciCommand.BusMaster) != 0 && !IsAsleep;

    internal bool IsIntxDisabled => (Command & (ushort)PciCommand.InterruptDisable) != 0;

    /// <summary>In D3hot a function answers in its configuration space alone.</summary>
    internal bool IsAsleep { get; set; }

    /// <summary>Reads what a driver would read.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="width">1, 2 or 4 bytes.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Outside the configuration space, or no such width.</exception>
    public uint Read(int offset, int width)
    {
        CheckDevices(offset, width);
        lock (_model.Sync)
        {
            return (uint)ClientRead(offset, width);
        }
    }

    /// <summary>Changes the value, read-only bits too: a device may change its own configuration space.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="width">1, 2 or 4 bytes.</param>
    /// <param name="value">The value; bits above the width are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside the configuration space, or no such width.</exception>
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

    /// <summary>Says what a register is at power-on, and which of its bits a driver may write, or clear by writing ones.</summary>
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

    internal void SetDword(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_values.AsSpan(offset), value);

    /// <summary>The driver reads; the caller has checked the place.</summary>
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

    /// <summary>The driver writes; the caller has checked the place. What the write means is up to the capabilities.</summary>
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
    /// What a reset leaves: the kernel saves what it manages and puts it back, and sticky bits stay; the rest is as at power-on.
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

    /// <summary>What the kernel shows of a device that was just opened: nothing of what the last user wrote, decoding on.</summary>
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
            throw new ArgumentOutOfRangeException(nameof(offset), $"{width} bytes at 0x{offset:x} are no part of {Length} bytes of configuration space");
        }
    }
}
