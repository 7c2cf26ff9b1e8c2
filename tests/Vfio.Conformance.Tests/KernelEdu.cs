using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>QEMU's edu through the kernel's VFIO, in the machine: plugged into a port of its own, so that it can be reset.</summary>
public sealed class KernelEdu : EduBackend
{
    private const string Address = "0000:02:00.0";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DriverBinding _binding;

    /// <summary>Takes the device, or skips the test where there is none: outside the machine.</summary>
    public KernelEdu(string iommuModel)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("MACHINE") == "1",
            $"{iommuModel} needs a kernel's VFIO and QEMU's edu: ./test.sh runs this in the machine (docs/machine.md)");
        Name = iommuModel;
        Plug();
        _binding = DriverBinding.Bind(PciAddress.Parse(Address));
    }

    public override string Name { get; }

    public override VfioDevice Open() => VfioDevice.Open(_binding.Address, HostRoot.Default, Name);

    protected override void Dispose(bool disposing)
    {
        _binding.Dispose();
        base.Dispose(disposing);
    }

    // Once per machine; it stays.
    private static void Plug()
    {
        if (Directory.Exists($"/sys/bus/pci/devices/{Address}"))
        {
            return;
        }

        string qmp = Environment.GetEnvironmentVariable("VFIO_QMP")
            ?? throw new InvalidOperationException("VFIO_QMP is not set: these tests are started by test.sh, inside the machine");
        using Process process = Process.Start(qmp, ["device_add", "driver=edu", "id=conformance", "bus=hotplug0"]);
        Assert.True(process.WaitForExit(Patience));
        Assert.Equal(0, process.ExitCode);
        Assert.True(SpinWait.SpinUntil(() => File.Exists($"/sys/bus/pci/devices/{Address}/driver_override"), Patience), $"{Address} did not appear");
    }
}
