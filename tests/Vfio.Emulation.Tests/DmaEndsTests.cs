using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>How memory, mappings, blocks and devices end if a program is careless, hostile or failing.</summary>
public sealed class DmaEndsTests : IDisposable
{
    private const ulong Page = 4096;

    private readonly ModelClock _clock = new();
    private readonly EduModel _model;
    private readonly VfioDevice _device;
    private readonly IoAddressSpace _space;

    public DmaEndsTests()
    {
        _model = new EduModel(_clock);
        _device = _model.Open();
        _space = _device.AddressSpace;
    }

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Memory_of_a_device_that_was_not_disposed_lives_as_long_as_the_model_can_access_it()
    {
        using EduModel model = new(_clock);
        StartAndForget(model);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        // An access to memory that no longer exists would end the process here.
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(model.IsOpen);
    }

    [Fact]
    public void A_failing_timer_does_not_keep_a_device_from_being_closed()
    {
        using FailingModel model = new(_clock);
        VfioDevice device = model.Open();
        DmaBuffer buffer = device.AddressSpace.Allocate(Page, new DmaBufferOptions { Owner = "forgotten" });
        model.Timer.Start(TimeSpan.FromSeconds(1));
        Assert.Throws<InvalidTimeZoneException>(() => _clock.Advance(TimeSpan.FromSeconds(2)));
        device.Dispose();
        Assert.Equal(
            (false, false, "forgotten"),
            (model.IsOpen, buffer.Mapping.IsLive, Assert.Single(device.AddressSpace.Leaks).Owner));
        model.Open().Dispose();
    }

    [Fact]
    public void A_failing_reset_at_close_leaves_nothing_mapped()
    {
        using FailingModel model = new(_clock);
        VfioDevice device = model.Open();
        DmaBuffer buffer = device.AddressSpace.Allocate(Page);
        Region region = device.OpenRegion(RegionIndex.Bar0);
        model.FailsResets = true;
        Assert.Throws<InvalidTimeZoneException>(device.Dispose);
        Assert.Equal((false, false), (model.IsOpen, buffer.Mapping.IsLive));
        Assert.Throws<ObjectDisposedException>(() => region.ReadUInt32(0));
        device.Dispose();
    }

    [Fact]
    public void A_devices_memory_is_unmapped_from_others_when_it_is_closed()
    {
        using TestModel peer = new();
        VfioDevice owner = peer.Open(_space);
        Region whole = owner.OpenRegion(RegionIndex.Bar4);
        using DmaMapping first = _space.Map(whole, 0, Page, owner: "peer");
        using DmaMapping second = _space.Map(whole, Page, Page);
        second.Dispose();
        whole.Dispose();
        Assert.False(first.IsLive);
        Assert.Equal(0, _space.GetUsage().Mappings);
        Assert.Throws<ObjectDisposedException>(() => _space.Map(whole, 0, Page));
        Region again = owner.OpenRegion(RegionIndex.Bar4);
        using DmaMapping third = _space.Map(again, 0, Page);
        owner.Dispose();
        Assert.False(third.IsLive);
    }

    [Fact]
    public void Memory_that_ends_within_the_mapping_or_may_not_be_written_is_refused()
    {
        using SafeFileHandle file = Libc.MemfdCreate("vfio-test", Libc.MFD_CLOEXEC);
        RandomAccess.SetLength(file, (long)Page);
        Assert.Equal(Errno.EFAULT, Assert.Throws<VfioException>(() => _space.Map(file, 0, 2 * Page)).Errno);
        nint readOnly = Libc.MMap(0, (nuint)Page, Libc.PROT_READ, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        Assert.Equal(Errno.EFAULT, Assert.Throws<VfioException>(() => _space.Map(readOnly, Page)).Errno);
        using DmaMapping toRead = _space.Map(readOnly, Page, DmaAccess.Read);
        toRead.Dispose();
        Assert.Equal(0, Libc.MUnmap(readOnly, (nuint)Page));
        using SafeFileHandle closed = File.OpenHandle("/proc/self/exe");
        Assert.Contains(
            "reading and writing",
            Assert.Throws<VfioException>(() => _space.Map(closed, 0, Page)).Hint,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => _space.Map(file, 1ul << 63, Page));
    }

    [Fact]
    public void A_returned_block_is_not_usable_even_if_another_caller_has_rented_it()
    {
        using DmaPool pool = _space.AllocatePool(16, 4);
        DmaBlock first = pool.Rent();
        DmaBlock copy = first;
        first.Dispose();
        DmaBlock second = pool.Rent();
        Assert.Equal(first.Index, second.Index);
        copy.Dispose();
        Assert.Throws<InvalidOperationException>(copy.Return);
        Assert.Throws<InvalidOperationException>(() => copy.Iova);
        Assert.Throws<InvalidOperationException>(() => { _ = copy.Span; });
        using DmaBlock third = pool.Rent();
        Assert.NotEqual(second.Iova, third.Iova);
        second.Dispose();
    }

    [Fact]
    public void What_the_device_did_not_write_stays_as_it_was()
    {
        using DmaPool pool = _space.AllocatePool(16, 1);
        DmaBlock secret = pool.Rent();
        secret.Span.Fill(0x5e);
        secret.Dispose();
        byte[] data = [.. Enumerable.Repeat((byte)0xcc, 16)];
        pool.Bounce(data, DmaAccess.Write).Dispose();
        _space.Bounce(data, DmaAccess.Write).Dispose();
        Assert.All(data, value => Assert.Equal(0xcc, value));
        Assert.Throws<ArgumentException>(() => { pool.Bounce(data, DmaAccess.None).Dispose(); });
        using DmaBlock free = pool.Rent();
    }

    [Fact]
    public void A_fixed_address_also_respects_the_address_width()
    {
        Assert.Equal(Errno.EINVAL, Assert.Throws<VfioException>(
            () => _space.Allocate(Page, new DmaBufferOptions { At = new Iova(1ul << 32), AddressWidth = 28 })).Errno);
        using DmaBuffer below = _space.Allocate(
            Page, new DmaBufferOptions { At = new Iova((1ul << 28) - Page), AddressWidth = 28 });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => _space.Allocate(Page, new DmaBufferOptions { PageSize = (DmaPageSize)9 }));
    }

    [Fact]
    public void What_remembers_a_buffer_does_not_keep_its_memory()
    {
        WeakReference memory = AllocateAndDispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(memory.IsAlive);
        Assert.NotNull(_space.Find(new Iova(0x200000)));
    }

    [Fact]
    public void Dirty_tracking_covers_only_its_own_address_space()
    {
        using EduModel other = new();
        using VfioDevice device = other.Open();
        using DmaBuffer buffer = device.AddressSpace.Allocate(Page);
        using DirtyTracker log = _space.StartDirtyTracking();
        Assert.Throws<ArgumentException>(() => log.Read(buffer.Mapping, new ulong[1]));
    }

    [Fact]
    public void A_removed_device_cannot_be_bus_master()
    {
        _device.SetBusMaster(true);
        _model.Faults.Remove();
        Assert.Contains(
            "does not answer",
            Assert.Throws<VfioException>(() => _device.GetBusMaster()).Message,
            StringComparison.Ordinal);
        Assert.Throws<VfioException>(() => _device.SetBusMaster(true));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StartAndForget(EduModel model)
    {
        VfioDevice device = model.Open();
        DmaBuffer buffer = device.AddressSpace.Allocate(Page, new DmaBufferOptions { At = new Iova(0x100000) });
        Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        device.SetBusMaster(true);
        bar0.Write(EduRegisters.DmaSource, new RawUInt64(EduRegisters.BufferAddress));
        bar0.Write(EduRegisters.DmaDestination, new RawUInt64(buffer.Iova.Value));
        bar0.Write(EduRegisters.DmaCount, new RawUInt64(Page));
        bar0.Write(EduRegisters.DmaCommand, new EduDmaCommand { Start = true, FromDevice = true });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference AllocateAndDispose()
    {
        DmaBuffer buffer = _space.Allocate(Page, new DmaBufferOptions { At = new Iova(0x200000) });
        WeakReference memory = new(buffer.Mapping.Memory);
        Assert.True(memory.IsAlive);
        buffer.Dispose();
        return memory;
    }

    /// <summary>Represents a device whose timer and resets fail.</summary>
    private sealed class FailingModel : DeviceModel
    {
        public FailingModel(TimeProvider clock)
            : base("failing", new PciIdentity(0xabcd, 0x1234), clock)
        {
            AddBar(RegionIndex.Bar0, 0x1000, static (_, _) => 0, static (_, _, _) => { });
            AddCapability(new ExpressCapability { HasFunctionLevelReset = true });
            Timer = CreateTimer(static () => throw new InvalidTimeZoneException("the timer"));
        }

        public ModelTimer Timer { get; }

        public bool FailsResets { get; set; }

        protected override void OnReset()
        {
            if (FailsResets)
            {
                throw new InvalidTimeZoneException("the reset");
            }
        }
    }
}
