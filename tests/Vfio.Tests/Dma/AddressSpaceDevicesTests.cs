using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Devices that join an address space, and leave it.</summary>
public sealed class AddressSpaceDevicesTests
{
    private const ulong Command = 4;
    private const byte BusMaster = 1 << 2;

    private readonly List<string> _log = [];

    [Fact]
    public void What_two_devices_forgot_is_reported_once()
    {
        int reports = 0;
        Action<IReadOnlyList<DmaMappingInfo>> report = leaks => reports += leaks.Count;
        IoAddressSpace space = new(new FakeAddressSpace(_log), new SystemCalls());
        MemoryBackend first = new();
        MemoryBackend second = new();
        Join(space, report);
        Join(space, report);
        _ = space.Allocate(4096);
        space.Leave(wasAdmitted: true, first.Dispose);
        Assert.Equal(0, reports);
        space.Leave(wasAdmitted: true, second.Dispose);
        Assert.Equal(1, reports);
    }

    [Fact]
    public void Each_device_has_its_own_report()
    {
        List<string> told = [];
        IoAddressSpace space = new(new FakeAddressSpace(_log), new SystemCalls());
        Join(space, _ => told.Add("first"));
        Join(space, _ => told.Add("second"));
        _ = space.Allocate(4096);
        space.Leave(wasAdmitted: true, closeDevice: null);
        space.Leave(wasAdmitted: true, closeDevice: null);
        Assert.Equal(["first", "second"], told);
    }

    [Fact]
    public void Descriptors_are_closed_if_the_options_are_wrong()
    {
        Microsoft.Win32.SafeHandles.SafeFileHandle device = File.OpenHandle("/dev/null"),
            context = File.OpenHandle("/dev/null");
        VfioOpenOptions options =
            new() { AddressSpace = new IoAddressSpace(new FakeAddressSpace(_log), new SystemCalls()) };
        Assert.Throws<ArgumentException>(
            () => VfioDevice.FromHandles(default(PciAddress), DeviceHandles.FromDevice(device, context), options));
        Assert.True(device.IsClosed && context.IsClosed);
    }

    private static void Join(IoAddressSpace space, Action<IReadOnlyList<DmaMappingInfo>> report)
    {
        space.Reserve();
        space.Admit(report);
    }

    // A thread has read the command register to set the bit; then the device is disposed; then the thread writes.
    [Fact]
    public void Bus_mastering_of_a_disposed_device_is_not_enabled_again()
    {
        MemoryBackend backend = new();
        backend.AddUnmappable(RegionIndex.Config, 256);
        backend.Poke(RegionIndex.Config, Command, [BusMaster, 0]);
        IoAddressSpace space = new(new FakeAddressSpace(_log), new SystemCalls());
        VfioDevice device = VfioDevice.Join(backend, default, "fake", space);
        _ = space.Allocate(4096);
        Thread disposal = new(device.Dispose);
        backend.Reading = () =>
        {
            backend.Reading = null;
            disposal.Start();
            disposal.Join(TimeSpan.FromMilliseconds(300)); // in vain: it waits until the bit is written
        };
        device.SetBusMaster(true);
        disposal.Join();
        Assert.Equal(
            "write Config+4 2: 0000",
            backend.Log.Last(line => line.StartsWith("write Config+4", StringComparison.Ordinal)));
        Assert.Throws<ObjectDisposedException>(() => device.SetBusMaster(true));
    }
}
