using System.Diagnostics;
using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// The interrupts of every backend: edu has INTx and one MSI vector, and raises whichever is enabled on request.
/// </summary>
public abstract partial class InterruptContract : IDisposable
{
    private const ulong Raise = 0x60;
    private const ulong Acknowledge = 0x64;

    /// <summary>
    /// A time that is long enough for an expected interrupt, in a machine that emulates each instruction.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>A time after which no interrupt is assumed to come.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly EduBackend _backend;
    private readonly VfioDevice _device;
    private readonly DeviceInterrupts _interrupts;
    private readonly Region _bar0;

    protected InterruptContract(EduBackend backend)
    {
        _backend = backend;
        _device = backend.Open();
        _interrupts = _device.Interrupts;
        _bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        // QEMU's edu keeps through a reset what raised its interrupt, and computes on.
        Assert.True(SpinWait.SpinUntil(
            () => !_bar0.Read(EduRegisters.Status).IsComputing && !_bar0.Read(EduRegisters.DmaCommand).Start,
            Patience));
        _bar0.WriteUInt32(Acknowledge, uint.MaxValue);
        _device.SetBusMaster(true);
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_device_reports_its_interrupt_types()
    {
        Assert.Equal(
            new IrqInfo(IrqIndex.Intx, 1, canSignal: true, isMaskable: true, isAutomasked: true, isFixed: false),
            _interrupts.GetInfo(IrqIndex.Intx));
        Assert.Equal(
            new IrqInfo(IrqIndex.Msi, 1, canSignal: true, isMaskable: false, isAutomasked: false, isFixed: true),
            _interrupts.GetInfo(IrqIndex.Msi));
        Assert.Equal((0, 0, 1), (
            _interrupts.GetInfo(IrqIndex.Msix).Count,
            _interrupts.GetInfo(IrqIndex.Error).Count,
            _interrupts.GetInfo(IrqIndex.Request).Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.GetInfo((IrqIndex)5));
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.GetInfo((IrqIndex)(-1)));
    }

    [Fact]
    public void A_line_is_masked_with_each_signal_and_signals_again_while_it_is_raised()
    {
        using InterruptVector intx = _interrupts.Enable(IrqIndex.Intx);
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(1u, intx.Wait(Patience));
        _bar0.WriteUInt32(Raise, 2);
        Assert.Equal(0u, intx.Wait(Moment));
        intx.Unmask(); // not acknowledged, so the line is still raised
        Assert.Equal(1u, intx.Wait(Patience));
        _bar0.WriteUInt32(Acknowledge, 3);
        intx.Unmask();
        Assert.Equal(0u, intx.Wait(Moment));
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(1u, intx.Wait(Patience));
        Assert.Equal(3u, intx.SignalCount);
    }

    [Fact]
    public void A_masked_line_signals_once_it_is_unmasked()
    {
        using InterruptVector intx = _interrupts.Enable(IrqIndex.Intx);
        Assert.True(intx.IsMaskable);
        intx.Mask();
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(0u, intx.Wait(Moment));
        intx.Unmask();
        Assert.Equal(1u, intx.Wait(Patience));
    }

    [Fact]
    public void A_line_is_unmasked_by_an_event()
    {
        using InterruptVector intx = _interrupts.Enable(IrqIndex.Intx);
        Vfio.EventFd.Add(intx.UnmaskEvent);
        // The line is not masked yet: an unmask that is late would let the first interrupt through twice.
        Assert.True(SpinWait.SpinUntil(() => EventWait.Any([intx.UnmaskEvent], TimeSpan.Zero) < 0, Patience));
        Assert.Equal(0u, intx.Wait(Moment));
        for (ulong round = 1; round <= 3; round++)
        {
            _bar0.WriteUInt32(Raise, 1);
            Assert.Equal(1u, intx.Wait(Patience));
            _bar0.WriteUInt32(Acknowledge, 1);
            Vfio.EventFd.Add(intx.UnmaskEvent);
            // The kernel unmasks in the background. A device may raise its line at any time, but here it must not do so
            // before that.
            Assert.Equal(0u, intx.Wait(Moment));
        }
    }

    [Fact]
    public void MSI_is_counted_and_needs_bus_mastering()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        Assert.False(msi.IsMaskable);
        _bar0.WriteUInt32(Raise, 1);
        _bar0.WriteUInt32(Raise, 1);
        Assert.True(SpinWait.SpinUntil(() => msi.ReadAndClear() + msi.SignalCount >= 2, Patience));
        Assert.Equal(2u, msi.SignalCount);
        _device.SetBusMaster(false);
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(0u, msi.Wait(Moment));
        _device.SetBusMaster(true);
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(1u, msi.Wait(Patience));
    }

    [Theory]
    [InlineData(IrqIndex.Intx)]
    [InlineData(IrqIndex.Msi)]
    [InlineData(IrqIndex.Request)]
    public void Every_kind_can_be_triggered_without_the_device(IrqIndex index)
    {
        using InterruptVector vector = _interrupts.Enable(index);
        Assert.Equal(0u, vector.ReadAndClear());
        vector.Trigger();
        vector.Trigger();
        vector.Trigger();
        Assert.Equal(3u, vector.Wait(Timeout.InfiniteTimeSpan));
        Assert.Equal((0u, 3u), (vector.ReadAndClear(), vector.SignalCount));
    }

    [Fact]
    public void Signals_are_kept_until_they_are_read()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        for (int i = 0; i < 1000; i++)
        {
            msi.Trigger();
        }

        Assert.Equal(1000u, msi.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void One_kind_at_a_time_and_each_vector_once()
    {
        InterruptVector intx = _interrupts.Enable(IrqIndex.Intx);
        Assert.Contains(
            "at a time",
            Assert.Throws<InvalidOperationException>(() => _interrupts.Enable(IrqIndex.Msi)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "already",
            Assert.Throws<InvalidOperationException>(() => _interrupts.Enable(IrqIndex.Intx)).Message,
            StringComparison.Ordinal);
        using InterruptVector request = _interrupts.Enable(IrqIndex.Request);
        Assert.Equal([intx, request], _interrupts.GetEnabled());
        intx.Dispose();
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(1u, msi.Wait(Patience));
        msi.Dispose();
        msi.Dispose();
        _bar0.WriteUInt32(Acknowledge, 1);
        using InterruptVector again = _interrupts.Enable(IrqIndex.Intx);
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(1u, again.Wait(Patience));
    }

    [Fact]
    public void Interrupts_that_the_device_does_not_have_are_refused()
    {
        Assert.Contains(
            "no Msix",
            Assert.Throws<NotSupportedException>(() => _interrupts.Enable(IrqIndex.Msix)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "PCI Express",
            Assert.Throws<NotSupportedException>(() => _interrupts.Enable(IrqIndex.Error)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.Enable(IrqIndex.Msi, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.Enable(IrqIndex.Msi, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.EnableRange(IrqIndex.Msi, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.EnableRange(IrqIndex.Msi, 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => _interrupts.EnableRange(IrqIndex.Msi, 0, int.MaxValue));
        Assert.Empty(_interrupts.GetEnabled());
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        Assert.Throws<NotSupportedException>(msi.Mask);
        Assert.Throws<NotSupportedException>(msi.Unmask);
        Assert.Throws<NotSupportedException>(() => msi.UnmaskEvent);
    }

    [Fact]
    public void Interrupts_survive_a_reset()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        _device.Reset();
        _device.SetBusMaster(true);
        _bar0.WriteUInt32(Raise, 1);
        Assert.Equal(1u, msi.Wait(Patience));
    }

    [Fact]
    public void A_wait_ends_when_its_time_is_over()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        Stopwatch time = Stopwatch.StartNew();
        Assert.Equal(0u, msi.Wait(Moment));
        Assert.True(time.Elapsed >= Moment);
        Assert.Equal(0u, msi.Wait(TimeSpan.Zero));
        Assert.Equal(0u, msi.Wait(Moment, spin: TimeSpan.FromMilliseconds(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => msi.Wait(TimeSpan.FromTicks(-2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => msi.Wait(Moment, spin: TimeSpan.FromTicks(-2)));
        msi.Trigger();
        Assert.Equal(1u, msi.Wait(Moment, spin: Patience));
    }

    [Fact]
    public void Any_of_several_wakes()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        using InterruptVector request = _interrupts.Enable(IrqIndex.Request);
        Assert.Equal(-1, InterruptVector.WaitForAny([msi, request], Moment));
        request.Trigger();
        Assert.Equal(1, InterruptVector.WaitForAny([msi, request], Patience));
        msi.Trigger();
        Assert.Equal(0, InterruptVector.WaitForAny([msi, request], Timeout.InfiniteTimeSpan));
        Assert.Equal((1u, 1u), (msi.ReadAndClear(), request.ReadAndClear()));
        Assert.Throws<ArgumentException>(() => InterruptVector.WaitForAny([], Moment));
        request.Dispose();
        Assert.Throws<ObjectDisposedException>(() => InterruptVector.WaitForAny([msi, request], Moment));
    }

    [Fact]
    public void The_eventfd_itself_has_the_signals()
    {
        using InterruptVector msi = _interrupts.Enable(IrqIndex.Msi);
        msi.Trigger();
        msi.Trigger();
        Assert.Equal(2u, Vfio.EventFd.Take(msi.EventFd));
        Assert.Equal(0u, msi.ReadAndClear());
    }
}
