using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents QEMU's edu device: identification, a liveness check, a factorial, interrupts, and DMA to and from its own
/// buffer (QEMU documentation, &quot;EDU device&quot; (docs/specs/edu)).
/// </summary>
/// <remarks>
/// It behaves as QEMU's device does; a test compares them access by access. In particular, a reset does not change its
/// registers, but lowers its interrupt line. An access narrower than 4 bytes reads as zero. An access wider than the
/// register reads as all ones, and so does any offset that is not a register.
/// </remarks>
public sealed class EduModel : DeviceModel
{
    private const ulong BarLength = 1024 * 1024;
    private const ulong PageLength = 4096;
    private const ulong FirstWideRegister = 0x80;
    private const ulong AllOnes = ulong.MaxValue;
    private const uint Version = 0x010000ed;
    // the factorial of 34 and above is a multiple of 2^32, so its low 32 bits are zero
    private const int MostFactors = 34;
    private static readonly TimeSpan TransferTime = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _buffer = new byte[EduRegisters.BufferLength];
    private readonly ModelTimer _transfer;
    private readonly ModelTimer _computation;
    private uint _liveness;
    private uint _factorial;
    private EduStatus _status;
    private EduInterrupts _interrupts;
    private ulong _source;
    private ulong _destination;
    private ulong _count;
    private EduDmaCommand _command;

    /// <summary>Creates a device model of edu.</summary>
    /// <param name="clock">The clock for its transfers; by default, the system's clock.</param>
    public EduModel(TimeProvider? clock = null)
        : base("edu", new PciIdentity(EduRegisters.VendorId, EduRegisters.DeviceId)
        {
            SubsystemVendorId = 0x1af4,
            SubsystemId = 0x1100,
            Class = new PciClassCode(0x00ff00),
            Revision = 0x10,
            InterruptPin = 1,
        }, clock)
    {
        AddBar(RegionIndex.Bar0, BarLength, Read, Write);
        AddCapability(new MsiCapability(1));
        // QEMU leaves the configuration space after the capabilities to the driver, and no reset clears it.
        byte[] rest = new byte[256 - 0x4e];
        byte[] writable = new byte[rest.Length];
        writable.AsSpan().Fill(0xff);
        AddConfigRegisters(0x4e, rest, writable, isSticky: true);
        _transfer = CreateTimer(Transfer);
        _computation = CreateTimer(FinishFactorial);
    }

    /// <summary>
    /// Gets how long a factorial takes. The default is 0: the result is available when the write returns. A test of a
    /// driver that waits for <see cref="EduStatus.IsComputing"/> sets it.
    /// </summary>
    public TimeSpan ComputeTime { get; init; }

    /// <summary>
    /// Gets the DMA mask: the addresses that a transfer can reach; 28 bits by default (QEMU's <c>dma_mask</c>).
    /// </summary>
    public ulong DmaMask { get; init; } = (1ul << 28) - 1;

    private ulong Read(ulong offset, int width)
    {
        if (width < 4)
        {
            return 0;
        }

        if (width == 8 && offset < FirstWideRegister)
        {
            return AllOnes;
        }

        return offset switch
        {
            0x00 => Version,
            0x04 => _liveness,
            0x08 => _factorial,
            0x20 => _status.Raw,
            0x24 => _interrupts.Raw,
            0x80 => _source,
            0x88 => _destination,
            0x90 => _count,
            0x98 => _command.Raw,
            _ => AllOnes,
        };
    }

    private void Write(ulong offset, int width, ulong value)
    {
        if (width < 4 || (width == 8 && offset < FirstWideRegister))
        {
            return;
        }

        switch (offset)
        {
            case 0x04: _liveness = ~(uint)value; break;
            case 0x08: StartFactorial((uint)value); break;
            case 0x20: _status = _status with { RaisesInterrupt = new EduStatus((uint)value).RaisesInterrupt }; break;
            case 0x60: Raise((uint)value); break;
            case 0x64: Acknowledge((uint)value); break;
            case >= FirstWideRegister when !_command.Start: WriteTransfer(offset, value); break;
            default: break;
        }
    }

    private void StartFactorial(uint number)
    {
        if (_status.IsComputing)
        {
            return;
        }

        _factorial = number;
        _status = _status with { IsComputing = true };
        if (ComputeTime > TimeSpan.Zero)
        {
            _computation.Start(ComputeTime);
        }
        else
        {
            FinishFactorial();
        }
    }

    private void FinishFactorial()
    {
        uint product = _factorial >= MostFactors ? 0u : 1u;
        for (uint factor = 2; product != 0 && factor <= _factorial; factor++)
        {
            product *= factor;
        }

        _factorial = product;
        _status = _status with { IsComputing = false };
        if (_status.RaisesInterrupt)
        {
            Raise(new EduInterrupts { Factorial = true }.Raw);
        }
    }

    private void Raise(uint bits)
    {
        _interrupts = new EduInterrupts(_interrupts.Raw | bits);
        if (_interrupts.Raw == 0)
        {
            return;
        }

        if (Interrupts.IsMsiEnabled)
        {
            Interrupts.Signal(0);
        }
        else
        {
            Interrupts.Raise();
        }
    }

    private void Acknowledge(uint bits)
    {
        _interrupts = new EduInterrupts(_interrupts.Raw & ~bits);
        if (_interrupts.Raw == 0 && !Interrupts.IsMsiEnabled)
        {
            Interrupts.Lower();
        }
    }

    // The registers cannot be written while a transfer is running.
    private void WriteTransfer(ulong offset, ulong value)
    {
        switch (offset)
        {
            case 0x80: _source = value; break;
            case 0x88: _destination = value; break;
            case 0x90: _count = value; break;
            case 0x98 when new EduDmaCommand(value).Start:
                _command = new EduDmaCommand(value);
                _transfer.Start(TransferTime);
                break;
            default: break;
        }
    }

    // A transfer that is not entirely within the buffer copies nothing. edu has no register to report that, and ends
    // the transfer like any other.
    private void Transfer()
    {
        ulong inside = _command.FromDevice ? _source : _destination;
        ulong outside = (_command.FromDevice ? _destination : _source) & DmaMask;
        ulong start = inside - EduRegisters.BufferAddress;
        if (inside >= EduRegisters.BufferAddress
            && _count <= EduRegisters.BufferLength
            && start <= EduRegisters.BufferLength - _count)
        {
            Move(outside, _buffer.AsSpan((int)start, (int)_count));
        }

        _command = _command with { Start = false };
        if (_command.RaisesInterrupt)
        {
            Raise(new EduInterrupts { Dma = true }.Raw);
        }
    }
    // Copies page by page, because QEMU translates addresses by page: the pages before one that is not mapped have been
    // copied. From an unmapped page the device reads zeroes, and its writes there are lost.
    private void Move(ulong address, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> part = bytes[..(int)Math.Min((ulong)bytes.Length, PageLength - (address % PageLength))];
            if (_command.FromDevice)
            {
                _ = Memory.TryWrite(address, part);
            }
            else if (Memory.TryRead(address, part) != DmaResult.Completed)
            {
                part.Clear();
            }

            address += (ulong)part.Length;
            bytes = bytes[part.Length..];
        }
    }
}
