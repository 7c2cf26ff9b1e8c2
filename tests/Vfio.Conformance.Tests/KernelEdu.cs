using System.Diagnostics;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Represents QEMU's edu through the kernel's VFIO, in the machine. It is plugged into its own port, so that it can be
/// reset.
/// </summary>
public sealed class KernelEdu : EduBackend
{
    private const string SecondAddress = "0000:00:03.0";
    private const string QemuId = "conformance";
    private const string NoIommuMode = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
    private const string Iommufd = "/dev/iommu";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Version Kernel = Environment.OSVersion.Version;

    private readonly BoundDevices _devices;
    private readonly BindOptions _options;

    /// <summary>Binds the device, or skips the test outside the machine.</summary>
    public KernelEdu(VfioBackend backend, BoundDevices devices)
    {
        Require(backend);
        Backend = backend;
        Name = NameOf(backend);
        _devices = devices;
        _options = new BindOptions { NoIommu = backend == VfioBackend.NoIommu };
        if (backend == VfioBackend.NoIommu)
        {
            SwitchNoIommuModeOn();
        }

        Address = devices.Bind(Hotplug.Address, _options);
    }

    public override string Name { get; }

    // "vfio/pci: Enable iowrite64 and ioread64 for vfio pci", for x86: Debian's 6.12.95 has it, 6.1 has not.
    public override string? SplitsEightBytes => Kernel < new Version(6, 12)
        ? $"vfio-pci of Linux {Kernel.ToString(2)} makes two accesses of 4 bytes of one of 8 (6.12 does not)"
        : null;

    // Linux 5.13, "iommu/vt-d: Remove WO permissions on second-level paging entries"; seen with 6.1 and 6.12, gone in
    // 7.2.
    public override string? LetsWritersRead => Kernel < new Version(7, 0)
        ? $"Intel's IOMMU driver of Linux {Kernel.ToString(2)} makes whatever a device may write "
            + "readable to it (7.2's does not)"
        : null;

    /// <summary>Gets its address.</summary>
    public PciAddress Address { get; }

    private VfioBackend Backend { get; }

    /// <summary>
    /// Plugs the device in, or skips the test if there is no machine or its kernel does not have the backend.
    /// </summary>
    public static void Require(VfioBackend backend)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("MACHINE") == "1",
            $"{NameOf(backend)} needs a kernel's VFIO and QEMU's edu: ./test.sh runs this in the machine");
        // The kernels of distributions have neither; ours has both.
        bool needsIommufd =
            backend is VfioBackend.Iommufd or VfioBackend.CompatibleType1v2 or VfioBackend.CompatibleType1;
        Assert.SkipWhen(
            needsIommufd && !File.Exists(Iommufd),
            $"{NameOf(backend)}: this kernel has no {Iommufd} (CONFIG_IOMMUFD)");
        Assert.SkipWhen(
            backend == VfioBackend.NoIommu && HostState.HasIommu(),
            "noiommu: this machine has an IOMMU; test.sh starts one without");
        Plug();
    }

    /// <summary>Unplugs the device, which is in the port and not bound.</summary>
    public static void Pull() => Hotplug.Remove(QemuId);

    public override VfioDevice Open() => Open(options => options);

    /// <summary>Opens the device with further options.</summary>
    public VfioDevice Open(Func<VfioOpenOptions, VfioOpenOptions> change) =>
        VfioDevice.Open(Address, change(new VfioOpenOptions { Backend = Backend }));

    public override VfioDevice Open(IoAddressSpace addressSpace) =>
        Open(options => options with { AddressSpace = addressSpace });

    public override VfioDevice OpenSecond(IoAddressSpace addressSpace) =>
        VfioDevice.Open(_devices.Bind(SecondAddress), new VfioOpenOptions { AddressSpace = addressSpace });

    /// <summary>
    /// Replaces the device, which is closed, by a new one, because some of what QEMU's edu does in the background
    /// survives every reset.
    /// </summary>
    public void Replace()
    {
        _devices.Release(Address);
        Pull();
        Plug();
        _devices.Bind(Hotplug.Address, _options);
    }

    protected override void Dispose(bool disposing)
    {
        _devices.EndCase();
        base.Dispose(disposing);
    }

    internal static string NameOf(VfioBackend backend) => backend switch
    {
        VfioBackend.Iommufd => "iommufd",
        VfioBackend.Type1v2 => "type1v2",
        VfioBackend.Type1 => "type1",
        VfioBackend.CompatibleType1v2 => "compatible-type1v2",
        VfioBackend.CompatibleType1 => "compatible-type1",
        VfioBackend.NoIommu => "noiommu",
        _ => File.Exists(Iommufd) ? "iommufd" : "type1v2",
    };

    // Only once per machine, which keeps the setting.
    private static void Plug()
    {
        if (!Directory.Exists($"/sys/bus/pci/devices/{Hotplug.Address}"))
        {
            Hotplug.Add("driver=edu", $"id={QemuId}");
            Hotplug.WaitFor(Hotplug.Address);
        }
    }

    private static void SwitchNoIommuModeOn()
    {
        if (!File.Exists(NoIommuMode))
        {
            using Process process = Process.Start("/sbin/modprobe", ["vfio"]);
            Assert.True(process.WaitForExit(Patience));
            Assert.Equal(0, process.ExitCode);
        }

        File.WriteAllText(NoIommuMode, "Y");
    }
}
