using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>QEMU's edu through the kernel's VFIO, in the machine: plugged into a port of its own, so that it can be reset.</summary>
public sealed class KernelEdu : EduBackend
{
    private const string FirstAddress = "0000:02:00.0";
    private const string SecondAddress = "0000:00:03.0";
    private const string NoIommuMode = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
    private const string Iommufd = "/dev/iommu";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Version Kernel = Environment.OSVersion.Version;

    private readonly DriverBinding _binding;
    private DriverBinding? _second;

    /// <summary>Opens the device with something besides the backend.</summary>
    public VfioDevice Open(Func<VfioOpenOptions, VfioOpenOptions> change) => VfioDevice.Open(_binding.Address, change(new VfioOpenOptions { Backend = Backend }));

    /// <summary>Takes the device, or skips the test where there is none: outside the machine.</summary>
    public KernelEdu(VfioBackend backend)
    {
        Backend = backend;
        Name = NameOf(backend);
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("MACHINE") == "1",
            $"{Name} needs a kernel's VFIO and QEMU's edu: ./test.sh runs this in the machine (docs/machine.md)");
        SkipUnlessThere(backend);
        Plug();
        if (backend == VfioBackend.NoIommu)
        {
            SwitchNoIommuModeOn();
        }

        _binding = DriverBinding.Bind(PciAddress.Parse(FirstAddress), new BindOptions { NoIommu = backend == VfioBackend.NoIommu });
    }

    public override string Name { get; }

    // "vfio/pci: Enable iowrite64 and ioread64 for vfio pci", for x86: Debian's 6.12.95 has it, 6.1 has not.
    public override string? SplitsEightBytes => Kernel < new Version(6, 12)
        ? $"vfio-pci of Linux {Kernel.ToString(2)} makes two accesses of 4 bytes of one of 8 (6.12 does not)"
        : null;

    // Linux 5.13, "iommu/vt-d: Remove WO permissions on second-level paging entries"; seen with 6.1 and 6.12, gone in 7.2.
    public override string? LetsWritersRead => Kernel < new Version(7, 0)
        ? $"Intel's IOMMU driver of Linux {Kernel.ToString(2)} makes whatever a device may write readable to it (7.2's does not)"
        : null;

    /// <summary>Where it is.</summary>
    public PciAddress Address => _binding.Address;

    private VfioBackend Backend { get; }

    public override VfioDevice Open() => VfioDevice.Open(_binding.Address, new VfioOpenOptions { Backend = Backend });

    public override VfioDevice OpenSecond(IoAddressSpace addressSpace)
    {
        _second ??= DriverBinding.Bind(PciAddress.Parse(SecondAddress));
        return VfioDevice.Open(_second.Address, new VfioOpenOptions { AddressSpace = addressSpace });
    }

    protected override void Dispose(bool disposing)
    {
        _second?.Dispose();
        _binding.Dispose();
        base.Dispose(disposing);
    }

    private static string NameOf(VfioBackend backend) => backend switch
    {
        VfioBackend.Iommufd => "iommufd",
        VfioBackend.Type1v2 => "type1v2",
        VfioBackend.Type1 => "type1",
        VfioBackend.CompatibleType1v2 => "compatible-type1v2",
        VfioBackend.CompatibleType1 => "compatible-type1",
        VfioBackend.NoIommu => "noiommu",
        _ => File.Exists(Iommufd) ? "iommufd" : "type1v2",
    };

    // Distributions' kernels have neither; ours has both.
    private static void SkipUnlessThere(VfioBackend backend)
    {
        bool needsIommufd = backend is VfioBackend.Iommufd or VfioBackend.CompatibleType1v2 or VfioBackend.CompatibleType1;
        Assert.SkipWhen(needsIommufd && !File.Exists(Iommufd), $"{NameOf(backend)}: this kernel has no {Iommufd} (CONFIG_IOMMUFD)");
        Assert.SkipWhen(
            backend == VfioBackend.NoIommu && Directory.EnumerateFileSystemEntries("/sys/kernel/iommu_groups").Any(),
            "noiommu: this machine has an IOMMU; test.sh starts one without");
    }

    private static void SwitchNoIommuModeOn()
    {
        Run("/sbin/modprobe", "vfio");
        File.WriteAllText(NoIommuMode, "Y");
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        Assert.True(process.WaitForExit(Patience));
        Assert.Equal(0, process.ExitCode);
    }

    // Once per machine; it stays.
    private static void Plug()
    {
        if (Directory.Exists($"/sys/bus/pci/devices/{FirstAddress}"))
        {
            return;
        }

        string qmp = Environment.GetEnvironmentVariable("VFIO_QMP")
            ?? throw new InvalidOperationException("VFIO_QMP is not set: these tests are started by test.sh, inside the machine");
        Run(qmp, "device_add", "driver=edu", "id=conformance", "bus=hotplug0");
        // Its group comes a moment after its files, where there is an IOMMU.
        bool hasIommu = Directory.EnumerateFileSystemEntries("/sys/kernel/iommu_groups").Any();
        Assert.True(
            SpinWait.SpinUntil(() => Path.Exists($"/sys/bus/pci/devices/{FirstAddress}/{(hasIommu ? "iommu_group" : "driver_override")}"), Patience),
            $"{FirstAddress} did not appear");
    }
}
