using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Creates a mediated device of the kernel's samples in the machine, and removes it: a serial port (mtty), a
/// framebuffer (mdpy), a display (mbochs).
/// </summary>
public sealed class KernelMdev : IDisposable
{
    private const string Devices = "/sys/bus/mdev/devices";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <param name="type">The type: <c>mtty-1</c>; the part before the hyphen is the module.</param>
    public KernelMdev(string type)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("MACHINE") == "1",
            "needs a kernel's mediated devices: ./test.sh runs this in the machine (docs/machine.md)");
        string module = type.Split('-')[0];
        Assert.SkipUnless(
            HasModule(module),
            $"this kernel has no module {module} (CONFIG_SAMPLE_VFIO_MDEV_{module.ToUpperInvariant()})");
        File.WriteAllText($"/sys/class/mdev_bus/{module}/mdev_supported_types/{type}/create", $"{Id:D}");
        Assert.True(SpinWait.SpinUntil(() => File.Exists($"{Devices}/{Id:D}/uevent"), Patience));
    }

    public Guid Id { get; } = Guid.NewGuid();

    public string Path => $"{Devices}/{Id:D}";

    public VfioDevice Open(VfioBackend backend = VfioBackend.Automatic) =>
        VfioDevice.OpenMediated(Id, new VfioOpenOptions { Backend = backend });

    public void Dispose()
    {
        if (File.Exists($"{Path}/remove"))
        {
            File.WriteAllText($"{Path}/remove", "1");
        }
    }

    private static bool HasModule(string module)
    {
        using Process process = Process.Start("/sbin/modprobe", ["-q", module]);
        Assert.True(process.WaitForExit(Patience));
        return process.ExitCode == 0;
    }
}
