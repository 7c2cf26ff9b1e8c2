using System.Text.Json;

namespace Vfio.Cli.Tests;

public sealed class DoctorTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.WithDetails();

    public DoctorTests()
    {
        _host.Write("proc/cmdline", "root=/dev/sda2 intel_iommu=on iommu=pt\n");
        _host.Write("proc/sys/kernel/osrelease", "7.2.13\n");
        _host.Write("proc/interrupts", "           CPU0\n  0:         67  IR-IO-APIC    2-edge      timer\n");
        _host.Write("proc/self/status", "VmLck:\t       0 kB\nVmPin:\t       0 kB\n");
        _host.Write("proc/self/limits", "Max locked memory         8388608              8388608              bytes\n");
        _host.Write("sys/firmware/acpi/tables/DMAR", "");
        _host.Write("sys/class/iommu/dmar0/intel-iommu/cap", "d2008c222f0686\n");
        _host.Write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        _host.Write("sys/kernel/iommu_groups/14/type", "identity\n");
        _host.Write("sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n");
        _host.Write("dev/iommu", "");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_host_on_a_terminal_of_80_columns() =>
        Approved.Matches("doctor-80", Tool.Run(_host, "doctor").Succeeded().FitsIn(80).Output);

    [Fact]
    public void A_device_on_a_terminal_of_80_columns() =>
        Approved.Matches("doctor-device-80", Tool.Run(_host, "doctor", "eth0").Succeeded().FitsIn(80).Output);

    [Fact]
    public void A_device_that_cannot_be_used_fails_with_the_cause_first()
    {
        Result result = Tool.Run(_host, "doctor", "03:01.0").FitsIn(80);
        Assert.Equal((1, ""), (result.ExitCode, result.Errors));
        Approved.Matches("doctor-blocked-80", result.Output);
    }

    [Fact]
    public void A_host_without_an_iommu_fails()
    {
        Directory.Delete(_host.PathOf("sys/kernel/iommu_groups"), recursive: true);
        _host.Write("proc/cmdline", "intel_iommu=off\n");
        _host.Write("usr/sbin/update-grub", "");
        _host.Write("etc/default/grub", "");
        Result result = Tool.Run(_host, "doctor").FitsIn(80);
        Assert.Equal((1, ""), (result.ExitCode, result.Errors));
        Approved.Matches("doctor-no-iommu-80", result.Output);
    }

    [Fact]
    public void A_command_that_is_too_long_is_continued_with_backslashes()
    {
        _host.Write("proc/interrupts", "           CPU0\n  0:         67  IO-APIC    2-edge      timer\n");
        _host.Write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
        _host.Write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "N\n");
        string[] lines = Tool.Run(_host, "doctor").FitsIn(80).Output.Split('\n');
        int first = Array.FindIndex(lines, line => line.StartsWith("          fix  ", StringComparison.Ordinal));
        string command = string.Concat(
            lines[first..].TakeWhile((line, i) => i == 0 || lines[first + i - 1].EndsWith('\\'))
                .Select(line => line[15..].TrimEnd('\\')));
        string whole = Tool.Run(_host, Terminal.None, "doctor").Output
            .Split('\n')
            .First(line => line.StartsWith("          fix  ", StringComparison.Ordinal))[15..];
        Assert.EndsWith("\\", lines[first], StringComparison.Ordinal);
        Assert.Equal(whole, command);
    }

    [Fact]
    public void Json_has_the_documented_fields()
    {
        Approved.Matches("doctor-json", Tool.Run(_host, "doctor", "--json").Succeeded().Output);
        JsonElement json = Tool.Run(_host, "doctor", "--json", "03:01.0").Json;
        Assert.Equal("0000:03:01.0", json.GetProperty("device").GetProperty("address").GetString());
        Assert.False(json.GetProperty("isUsable").GetBoolean());
        Assert.Equal("error", json.GetProperty("findings")[0].GetProperty("level").GetString());
        Assert.Equal(
            "sudo vfio bind --group 0000:03:01.0", json.GetProperty("findings")[0].GetProperty("command").GetString());
    }

    [Fact]
    public void A_device_model_has_no_prerequisites()
    {
        Approved.Matches("doctor-model", Tool.Run(_host, "doctor", "emu:edu").Succeeded().FitsIn(80).Output);
        Assert.True(Tool.Run(_host, "doctor", "emu:edu", "--json")
            .Succeeded().Json
            .GetProperty("device")
            .GetProperty("isModel")
            .GetBoolean());
    }

    [Fact]
    public void An_absent_device_is_a_failure()
    {
        Tool.Run(_host, "doctor", "0000:55:00.0")
            .FailedWith(1, "0000:55:00.0: no PCI device has this address", "vfio list");
        Tool.Run(_host, "doctor", "emu:nonsense").FailedWith(2, "'emu:nonsense' is not a device model", "emu:edu");
    }

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(200)]
    public void Any_terminal_has_whole_lines(int columns) =>
        Tool.Run(_host, new Terminal(columns, HasColour: false), "doctor", "eth0").FitsIn(Math.Max(columns, 40));

    [Fact]
    public void Text_from_the_host_cannot_control_the_terminal()
    {
        _host.Write("proc/cmdline", "pcie_acs_override=\u001b[2J\u202e\n");
        _host.Write("proc/sys/kernel/osrelease", "7\u001b[2J\n");
        foreach (string output in (string[])[
            Tool.Run(_host, "doctor", "eth0").Output,
            Tool.Run(_host, "doctor", "--json").Output,
        ])
        {
            Assert.DoesNotContain('\u001b', output);
            Assert.DoesNotContain('\u202e', output);
        }
    }
}
