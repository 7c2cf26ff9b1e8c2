using Vfio.Host;

namespace Vfio.Tests;

public sealed class HostDiagnosisTests : IDisposable
{
    private readonly FakeHost _host = SoundHost.Make();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_valid_host_has_no_problems()
    {
        HostDiagnosis diagnosis = Examine();
        Assert.True(diagnosis.IsUsable);
        Assert.Null(diagnosis.Device);
        Assert.All(diagnosis.Findings, finding => Assert.True(finding.Level == FindingLevel.Ok, finding.ToString()));
        Assert.Equal("an IOMMU is on (dmar0): 1 group, 48-bit addresses", diagnosis.Findings[0].Message);
    }

    [Fact]
    public void Without_an_iommu_its_consequences_are_not_reported()
    {
        RemoveIommu(listed: false);
        _host.Write("proc/interrupts", SoundHost.InterruptTable("IO-APIC"));
        HostDiagnosis diagnosis = HostDiagnosis.Examine(SoundHost.Card, _host.Root);
        Assert.Equal(FindingTopic.Iommu, diagnosis.Findings[0].Topic);
        Assert.Contains("its firmware lists none", diagnosis.Findings[0].Message, StringComparison.Ordinal);
        Assert.Single(diagnosis.Findings, finding => finding.Level == FindingLevel.Error);
        Assert.DoesNotContain(
            diagnosis.Findings,
            finding => finding.Topic is FindingTopic.Interrupts
                or FindingTopic.Group
                or FindingTopic.Nodes
                or FindingTopic.Driver);
    }

    [Theory]
    [InlineData("intel_iommu=off", "intel_iommu=off")]
    [InlineData("intel_iommu=on intel_iommu=sm_off,off", "intel_iommu=sm_off,off")]
    [InlineData("amd_iommu=off", "amd_iommu=off")]
    [InlineData("iommu=off", "iommu=off")]
    [InlineData("intel_iommu=off intel_iommu=on", null)]
    [InlineData("amd_iommu=off amd_iommu=on", null)]
    [InlineData("iommu=pt", null)]
    [InlineData("not_intel_iommu=off", null)]
    public void An_argument_that_disables_it_is_the_cause(string arguments, string? cause)
    {
        RemoveIommu(listed: true);
        _host.Write("proc/cmdline", $"root=/dev/sda2 {arguments}\n");
        Finding finding = Blocking();
        Assert.Equal(FindingTopic.Iommu, finding.Topic);
        Assert.Equal(
            cause is not null, finding.Message.Contains("is on the kernel's command line", StringComparison.Ordinal));
        Assert.Contains(
            cause is null ? "the firmware offers VT-d" : $"the IOMMU is off: {cause} ",
            finding.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_argument_is_not_the_cause_if_there_is_no_iommu()
    {
        RemoveIommu(listed: false);
        _host.Write("proc/cmdline", "intel_iommu=off\n");
        Assert.Contains("its firmware lists none", Blocking().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "usr/sbin/grubby",
        "sudo grubby --update-kernel=ALL --remove-args=intel_iommu=off",
        "sudo grubby --update-kernel=ALL --args=intel_iommu=on")]
    [InlineData(
        "usr/bin/rpm-ostree",
        "sudo rpm-ostree kargs --delete-if-present=intel_iommu=off",
        "sudo rpm-ostree kargs --append-if-missing=intel_iommu=on")]
    [InlineData(
        "usr/sbin/update-grub",
        "sudo sed -i 's/\\bintel_iommu=off\\b//' /etc/default/grub && sudo update-grub",
        "sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&intel_iommu=on /' /etc/default/grub && sudo update-grub")]
    [InlineData("usr/bin/nothing", null, null)]
    public void The_remedy_is_this_hosts_boot_loaders(string program, string? remove, string? add)
    {
        _host.Write(program, "");
        _host.Write("run/ostree-booted", "");
        _host.Write("etc/default/grub", "");
        RemoveIommu(listed: true);
        _host.Write("proc/cmdline", "intel_iommu=off\n");
        Assert.Equal(remove, Blocking().Command);
        Assert.Contains("restart the host", Blocking().Advice, StringComparison.Ordinal);
        _host.Write("proc/cmdline", "quiet\n");
        Assert.Equal(add, Blocking().Command);
        Assert.Contains("restart the host", Blocking().Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Special_characters_of_shells_are_in_no_command()
    {
        KernelArguments arguments = new(["intel_iommu=off,$(reboot)"], BootLoader.Grubby);
        Assert.Null(arguments.HowToRemove(arguments.Holding("intel_iommu", "off")!));
        Assert.NotNull(arguments.HowToRemove("intel_iommu=off"));
    }

    [Theory]
    [InlineData("IVRS", "the firmware offers an IOMMU, but the kernel does not use it")]
    [InlineData("VIOT", "the firmware offers an IOMMU, but the kernel does not use it")]
    [InlineData("DMAR", "the firmware offers VT-d, but the kernel has not enabled it")]
    [InlineData(null, "no IOMMU is on")]
    public void The_firmwares_tables_tell_whether_there_is_an_iommu(string? table, string what)
    {
        RemoveIommu(listed: false);
        Directory.Delete(_host.PathOf("sys/firmware"), recursive: true);
        if (table is not null)
        {
            _host.Write($"sys/firmware/acpi/tables/{table}", "");
        }

        Assert.Equal(what, Blocking().Message);
    }

    [Fact]
    public void An_iommu_that_the_kernel_gave_up_on_is_reported()
    {
        RemoveIommu(listed: true);
        _host.Write("sys/class/iommu/0000:00:1b.0/uevent", "");
        Assert.Contains(
            "found the IOMMU 0000:00:1b.0 but does not use it", Blocking().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_noiommu_mode_is_a_danger_but_does_not_block()
    {
        RemoveIommu(listed: true);
        _host.Write("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
        _host.Write("sys/kernel/iommu_groups/0/name", "vfio-noiommu\n");
        Assert.True(Examine().IsUsable);
        Assert.Equal(
            (FindingLevel.Warning, FindingTopic.Iommu), (Examine().Findings[0].Level, Examine().Findings[0].Topic));
    }

    [Fact]
    public void Interrupts_that_are_not_remapped_block()
    {
        _host.Write("proc/interrupts", SoundHost.InterruptTable("IO-APIC", "PCI-MSI"));
        _host.Write("sys/class/iommu/dmar0/intel-iommu/ecap", "f46\n");
        Finding finding = Blocking();
        Assert.Equal(
            (FindingTopic.Interrupts, "interrupts are not remapped: this IOMMU does not support it"),
            (finding.Topic, finding.Message));
        Assert.Equal(
            "echo 1 | sudo tee /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts "
            + "/sys/module/iommufd/parameters/allow_unsafe_interrupts",
            finding.Command);
        _host.Write("sys/class/iommu/dmar0/intel-iommu/ecap", "f00f4e\n");
        Assert.Equal("interrupts are not remapped, although the IOMMU supports it", Blocking().Message);
        _host.Write("proc/cmdline", "intremap=off\n");
        Assert.Contains("intremap=off", Blocking().Message, StringComparison.Ordinal);
        Assert.Contains("remove intremap=off", Blocking().Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupts_that_are_allowed_anyway_are_a_warning()
    {
        _host.Write("proc/interrupts", SoundHost.InterruptTable("IO-APIC", "PCI-MSI"));
        _host.Write(SoundHost.Interrupts, "Y\n");
        Assert.Equal(FindingTopic.Interrupts, Blocking().Topic); // iommufd does not allow them yet
        _host.Write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y\n");
        Assert.True(Examine().IsUsable);
        Assert.Equal(
            (FindingLevel.Warning, FindingTopic.Interrupts),
            (Examine().Findings[0].Level, Examine().Findings[0].Topic));
        Directory.Delete(_host.PathOf("sys/module/iommufd"), recursive: true);
        File.Delete(_host.PathOf(SoundHost.Interrupts));
        Assert.Equal("sudo modprobe vfio_iommu_type1 allow_unsafe_interrupts=1", Blocking().Command);
    }

    [Theory]
    [InlineData("GICv3", "ITS-PCI-MSI")]
    [InlineData]
    public void If_interrupt_remapping_is_unknown_nothing_is_claimed(params string[] controllers)
    {
        _host.Write("proc/interrupts", SoundHost.InterruptTable(controllers));
        Assert.Equal(FindingLevel.Unknown, Find(FindingTopic.Interrupts).Level);
        Assert.True(Examine().IsUsable);
    }

    [Fact]
    public void A_missing_module_blocks()
    {
        _host.RemoveModule("vfio-pci");
        Assert.Contains("vfio bind loads it", Find(FindingTopic.VfioPci).Message, StringComparison.Ordinal);
        File.Delete(_host.PathOf($"lib/modules/{SoundHost.Release}/kernel/drivers/vfio/pci/vfio-pci.ko.xz"));
        Assert.Equal(
            (FindingTopic.VfioPci, $"this kernel ({SoundHost.Release}) does not have the module vfio-pci"),
            (Blocking().Topic, Blocking().Message));
        _host.Write($"lib/modules/{SoundHost.Release}/modules.builtin", "kernel/drivers/vfio/pci/vfio_pci.ko\n");
        Assert.Equal("vfio-pci is built into the kernel", Find(FindingTopic.VfioPci).Message);
        Directory.Delete(_host.PathOf("lib/modules"), recursive: true);
        Assert.Equal("sudo reboot", Blocking().Command);
        _host.Write("sys/module/vfio_pci/initstate", "live\n");
        Assert.Equal("vfio-pci is loaded", Find(FindingTopic.VfioPci).Message);
    }

    [Fact]
    public void Iommufd_is_worth_having_and_not_needed()
    {
        File.Delete(_host.PathOf("dev/iommu"));
        Directory.Delete(_host.PathOf("sys/module/iommufd"), recursive: true);
        Assert.Equal(
            (FindingLevel.Info, "sudo modprobe iommufd"),
            (Find(FindingTopic.Iommufd).Level, Find(FindingTopic.Iommufd).Command));
        File.Delete(_host.PathOf($"lib/modules/{SoundHost.Release}/kernel/drivers/iommu/iommufd/iommufd.ko.xz"));
        Assert.Equal(FindingLevel.Ok, Find(FindingTopic.Iommufd).Level);
        Directory.Delete(_host.PathOf("sys/module/vfio_iommu_type1"), recursive: true);
        _host.Write($"lib/modules/{SoundHost.Release}/modules.builtin", "");
        Assert.Equal(FindingTopic.AddressSpace, Blocking().Topic);
    }

    [Theory]
    [InlineData("65536", FindingLevel.Warning)]
    [InlineData("8388608", FindingLevel.Warning)]
    [InlineData("67108864", FindingLevel.Ok)]
    [InlineData("unlimited", FindingLevel.Ok)]
    [InlineData("much", FindingLevel.Unknown)]
    public void A_small_limit_of_locked_memory_warns(string limit, FindingLevel level)
    {
        SoundHost.SetLockedMemory(_host, limit);
        Assert.Equal(level, Find(FindingTopic.LockedMemory).Level);
        Assert.Equal(
            level == FindingLevel.Warning,
            Find(FindingTopic.LockedMemory).Command == "sudo prlimit --pid $$ --memlock=unlimited");
        // The limit does not apply to root.
        Assert.All(
            HostDiagnosis.Judge(HostFacts.Read(_host.Root) with { IsRoot = true }, null)
                .Where(finding => finding.Topic == FindingTopic.LockedMemory),
            finding =>
                Assert.Equal(FindingLevel.Ok, finding.Level));
    }

    [Theory]
    [InlineData("65535", FindingLevel.Ok)]
    [InlineData("4096", FindingLevel.Warning)]
    public void A_small_number_of_mappings_warns(string limit, FindingLevel level)
    {
        _host.Write("sys/module/vfio_iommu_type1/parameters/dma_entry_limit", limit + "\n");
        Assert.Equal(level, Find(FindingTopic.DmaEntries).Level);
    }

    [Theory]
    [InlineData("0", "0", FindingLevel.Ok, "none are reserved")]
    [InlineData("16", "3", FindingLevel.Ok, "3 of 16 of 2 MiB are free")]
    [InlineData("16", "0", FindingLevel.Info, "0 of 16 of 2 MiB are free")]
    public void Huge_pages_are_counted(string total, string free, FindingLevel level, string what)
    {
        _host.Write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", total + "\n");
        _host.Write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", free + "\n");
        _host.Write("sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
        _host.Write("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "0\n");
        Assert.Equal(level, Find(FindingTopic.HugePages).Level);
        Assert.StartsWith(what, Find(FindingTopic.HugePages).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrongly_suspected_settings_are_reported_as_ok()
    {
        Assert.DoesNotContain(
            Examine().Findings,
            finding => finding.Topic is FindingTopic.Passthrough
                or FindingTopic.Lockdown
                or FindingTopic.SecureBoot
                or FindingTopic.AcsOverride);
        _host.Write("proc/cmdline", "intel_iommu=on iommu=pt\n");
        _host.Write("sys/kernel/iommu_groups/7/type", "identity\n");
        _host.Write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        _host.Write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", [6, 0, 0, 0, 1]);
        foreach (FindingTopic topic in (FindingTopic[])[
            FindingTopic.Passthrough,
            FindingTopic.Lockdown,
            FindingTopic.SecureBoot,
        ])
        {
            Assert.Equal(FindingLevel.Ok, Find(topic).Level);
            Assert.Contains("not a problem", Find(topic).Message, StringComparison.Ordinal);
        }

        Assert.Contains("iommu=pt", Find(FindingTopic.Passthrough).Message, StringComparison.Ordinal);
        Assert.True(Examine().IsUsable);
        _host.Write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        _host.Write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", [6, 0, 0, 0, 0]);
        Assert.DoesNotContain(
            Examine().Findings, finding => finding.Topic is FindingTopic.Lockdown or FindingTopic.SecureBoot);
    }

    [Fact]
    public void Groups_that_are_split_by_an_override_warn()
    {
        _host.Write("proc/cmdline", "pcie_acs_override=downstream,multifunction\n");
        Assert.Equal(FindingLevel.Warning, Find(FindingTopic.AcsOverride).Level);
    }

    [Fact]
    public void Files_of_nonsense_end_in_a_judgement()
    {
        Random random = new(1);
        EnumerationOptions all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        string[] identity = ["modalias", "vendor", "device", "class"];
        foreach (string file in Directory.EnumerateFiles(_host.Folder, "*", all)
            .Where(file => !identity.Contains(Path.GetFileName(file)))
            .ToArray())
        {
            byte[] nonsense = new byte[random.Next(300)];
            random.NextBytes(nonsense);
            File.WriteAllBytes(file, nonsense);
        }

        Assert.NotEmpty(HostDiagnosis.Examine(SoundHost.Card, _host.Root).Findings);
    }

    private void RemoveIommu(bool listed)
    {
        FakeDevice card = _host[SoundHost.Card];
        Directory.Delete(_host.PathOf("sys/kernel/iommu_groups/7"), recursive: true);
        File.Delete(_host.PathOf($"{card.Path}/iommu_group"));
        Directory.Delete(_host.PathOf("sys/class/iommu/dmar0"), recursive: true);
        if (!listed)
        {
            File.Delete(_host.PathOf("sys/firmware/acpi/tables/DMAR"));
        }
    }

    private HostDiagnosis Examine() => HostDiagnosis.Examine(_host.Root);

    private Finding Blocking()
    {
        HostDiagnosis diagnosis = Examine();
        Assert.False(diagnosis.IsUsable);
        Finding finding = Assert.Single(diagnosis.Findings, finding => finding.Level == FindingLevel.Error);
        Assert.Same(finding, diagnosis.Findings[0]);
        Assert.NotNull(finding.Reason);
        Assert.True(finding.Command is not null || finding.Advice is not null);
        return finding;
    }

    private Finding Find(FindingTopic topic) => Assert.Single(Examine().Findings, finding => finding.Topic == topic);
}
