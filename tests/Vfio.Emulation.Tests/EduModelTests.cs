using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>
/// The edu model with its clock, and features that need a client beyond the public API. The conformance tests compare
/// the registers.
/// </summary>
public sealed class EduModelTests : IDisposable
{
    private const ulong Iova = 0x10000;

    private readonly ModelClock _clock = new();
    private readonly EduModel _model;
    private readonly RecordingClient _client = new();
    private readonly MemoryTarget _target = new(0x2000);
    private readonly ModelSession _session;

    public EduModelTests()
    {
        _model = new EduModel(_clock) { ComputeTime = TimeSpan.FromMilliseconds(1) };
        _session = _model.OpenSession(_client);
        _session.Write(RegionIndex.Config, 4, 2, 6);
        _session.Dma.Map(Iova, 0x2000, DmaAccess.Read | DmaAccess.Write, _target);
    }

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_factorial_is_busy_until_it_is_computed()
    {
        Write(0x08, 10);
        Write(0x08, 3); // ignored: it is computing
        Assert.Equal((1ul, 10ul), (Read(0x20), Read(0x08)));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((0ul, 3628800ul), (Read(0x20), Read(0x08)));
        Assert.Empty(_client.Take());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(12, 479001600)]
    [InlineData(13, 1932053504)]
    [InlineData(33, 2147483648)]
    [InlineData(34, 0)]
    [InlineData(0xffffffff, 0)]
    public void A_factorial_has_32_bits(ulong number, ulong factorial)
    {
        Write(0x08, number);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(factorial, Read(0x08));
    }

    [Fact]
    public void A_factorial_interrupts_if_that_is_enabled()
    {
        _session.EnableInterrupts(IrqIndex.Intx, 1);
        Write(0x20, 0x80);
        Write(0x08, 4);
        Assert.Empty(_client.Take());
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["Intx 0"], _client.Take());
        Assert.Equal((1ul, true), (Read(0x24), _model.Interrupts.IsRaised));
        Write(0x64, 1);
        Assert.Equal((0ul, false), (Read(0x24), _model.Interrupts.IsRaised));
    }

    [Fact]
    public void With_msi_each_raise_is_a_signal()
    {
        _session.EnableInterrupts(IrqIndex.Msi, 1);
        Write(0x60, 2);
        Write(0x60, 4);
        Write(0x60, 0);
        Assert.Equal(["Msi 0", "Msi 0", "Msi 0"], _client.Take());
        Write(0x64, 6);
        Write(0x60, 0);
        Assert.Empty(_client.Take());
        Assert.False(_model.Interrupts.IsRaised);
    }

    [Fact]
    public void A_transfer_takes_its_time_and_goes_both_ways()
    {
        _target.Bytes[5] = 0x5a;
        StartTransfer(Iova + 5, 0x40000 + 4095, 1, 1);
        Assert.Equal(1ul, Read(0x98));
        Write(0x80, 0x1234); // a running transfer's registers cannot be written
        _clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal((1ul, Iova + 5), (Read(0x98), Read(0x80)));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0ul, Read(0x98));
        StartTransfer(0x40000 + 4095, Iova + 0x1fff, 1, 3);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal((2ul, 0x5a), (Read(0x98), _target.Bytes[0x1fff]));
    }

    [Fact]
    public void A_transfer_interrupts_if_that_is_enabled()
    {
        _session.EnableInterrupts(IrqIndex.Msi, 1);
        StartTransfer(Iova, 0x40000, 4096, 5);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(["Msi 0"], _client.Take());
        Assert.Equal((0x100ul, 4ul), (Read(0x24), Read(0x98)));
    }

    [Fact]
    public void A_transfer_reaches_28_bits()
    {
        _target.Bytes[0] = 1;
        StartTransfer(0xff_f000_0000 + Iova, 0x40000, 1, 1);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        StartTransfer(0x40000, Iova + 1, 1, 3);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, _target.Bytes[1]);
    }

    [Theory]
    [InlineData(0x3ffff, 1)]
    [InlineData(0x40000, 4097)]
    [InlineData(0x40001, 4096)]
    [InlineData(0x41000, 1)]
    [InlineData(0, 1)]
    [InlineData(0x40000, ulong.MaxValue)]
    [InlineData(ulong.MaxValue, 2)]
    public void A_transfer_outside_the_buffer_moves_nothing_and_ends(ulong place, ulong count)
    {
        _target.Bytes.AsSpan().Fill(0x11);
        StartTransfer(place, Iova, count, 3);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(2ul, Read(0x98));
        Assert.All(_target.Bytes, value => Assert.Equal(0x11, value));
    }

    [Fact]
    public void A_transfer_to_an_unmapped_page_copies_the_pages_before_it_and_ends()
    {
        _target.Bytes.AsSpan().Fill(0x11);
        StartTransfer(0x40000, Iova + 0x1fff, 2, 3);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal((2ul, 0, 0x11), (Read(0x98), _target.Bytes[0x1fff], _target.Bytes[0x1ffe]));
        // Memory that the device may not read is zero for it.
        StartTransfer(Iova, 0x40000, 2, 1);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        StartTransfer(Iova + 0x2000, 0x40001, 1, 1);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        StartTransfer(0x40000, Iova + 0x100, 2, 3);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal((0x11, 0), (_target.Bytes[0x100], _target.Bytes[0x101]));
    }

    [Fact]
    public void A_driver_reads_it_by_the_named_registers()
    {
        _session.Dispose();
        using VfioDevice device = _model.Open();
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        EduIdentification identification = bar0.Read(EduRegisters.Identification);
        Assert.Equal((0xed, 1, 0), (identification.Magic, identification.MajorVersion, identification.MinorVersion));
    }

    private void StartTransfer(ulong source, ulong destination, ulong count, ulong command)
    {
        Write(0x80, source, 8);
        Write(0x88, destination, 8);
        Write(0x90, count, 8);
        Write(0x98, command, 8);
    }

    private ulong Read(ulong offset) => _session.Read(RegionIndex.Bar0, offset, offset < 0x80 ? 4 : 8);

    private void Write(ulong offset, ulong value, int width = 4) =>
        _session.Write(RegionIndex.Bar0, offset, width, value);
}
