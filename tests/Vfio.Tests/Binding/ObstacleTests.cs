using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Properties of the host that prevent the bind of any device: refused before anything is written, and reported by the
/// diagnosis in the same words.
/// </summary>
public sealed class ObstacleTests : IDisposable
{
    private const string Modules =
        "kernel/vfio.ko:\nkernel/vfio_iommu_type1.ko: kernel/vfio.ko\nkernel/vfio-pci.ko: kernel/vfio.ko\n";

    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;

    public ObstacleTests()
    {
        _nic = BindScenario.AddNic(_host);
        _host.WriteModuleFile("modules.dep", Modules);
    }

    public void Dispose() => _host.Dispose();

    public static TheoryData<string, string, string> Obstacles => new()
    {
        { "read-only", "/sys is mounted read-only", "bind on the host" },
        { "read-only", "/run is mounted read-only", "bind on the host" },
        { "modules-disabled", "kernel.modules_disabled=1", "/etc/modules-load.d/vfio.conf" },
        {
            "module-banned",
            "/etc/modprobe.d/hardening.conf keeps vfio-pci from being loaded (install vfio-pci /bin/false)",
            "/etc/modprobe.d/hardening.conf"
        },
        {
            "module-banned",
            "/usr/lib/modprobe.d/z.conf keeps vfio from being loaded (install vfio /usr/bin/true)",
            "/usr/lib/modprobe.d/z.conf"
        },
        { "module", "this kernel (6.12.0) does not have the module vfio-pci", "vfio doctor" },
        { "module", "the modules of the running kernel (6.12.0) are not in /lib/modules", "reboot" },
        { "address-space", "neither iommufd nor vfio_iommu_type1", "another kernel" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void It_is_refused_before_anything_is_written_and_found_by_the_diagnosis(
        string reason, string what, string hint)
    {
        Make(what);
        TreeSnapshot before = new(_host);
        FakeKernel kernel = new(_host);
        BindingPlan plan = Plan(kernel);
        BindingRefusal refusal = Assert.Single(plan.Refusals);
        Assert.Equal((reason, _nic.Address, false), (refusal.Reason.ToWord(), refusal.Device, refusal.CanForce));
        Assert.Contains(what, refusal.Explanation, StringComparison.Ordinal);
        Assert.Contains(hint, refusal.Hint, StringComparison.Ordinal);
        Assert.Throws<BindingRefusedException>(plan.Execute);
        Assert.Empty(kernel.Calls);
        before.AssertUnchanged(_host);
        Assert.Contains(
            HostDiagnosis.Examine(_nic.Address, _host.Root).Findings,
            finding => finding.Level == FindingLevel.Error && finding.Message.Contains(what, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void A_device_that_is_already_bound_can_still_be_used(string reason, string what, string hint)
    {
        _ = (reason, hint);
        Plan(new FakeKernel(_host)).Execute();
        Make(what, keepsDriver: true);
        Assert.Empty(Plan(new FakeKernel(_host)).Refusals);
        Assert.Equal(
            reason == "address-space",
            HostDiagnosis.Examine(_nic.Address, _host.Root).Findings
                .Any(finding => finding.Level == FindingLevel.Error
                    && finding.Message.Contains(what, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("vfio_iommu_type1")]
    [InlineData("iommufd")]
    public void The_module_of_the_address_space_is_loaded_with_the_bind_and_unloaded_with_the_release(string module)
    {
        _host.WriteModuleFile("modules.dep", $"kernel/vfio-pci.ko:\nkernel/{module}.ko:\n");
        Directory.Delete(_host.PathOf("sys/module/vfio_iommu_type1"), recursive: true);
        _host.LoadableModules[module] = "";
        TreeSnapshot before = new(_host);
        Finding untaken = Assert.Single(
            HostDiagnosis.Examine(_nic.Address, _host.Root).Findings,
            finding => finding.Topic == FindingTopic.AddressSpace);
        Assert.Equal(FindingLevel.Ok, untaken.Level);
        FakeKernel kernel = new(_host);
        Plan(kernel).Execute();
        Assert.Contains($"modprobe {module}", kernel.Calls);
        Assert.Equal("vfio-pci", _nic.Driver);
        _host.Write($"sys/module/{module}/refcnt", "0\n");
        Directory.CreateDirectory(_host.PathOf($"sys/module/{module}/holders"));
        Assert.Null(Assert.Single(
            ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = kernel }).Execute()).Error);
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_bound_device_without_an_address_space_cannot_be_used()
    {
        Plan(new FakeKernel(_host)).Execute();
        Directory.Delete(_host.PathOf("sys/module/vfio_iommu_type1"), recursive: true);
        Finding finding = Assert.Single(
            HostDiagnosis.Examine(_nic.Address, _host.Root).Findings,
            finding => finding.Topic == FindingTopic.AddressSpace);
        Assert.Equal((FindingLevel.Error, "sudo modprobe vfio_iommu_type1"), (finding.Level, finding.Command));
    }

    [Fact]
    public void A_file_of_modprobes_hides_those_of_its_name_in_later_folders()
    {
        _host.RemoveModule("vfio-pci");
        _host.LoadableModules["vfio-pci"] = "vfio-pci";
        _host.Write("usr/lib/modprobe.d/a.conf", "install vfio-pci /bin/false\n");
        Assert.Equal("module-banned", Assert.Single(Plan(new FakeKernel(_host)).Refusals).Reason.ToWord());
        _host.Write(
            "etc/modprobe.d/a.conf",
            "# nothing; what others say of /bin/false does not count\ninstall other /bin/false\n"
            + "install vfio-pci /sbin/modprobe --ignore-install vfio-pci\n");
        Assert.Empty(Plan(new FakeKernel(_host)).Refusals);
    }

    [Fact]
    public void An_optional_module_may_be_missing_or_blacklisted()
    {
        _host.RemoveModule("vfio-pci");
        _host.LoadableModules["vfio-pci"] = "vfio-pci";
        _host.WriteModuleFile("modules.softdep", "softdep vfio pre: early post: late\n");
        _host.Write("etc/modprobe.d/a.conf", "install late /bin/false\n");
        Assert.Empty(Plan(new FakeKernel(_host)).Refusals);
    }

    [Fact]
    public void A_read_only_sysfs_is_a_warning_about_the_host_only()
    {
        _host.Append("proc/self/mountinfo", "23 22 0:20 / /sys ro,nosuid - sysfs sysfs ro\n");
        Finding finding = Assert.Single(
            HostDiagnosis.Examine(_host.Root).Findings, finding => finding.Topic == FindingTopic.ReadOnly);
        Assert.Equal(FindingLevel.Warning, finding.Level);
    }

    private BindingPlan Plan(FakeKernel kernel) =>
        BindingPlan.Compute([_nic.Address], new BindOptions { Host = _host.Root, Changes = kernel });

    private void Make(string what, bool keepsDriver = false)
    {
        if (what.Contains("module", StringComparison.Ordinal)
                && !keepsDriver
                && !what.Contains("iommufd", StringComparison.Ordinal)
            || what.Contains("modprobe", StringComparison.Ordinal) && !keepsDriver)
        {
            _host.RemoveModule("vfio-pci");
            _host.LoadableModules["vfio-pci"] = "vfio-pci";
        }

        switch (what)
        {
            case string text when text.StartsWith("/sys is", StringComparison.Ordinal):
                _host.Append("proc/self/mountinfo", "23 22 0:20 / /sys ro,nosuid - sysfs sysfs ro\n");
                break;
            case string text when text.StartsWith("/run is", StringComparison.Ordinal):
                _host.Append("proc/self/mountinfo", "23 22 0:21 / /run rw,nosuid - tmpfs tmpfs ro,size=1m\n");
                break;
            case string text when text.Contains("disabled", StringComparison.Ordinal):
                _host.Write("proc/sys/kernel/modules_disabled", "1\n");
                break;
            case string text when text.Contains("hardening", StringComparison.Ordinal):
                _host.Write("etc/modprobe.d/hardening.conf", "# no\ninstall  vfio-pci\t/bin/false\n");
                break;
            case string text when text.Contains("z.conf", StringComparison.Ordinal):
                _host.Write("usr/lib/modprobe.d/z.conf", "install vfio /usr/bin/true\n");
                break;
            case string text when text.Contains("have the module", StringComparison.Ordinal):
                _host.WriteModuleFile("modules.dep", "kernel/other.ko:\n");
                break;
            case string text when text.Contains("not in /lib", StringComparison.Ordinal):
                Directory.Delete(_host.PathOf("lib/modules"), recursive: true);
                break;
            default:
                _host.WriteModuleFile("modules.dep", "kernel/vfio-pci.ko:\n");
                Directory.Delete(_host.PathOf("sys/module/vfio_iommu_type1"), recursive: true);
                break;
        }
    }
}
