using Vfio.Host;

namespace Vfio.Tests;

/// <summary>The modules that loading a module loads, in the order in which they can be unloaded.</summary>
public sealed class KernelModulesTests : IDisposable
{
    private readonly FakeHost _host = new();

    public KernelModulesTests()
    {
        _host.RemoveModule("vfio-pci");
        _host.RemoveModule("vfio_iommu_type1");
        _host.WriteModuleFile(
            "modules.dep",
            "kernel/vfio/vfio.ko.xz:\n"
            + "kernel/vfio/vfio_iommu_type1.ko.xz: kernel/vfio/vfio.ko.xz\n"
            + "kernel/vfio/pci/vfio-pci.ko.xz: kernel/vfio/pci/vfio-pci-core.ko.xz kernel/vfio/vfio.ko.xz "
            + "kernel/lib/irqbypass.ko.xz\n");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void What_comes_with_a_module_is_among_them_and_goes_before_what_it_uses()
    {
        _host.WriteModuleFile(
            "modules.softdep",
            "# Soft dependencies\nsoftdep vfio pre: early post: vfio_iommu_type1\nsoftdep other post: unrelated\n");
        Assert.Equal(
            ["vfio_iommu_type1", "vfio-pci", "vfio-pci-core", "vfio", "irqbypass", "early"],
            new KernelModules(_host.Root).Missing("vfio-pci"));
    }

    [Fact]
    public void Without_such_a_file_it_is_what_the_module_needs() =>
        Assert.Equal(
            ["vfio-pci", "vfio-pci-core", "vfio", "irqbypass"], new KernelModules(_host.Root).Missing("vfio-pci"));

    [Theory]
    [InlineData("softdep\n")]
    [InlineData("softdep vfio\n")]
    [InlineData("softdep vfio post:\n")]
    [InlineData("\n\n   \n")]
    public void An_empty_line_means_nothing(string text)
    {
        _host.WriteModuleFile("modules.softdep", text);
        Assert.Equal(4, new KernelModules(_host.Root).Missing("vfio-pci").Count);
    }
}
