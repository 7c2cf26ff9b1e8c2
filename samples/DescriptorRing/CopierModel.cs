using System.Buffers.Binary;
using Vfio.Emulation;
using Vfio.Pci;

namespace DescriptorRing;

/// <summary>
/// Models the device in software, from the same datasheet as the driver, so that a driver sees the same as on the card.
/// </summary>
/// <remarks>
/// Offsets and bits are repeated here on purpose: a device model that used the driver's constants would share its
/// mistakes.
/// </remarks>
public sealed class CopierModel : DeviceModel
{
    private const int DescriptorLength = 32;
    private const int CompletionLength = 16;
    private const int MostLength = 65536;
    private const uint MostEntries = 65536;

    private readonly ModelTimer _start;
    private readonly ModelTimer _work;
    private readonly byte[] _data = new byte[MostLength];
    private bool _isEnabled;
    private bool _isReady;
    private bool _hasFailed;
    private uint _count;
    private ulong _descriptors;
    private ulong _completions;
    private uint _tail; // behind the last descriptor that was filled
    private uint _next; // the descriptor to process
    private uint _done; // where the next completion is written
    private uint _head; // behind the last completion that was taken
    private ushort _phase;

    /// <summary>Creates a device.</summary>
    /// <param name="clock">The clock for its work, for example a <see cref="ModelClock"/> that a test advances; by
    /// default, the system's clock.</param>
    public CopierModel(TimeProvider? clock = null)
        : base("copier", new PciIdentity(0x1234, 0x00d1) { Class = new PciClassCode(0x088000) }, clock)
    {
        AddBar(RegionIndex.Bar0, 4096, Read, Write);
        AddCapability(new MsixCapability(vectors: 1, RegionIndex.Bar0, tableOffset: 0x800, pendingOffset: 0xc00));
        _start = CreateTimer(() => _isReady = true);
        _work = CreateTimer(Process);
    }

    /// <summary>Gets how long it takes from the enable bit to the ready bit.</summary>
    public TimeSpan StartTime { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Gets how long it takes from a doorbell to the completions.</summary>
    public TimeSpan CopyTime { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Gets or sets a number that completions have instead of the right one, as of a broken device.</summary>
    public ushort? WrongId { get; set; }

    /// <summary>Gets how often the doorbell of descriptors was written.</summary>
    public int DoorbellCount { get; private set; }

    protected override void OnReset()
    {
        Stop();
        (_count, _descriptors, _completions, _hasFailed) = (0, 0, 0, false);
    }

    private ulong Read(ulong offset, int width) => (offset, width) switch
    {
        (0x00, 4) => _isEnabled ? 1ul : 0,
        (0x04, 4) => (_isReady ? 1ul : 0) | (_work.IsRunning ? 2ul : 0) | (_hasFailed ? 4ul : 0),
        (0x08, 4) => _count,
        (0x10, 8) => _descriptors,
        (0x18, 8) => _completions,
        _ => ulong.MaxValue, // an offset without a register reads as all ones
    };

    private void Write(ulong offset, int width, ulong value)
    {
        switch (offset, width)
        {
            case (0x00, 4): Enable((value & 1) != 0); break;
            case (0x08, 4) when !_isEnabled: _count = (uint)value; break;
            case (0x10, 8) when !_isEnabled: _descriptors = value; break;
            case (0x18, 8) when !_isEnabled: _completions = value; break;
            case (0x20, 4) when _isReady:
                DoorbellCount++;
                _tail = (uint)value;
                _work.Start(CopyTime);
                break;
            case (0x24, 4) when _isReady:
                _head = (uint)value;
                _work.Start(CopyTime);
                break;
            default: break;
        }
    }

    private void Enable(bool isEnabled)
    {
        if (!isEnabled)
        {
            Stop();
        }
        else if (!_isEnabled && _count is >= 2 and <= MostEntries)
        {
            (_isEnabled, _hasFailed) = (true, false);
            _start.Start(StartTime);
        }
        else if (!_isEnabled)
        {
            _hasFailed = true;
        }
    }

    private void Stop()
    {
        _start.Stop();
        _work.Stop();
        (_isEnabled, _isReady) = (false, false);
        (_tail, _next, _done, _head, _phase) = (0, 0, 0, 0, 1);
    }

    private void Fail()
    {
        Stop();
        _hasFailed = true;
    }

    private void Process()
    {
        if (_tail >= _count || _head >= _count)
        {
            Fail();
            return;
        }

        bool hasCompleted = false;
        // A ring of completions with one free entry is full.
        for (; _next != _tail && Next(_done) != _head; _next = Next(_next))
        {
            if (!TryCopy(_descriptors + (_next * DescriptorLength)))
            {
                Fail();
                return;
            }

            hasCompleted = true;
        }

        if (hasCompleted)
        {
            Interrupts.Signal(0);
        }
    }

    // Returns whether the rings could be accessed; a copy that failed is a completion.
    private bool TryCopy(ulong place)
    {
        Span<byte> descriptor = stackalloc byte[DescriptorLength];
        if (Memory.TryRead(place, descriptor) != DmaResult.Completed)
        {
            return false;
        }

        ulong source = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
        ulong destination = BinaryPrimitives.ReadUInt64LittleEndian(descriptor[8..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[16..]);
        ushort id = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[20..]);
        int outcome = Copy(source, destination, length);
        Span<byte> completion = stackalloc byte[CompletionLength];
        completion.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(completion[8..], outcome == 0 ? length : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(completion[12..], WrongId ?? id);
        BinaryPrimitives.WriteUInt16LittleEndian(completion[14..], (ushort)((outcome << 1) | _phase));
        // The status comes last, by a write of its own.
        ulong at = _completions + (_done * CompletionLength);
        if (Memory.TryWrite(at, completion[..14]) != DmaResult.Completed
            || Memory.TryWrite(at + 14, completion[14..]) != DmaResult.Completed)
        {
            return false;
        }

        _done = Next(_done);
        _phase ^= (ushort)(_done == 0 ? 1 : 0);
        return true;
    }

    private int Copy(ulong source, ulong destination, uint length)
    {
        if (length is 0 or > MostLength)
        {
            return 1;
        }

        Span<byte> data = _data.AsSpan(0, (int)length);
        return Memory.TryRead(source, data) == DmaResult.Completed
            && Memory.TryWrite(destination, data) == DmaResult.Completed ? 0 : 2;
    }

    private uint Next(uint index) => index + 1 == _count ? 0 : index + 1;
}
