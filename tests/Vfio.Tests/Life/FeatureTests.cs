using Vfio.Pci;

namespace Vfio.Tests;

public sealed class FeatureTests : IDisposable
{
    private readonly ScriptedBackend _backend = new();
    private readonly VfioDevice _device;

    public FeatureTests() => _device = new VfioDevice(_backend, PciAddress.Parse("0000:00:14.3"));

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
    }

    [Fact]
    public void A_probe_reports_what_is_supported()
    {
        _backend.Features = (_, flags, data) =>
        {
            Assert.Empty(data.ToArray());
            Assert.NotEqual(0u, flags & VfioUapi.VFIO_DEVICE_FEATURE_PROBE);
            bool get = (flags & VfioUapi.VFIO_DEVICE_FEATURE_GET) != 0;
            bool set = (flags & VfioUapi.VFIO_DEVICE_FEATURE_SET) != 0;
            return (flags & 0xffff) switch
            {
                3 or 5 => get ? Errno.EINVAL : 0,
                11 => set ? Errno.EINVAL : 0,
                2 => 0,
                7 => get || set ? Errno.EINVAL : 0,
                _ => Errno.ENOTTY,
            };
        };
        Assert.Equal(FeatureSupport.Set, _device.ProbeFeature(DeviceFeature.LowPowerEntry));
        Assert.Equal(FeatureSupport.Get | FeatureSupport.Set, _device.ProbeFeature(DeviceFeature.MigDeviceState));
        Assert.Equal(FeatureSupport.None, _device.ProbeFeature((DeviceFeature)0xffff));
        Assert.Equal(
            "MigDeviceState: Get, Set; LowPowerEntry: Set; LowPowerExit: Set; DmaBuf: Get",
            string.Join("; ", _device.ProbeFeatures().Select(pair => $"{pair.Key}: {pair.Value}")));
    }

    [Fact]
    public void A_probe_that_fails_otherwise_is_an_error()
    {
        _backend.Features = (_, _, _) => Errno.EIO;
        VfioException failure = Assert.Throws<VfioException>(() => _device.ProbeFeature(DeviceFeature.BusMaster));
        Assert.Equal(("VFIO_DEVICE_FEATURE_BUS_MASTER", Errno.EIO), (failure.Operation, failure.Errno));
    }

    [Fact]
    public void Bytes_go_to_the_kernel_and_come_back()
    {
        List<string> calls = [];
        _backend.Features = (name, flags, data) =>
        {
            calls.Add($"{name} {flags:x} {Convert.ToHexStringLower(data)}");
            data.Fill(0xaa);
            return 0;
        };
        byte[] data = [1, 2, 3];
        Assert.Null(_device.DangerousGetFeature(DeviceFeature.MigDataSize, data));
        Assert.Equal([0xaa, 0xaa, 0xaa], data);
        Assert.Null(_device.DangerousSetFeature((DeviceFeature)77, data));
        Assert.Equal(["VFIO_DEVICE_FEATURE_MIG_DATA_SIZE 10009 010203", "VFIO_DEVICE_FEATURE 77 2004d aaaaaa"], calls);
    }

    [Fact]
    public void A_feature_that_is_not_there_says_how_to_find_those_that_are()
    {
        VfioException failure = Assert.Throws<VfioException>(
            () => _device.DangerousSetFeature(DeviceFeature.MigPrecopyInfoV2, []));
        Assert.Equal(("VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2", Errno.ENOTTY), (failure.Operation, failure.Errno));
        Assert.Contains("ProbeFeatures", failure.Hint, StringComparison.Ordinal);
        Assert.Empty(_device.ProbeFeatures());
    }

    [Fact]
    public void An_invalid_feature_or_one_that_is_too_long_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.ProbeFeature((DeviceFeature)0x10000));
        Assert.Throws<ArgumentOutOfRangeException>(() => _device.DangerousGetFeature((DeviceFeature)(-1), []));
        Assert.Throws<ArgumentException>(() => _device.DangerousGetFeature(DeviceFeature.DmaBuf, new byte[257]));
        Assert.Throws<ArgumentException>(() => _device.DangerousSetFeature(DeviceFeature.DmaBuf, new byte[1000]));
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _device.ProbeFeatures());
        Assert.Throws<ObjectDisposedException>(() => _device.DangerousGetFeature(DeviceFeature.DmaBuf, []));
    }

    [Fact]
    public void The_device_reports_its_atomic_operations()
    {
        Assert.Equal(AtomicCompletions.None, _device.AtomicCompletions);
        using ScriptedBackend backend = new() { Atomics = AtomicCompletions.Bits32 | AtomicCompletions.Bits64 };
        using VfioDevice device = new(backend, PciAddress.Parse("0000:00:14.3"));
        Assert.Equal(AtomicCompletions.Bits32 | AtomicCompletions.Bits64, device.AtomicCompletions);
    }
}
