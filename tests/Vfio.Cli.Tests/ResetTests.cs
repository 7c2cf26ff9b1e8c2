using System.Text.Json;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary><c>vfio reset</c> of only a device, and of the bus it is on.</summary>
public sealed class ResetTests : RegisterCommandTest
{
    private const string Card = "0000:05:00.0";
    private const string Beside = "0000:05:00.1";
    private const string Third = "0000:05:00.2";
    private readonly List<(PciAddress Address, VfioOpenOptions Options)> _opened = [];
    private readonly List<FakeBackend> _backends = [];
    private string[] _busy = [];

    public ResetTests() => Base.WriteIdentity(
        "0000:00:14.3", new FakeDevice("0000:00:14.3", 0x8086, 0x10d3, "020000") { Driver = "vfio-pci", Group = 14 });

    [Fact]
    public void A_device_that_is_not_bound_is_not_changed_and_neither_are_its_reset_methods()
    {
        Base.Write("sys/devices/pci0000:00/0000:00:08.0/reset_method", "flr pm\n");
        foreach (string[] options in (string[][])[
            [],
            ["--dry-run"],
            ["--method", "pm"],
            ["--method", "pm", "--dry-run"],
        ])
        {
            Run(["reset", .. options, "00:08.0"])
                .FailedWith(1, "0000:00:08.0 is not bound to VFIO: its driver is virtio-pci", "vfio bind 0000:00:08.0");
        }

        Run("reset", "00:1c.0").FailedWith(1, "is not bound", "bridges and ports cannot be bound");
        Run("reset", "--dry-run", "--method", "pm", "00:1f.7").FailedWith(1, "no PCI device has this address", "vfio");
        Assert.Equal("flr pm\n", File.ReadAllText(Base.PathOf("sys/devices/pci0000:00/0000:00:08.0/reset_method")));
    }

    [Fact]
    public void A_device_is_reset_and_closed()
    {
        Base.Write("sys/devices/pci0000:00/0000:00:14.3/reset_method", "flr bus\n");
        Assert.Equal("0000:00:14.3 was reset (flr, else bus)\n", Run("reset", "00:14.3").Succeeded().Output);
        Assert.Equal(["reset"], Device.Accesses);
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void A_dry_run_opens_nothing()
    {
        Base.Write("sys/devices/pci0000:00/0000:00:14.3/reset_method", "pm bus\n");
        Assert.Equal(
            "0000:00:14.3 would be reset (pm, else bus)\n", Run("reset", "--dry-run", "00:14.3").Succeeded().Output);
        Assert.Equal(
            "0000:00:14.3 would be reset (bus)\n",
            Run("reset", "--dry-run", "--method", "bus", "00:14.3").Succeeded().Output);
        Run("reset", "--dry-run", "--method", "flr", "00:14.3").FailedWith(1, "does not list flr", "pm, bus");
        Assert.Equal("pm bus\n", File.ReadAllText(Base.PathOf("sys/devices/pci0000:00/0000:00:14.3/reset_method")));
        Assert.False(Device.IsDisposed);
        Assert.Empty(Device.Accesses);
    }

    [Fact]
    public void A_method_is_chosen_for_one_reset_and_then_restored()
    {
        Base.Write("sys/devices/pci0000:00/0000:00:14.3/reset_method", "flr\n");
        string path = Base.PathOf("sys/devices/pci0000:00/0000:00:14.3/reset_method");
        string during = "";
        Result result = Run(Tool.Narrow, host => host with
        {
            OpenDevice = (address, _) =>
            {
                during = File.ReadAllText(path);
                return new VfioDevice(Device, address);
            },
        }, "reset", "--method", "bus", "00:14.3");
        Assert.Equal("0000:00:14.3 was reset (bus)\n", result.Succeeded().Output);
        Assert.Equal(("bus\n", "flr\n"), (during, File.ReadAllText(path)));
    }

    [Fact]
    public void A_device_that_cannot_be_reset_by_itself_has_a_hint_about_its_bus()
    {
        Device = new FakeBackend { CanReset = false };
        Run("reset", "00:14.3")
            .FailedWith(1, "the kernel has no method to reset only 0000:00:14.3", "there is no bridge above it");
        Run("reset", "--dry-run", "00:14.3")
            .FailedWith(1, "the kernel has no method to reset only 0000:00:14.3", "there is no bridge above it");
        Run("reset", "--hot", "00:14.3").FailedWith(1, "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", "no bridge");
    }

    [Fact]
    public void Mistakes_are_wrong_usage()
    {
        Run("reset", "--hot", "--method", "flr", "00:14.3")
            .FailedWith(2, "--method and --hot cannot be combined", "vfio");
        Run("reset", "--method", "../x", "00:14.3").FailedWith(2, "'../x' is not a reset method", "vfio");
        Run("reset", "--method", "flr", "00:14.3").FailedWith(1, "does not allow changing the reset method", "5.15");
    }

    [Fact]
    public void Models_are_reset_too()
    {
        Assert.Equal("emu:edu was reset\n", Run("reset", "emu:edu").Succeeded().Output);
        Assert.Equal(
            "DEVICE  DRIVER OWNER\nemu:edu -      can be reset\nthe bus of emu:edu was reset\n",
            Run("reset", "--hot", "emu:edu").Succeeded().Output);
        Run("reset", "--method", "flr", "emu:edu").FailedWith(1, "emu:edu is a device model", "--method");
        Run("reset", "--backend", "type1v2", "emu:edu").FailedWith(1, "emu:edu", "--backend");
    }

    [Fact]
    public void As_json()
    {
        Base.Write("sys/devices/pci0000:00/0000:00:14.3/reset_method", "flr bus\n");
        JsonElement reset = Run("reset", "--json", "00:14.3").Succeeded().Json;
        Assert.Equal(("0000:00:14.3", "device", false, true), (
            reset.GetProperty("address").GetString(),
            reset.GetProperty("scope").GetString(),
            reset.GetProperty("dryRun").GetBoolean(),
            reset.GetProperty("isReset").GetBoolean()));
        Assert.Equal(
            ["flr", "bus"], reset.GetProperty("methods").EnumerateArray().Select(method => method.GetString()));
        AddCard(hostDriver: "e1000e");
        Approved.Matches("reset-hot-json", RunHot("reset", "--hot", "--json", Card).Output);
    }

    [Fact]
    public void A_bus_is_reset_when_all_its_devices_are_bound_and_not_in_use()
    {
        AddCard(hostDriver: "vfio-pci");
        Assert.Equal(
            """
            DEVICE       DRIVER   OWNER
            0000:05:00.0 vfio-pci can be reset
            0000:05:00.1 vfio-pci can be reset
            0000:05:00.2 vfio-pci can be reset
            the bus of 0000:05:00.0 was reset

            """,
            RunHot("reset", "--hot", Card).Succeeded().FitsIn(80).Output);
        // The others are opened in the address space of the first, and all are closed.
        Assert.Equal([Card, Beside, Third], _opened.Select(open => open.Address.ToString()));
        Assert.Null(_opened[0].Options.AddressSpace);
        Assert.All(_opened.Skip(1), open => Assert.NotNull(open.Options.AddressSpace));
        Assert.Contains("reset of the bus, 3 owned", _backends[0].Accesses);
        Assert.All(_backends, backend => Assert.True(backend.IsDisposed));
    }

    [Fact]
    public void A_dry_run_of_a_bus_resets_nothing()
    {
        AddCard(hostDriver: "vfio-pci");
        Assert.EndsWith(
            "the bus of 0000:05:00.0 would be reset\n",
            RunHot("reset", "--hot", "--dry-run", Card).Succeeded().Output,
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            _backends,
            backend => backend.Accesses.Any(access => access.StartsWith("reset of", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("e1000e", "the driver e1000e")]
    [InlineData(null, "no driver")]
    public void It_is_refused_while_a_device_of_it_has_a_host_driver(string? driver, string owner)
    {
        AddCard(driver);
        Result result = RunHot("reset", "--hot", Card)
            .FailedWith(
                3, $"would also reset {Third} ({owner}), which is not available to this program", $"vfio bind {Third}");
        Assert.Contains($"\n{Third} {driver ?? "-",-8} {owner}\n", result.FitsIn(80).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            _backends,
            backend => backend.Accesses.Any(access => access.StartsWith("reset of", StringComparison.Ordinal)));
        Assert.All(_backends, backend => Assert.True(backend.IsDisposed));
    }

    [Fact]
    public void It_is_refused_while_another_program_has_a_device_open()
    {
        AddCard(hostDriver: "vfio-pci");
        _busy = [Beside];
        RunHot("reset", "--hot", Card).FailedWith(3, $"would also reset {Beside} (free)", "vfio status");
    }

    private FakeHost Base => base.Host;

    // A card with three functions, each in its own group.
    private void AddCard(string? hostDriver)
    {
        Base.Add(new FakeDevice(Card, 0x8086, 0x10c9, "020000") { Driver = "vfio-pci", Group = 30 });
        Base.Add(new FakeDevice(Beside, 0x8086, 0x10c9, "020000") { Driver = "vfio-pci", Group = 31 });
        Base.Add(new FakeDevice(Third, 0x8086, 0x10c9, "020000") { Driver = hostDriver, Group = 32 });
    }

    private Result RunHot(params string[] arguments) =>
        Tool.Run(Base, Tool.Narrow, host => host with { OpenDevice = OpenCard }, arguments);

    private VfioDevice OpenCard(PciAddress address, VfioOpenOptions options)
    {
        if (_busy.Contains(address.ToString()))
        {
            throw new VfioException("open", $"/dev/vfio/{address}", Errno.EBUSY);
        }

        _opened.Add((address, options));
        FakeBackend backend = new()
        {
            HotResets = () => new HotResetInfo(false, false, [.. ((string[])[Card, Beside, Third])
                .Select((name, i) => new HotResetEntry(PciAddress.Parse(name), 30u + (uint)i, false, false))]),
        };
        _backends.Add(backend);
        IoAddressSpace space = options.AddressSpace ?? new IoAddressSpace(new FakeAddressSpace([]), new SystemCalls());
        space.Reserve();
        space.Admit(leakReport: null);
        return VfioDevice.OfHost(backend, address, mediated: null, options, space);
    }
}
