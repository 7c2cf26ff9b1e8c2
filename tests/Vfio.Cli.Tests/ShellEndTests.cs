using System.Text;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>
/// The end of a shell whose device has memory, and its messages about a device that cannot have memory.
/// </summary>
public sealed class ShellEndTests : RegisterCommandTest
{
    private readonly List<IoAddressSpace> _spaces = [];
    private Action? _unmapping;

    [Fact]
    public void Bus_mastering_is_disabled_before_the_memory_is_freed()
    {
        Device.IsLogged = true;
        RunLines("alloc 1", "alloc 1", "set COMMAND 2", "free 0x10000").Succeeded();
        Assert.Equal(
            [
                "map 0x10000", "map 0x11000", "read Config+4 2", "write Config+4 0600", "unmap 0x10000",
                "read Config+4 2", "write Config+4 0200", "unmap 0x11000", "device closed", "close",
            ],
            Device.Accesses);
        Assert.Empty(Assert.Single(_spaces).Leaks);
    }

    [Fact]
    public void A_script_that_fails_ends_the_same_way()
    {
        RunLines("alloc 1", "read bar5").FailedWith(1, "stdin:2", "");
        Assert.Equal(["unmap 0x10000", "close"], Device.Accesses[^2..]);
        Assert.Empty(Assert.Single(_spaces).Leaks);
    }

    [Fact]
    public void Without_memory_nothing_is_done_to_the_device_at_the_end()
    {
        RunLines("alloc 1", "free 0x10000", "read SCRATCH").Succeeded();
        Assert.Equal(["read Bar0+16 4", "close"], Device.Accesses[^2..]);
    }

    [Fact]
    public void A_device_that_no_longer_exists_keeps_no_memory()
    {
        Device.Reading = (_, _) => FailIf(true);
        RunLines("alloc 1").Succeeded();
        Assert.Equal(["read Config+4 2", "unmap 0x10000", "close"], Device.Accesses[^3..]);
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void Memory_that_cannot_be_unmapped_is_unmapped_when_the_device_is_closed()
    {
        _unmapping = () => throw new VfioException("unmap", "IOVA 0x10000", 16);
        RunLines("alloc 1").Succeeded();
        Assert.Equal(["unmap 0x10000", "read Config+4 2", "unmap all", "close"], Device.Accesses[^4..]);
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void What_cannot_be_freed_stays()
    {
        _unmapping = () => throw new VfioException("unmap", "IOVA 0x10000", 16);
        RunLines("alloc 1", "free 0x10000").FailedWith(1, "stdin:2: unmap on IOVA 0x10000: EBUSY", "");
    }

    [Fact]
    public void A_log_that_may_not_be_read_is_a_line_with_its_hint()
    {
        string output = RunLines("status").Succeeded().Output;
        Assert.Contains("faults      none since the last status\n", output, StringComparison.Ordinal);
        Device = new FakeBackend
        {
            Faults = () => throw new VfioException("open", "/dev/kmsg", 1, "only root may read the kernel's log here"),
        };
        AddRegions();
        Assert.Contains(
            "  faults      unknown: open on /dev/kmsg: EPERM (Operation not permitted); only root may read "
            + "the kernel's log here\n",
            RunLines("status").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_faults_the_first_are_reported()
    {
        Device = new FakeBackend
        {
            Faults = () => [.. Enumerable.Range(0, 40)
                .Select(i => new IommuFault(default, (ulong)i << 12, DmaAccess.Read, "no"))],
        };
        AddRegions();
        string output = RunLines("status").Succeeded().Output;
        Assert.Contains("read of 0xf000: no", output, StringComparison.Ordinal);
        Assert.DoesNotContain("read of 0x10000: no", output, StringComparison.Ordinal);
        Assert.Contains("  and 24 more\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_does_not_answer_has_a_status()
    {
        Device.Reading = (_, _) => FailIf(true);
        Assert.Contains(
            "bus master  unknown: the device does not answer\n",
            RunLines("status").Succeeded().Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_without_an_address_space_only_has_registers()
    {
        Device = new FakeBackend { Name = "noiommu" };
        AddRegions();
        Result status = RunWith((address, _) => new VfioDevice(Device, address), "status").Succeeded();
        Assert.Equal(
            "0000:00:14.3\n  backend     noiommu\n  bus master  enabled\n  memory      none: 0000:00:14.3 was opened "
            + "without an IOMMU, so nothing translates or restricts its addresses; DMA needs an IOMMU "
            + "(intel_iommu=on)\n",
            status.Output);
        RunWith((address, _) => new VfioDevice(Device, address), "alloc 1")
            .FailedWith(1, "stdin:1: alloc: 0000:00:14.3 was opened without an IOMMU", "registers");
        Result json = RunWith((address, _) => new VfioDevice(Device, address), "status", "--json").Succeeded();
        Assert.Contains("\"noAddressSpace\":\"0000:00:14.3 was opened", json.Output, StringComparison.Ordinal);
    }

    private void AddRegions()
    {
        Device.Add(RegionIndex.Bar0, Bytes);
        Device.Add(RegionIndex.Config, Config);
    }

    private Result RunLines(params string[] lines) => RunWith(
        (address, _) =>
        {
            IoAddressSpace space = new(
                new FakeAddressSpace(Device.Accesses) { Unmapping = () => _unmapping?.Invoke() }, new SystemCalls());
            _spaces.Add(space);
            return VfioDevice.Join(Device, address, address.ToString(), space);
        },
        string.Join('\n', lines));

    private Result RunWith(
        Func<PciAddress, VfioOpenOptions, VfioDevice> open, string script, params string[] options) => Tool.Run(
        Host,
        Terminal.None,
        host => host with
        {
            OpenDevice = open,
            LoadRegisters = _ => Maps,
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(script)),
        },
        ["shell", .. options, "00:14.3"]);
}
