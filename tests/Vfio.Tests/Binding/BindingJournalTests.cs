using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class BindingJournalTests : IDisposable
{
    private const string EntryPath = "run/vfio/0000:00:14.3.json";

    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;
    private readonly byte[] _sound;

    public BindingJournalTests()
    {
        _nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        BindingPlan.Compute([_nic.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute();
        _sound = File.ReadAllBytes(_host.PathOf(EntryPath));
    }

    public void Dispose() => _host.Dispose();

    private BindingJournal Journal => new(_host.Root);

    [Fact]
    public void An_entry_reads_back_as_it_was_written()
    {
        JournalEntry entry = new()
        {
            Address = PciAddress.Parse("10000:01:00.0"),
            VendorId = 0x8086,
            DeviceId = 0x00ff,
            Driver = "vfio-pci",
            OriginalDriver = "nvme",
            OriginalModule = "nvme",
            PreviousOverride = "nvme",
            Interfaces =
            [
                new InterfaceState { Name = "eth0", IsUp = true },
                new InterfaceState { Name = "enp3s0f0np0", IsUp = false },
            ],
            OtherNames = ["nvme0"],
            Disks = ["nvme0n1", "nvme0n1p1"],
            User = "alice",
            Nodes =
                [new NodeAccess("vfio/12", null), new NodeAccess("vfio/devices/vfio0", 0), new NodeAccess("iommu", 7)],
            LoadedModules = ["vfio-pci", "vfio_pci_core"],
            PreviousFunctionCount = 65535,
            EnabledFunctions = true,
            BoundAt = new DateTimeOffset(2026, 7, 1, 12, 30, 45, TimeSpan.FromHours(2)),
            BoundBy = "bob",
            ProcessId = 4711,
        };
        Journal.Write(entry);
        AssertSame(entry, Journal.Find(entry.Address)!);
        JournalEntry least =
            new() { Address = PciAddress.Parse("10000:01:00.0"), Driver = "vfio-pci", BoundBy = "root" };
        Journal.Write(least);
        AssertSame(least, Journal.Find(least.Address)!);
    }

    [Theory]
    [InlineData("Multimedia eXtension Board")] // drivers/media/pci/saa7146: PCI drivers may have spaces in their names
    [InlineData("hexium HV-PCI6 Orion")]
    [InlineData("e1000e")]
    public void Every_driver_name_that_linux_has_reads_back(string driver) =>
        AssertReadsBack(new JournalEntry
        {
            Address = _nic.Address,
            Driver = "vfio-pci",
            OriginalDriver = driver,
            BoundBy = "root",
        });

    [Theory]
    [InlineData("root")]
    [InlineData("EXAMPLE\\alice")]
    [InlineData("alice@example.org")]
    [InlineData("alice smith")] // winbind and sssd make such names
    [InlineData("ålice")]
    public void Every_user_name_that_a_host_may_have_reads_back(string user) =>
        AssertReadsBack(new JournalEntry { Address = _nic.Address, Driver = "vfio-pci", BoundBy = user, User = user });

    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    [InlineData(4000)]
    public void As_many_disks_as_a_host_adapter_may_have_read_back(int count) => AssertReadsBack(new JournalEntry
    {
        Address = _nic.Address,
        Driver = "vfio-pci",
        BoundBy = "root",
        Disks =
            [.. Enumerable.Range(0, count).Select(i => $"sd{(char)('a' + (i / 26 % 26))}{(char)('a' + (i % 26))}{i}")],
    });

    [Fact]
    public void A_device_without_an_entry_is_not_bound()
    {
        Assert.Null(Journal.Find(PciAddress.Parse("0000:00:15.0")));
        Directory.Delete(_host.PathOf("run/vfio"), recursive: true);
        Assert.Null(Journal.Find(_nic.Address));
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void Other_files_in_the_folder_are_not_entries()
    {
        foreach (string name in (string[])[
            "lock", "0000:00:14.3.json.new", "0000:00:15.0.json.new", "0000:00:15.0", ".json", "eth0.json",
            "00:14.3.json", "0000:00:15.0.json.bak", "0000:00:1F.7.JSON",
        ])
        {
            _host.Write($"run/vfio/{name}", _sound);
        }

        Assert.Equal([_nic.Address], Journal.GetEntries().Select(entry => entry.Address));
    }

    [Fact]
    public void Entries_come_in_the_order_of_their_addresses()
    {
        foreach (string address in (string[])["10000:00:00.0", "0000:ff:00.0", "0000:00:02.0"])
        {
            Journal.Write(
                new JournalEntry { Address = PciAddress.Parse(address), Driver = "vfio-pci", BoundBy = "root" });
        }

        Assert.Equal(
            ["0000:00:02.0", "0000:00:14.3", "0000:ff:00.0", "10000:00:00.0"],
            Journal.GetEntries().Select(entry => entry.Address.ToString()));
    }

    [Fact]
    public void An_interrupted_write_leaves_the_previous_entry()
    {
        for (int length = 0; length <= _sound.Length; length += 50)
        {
            _host.Write(EntryPath + ".new", _sound[..length]);
            Assert.Null(Journal.Find(_nic.Address)!.ParseError);
        }

        Journal.Write(Journal.Find(_nic.Address)! with { User = "alice" });
        Assert.Equal("alice", Journal.Find(_nic.Address)!.User);
        Assert.False(_host.Exists(EntryPath + ".new"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_killed_writer_left_is_removed_by_the_next_one(bool isAnythingTaken)
    {
        if (!isAnythingTaken)
        {
            ReleaseAll();
        }

        _host.Write("run/vfio/0000:00:1f.0.json.new", _sound[..100]);
        ReleaseAll();
        Assert.Equal(["lock"], SysfsFile.Names(_host.PathOf("run/vfio")));
    }

    [Fact]
    public void An_entry_that_cannot_be_written_keeps_the_device_from_being_touched()
    {
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13).WithInterface("eth1", isUp: true);
        Directory.CreateDirectory(_host.PathOf("run/vfio/0000:00:15.0.json/in-the-way"));
        TreeSnapshot before = new(_host);
        FakeKernel kernel = new(_host);
        Assert.Throws<VfioException>(
            () => DriverBinding.Bind(second.Address, new BindOptions { Host = _host.Root, Changes = kernel }));
        Assert.Empty(kernel.Calls);
        before.AssertUnchanged(_host);
        Assert.False(_host.Exists("run/vfio/0000:00:15.0.json.new"));
    }

    [Fact]
    public void An_entry_that_could_not_be_read_again_is_not_written()
    {
        JournalEntry sound = Journal.Find(_nic.Address)!;
        JournalEntry[] unreadable =
        [
            sound with { OriginalDriver = "../x" },
            sound with { OriginalDriver = new string('x', 65) },
            sound with { PreviousOverride = "" },
            sound with { User = "a\nb" },
            sound with { Driver = "" },
            sound with { Disks = [.. Enumerable.Repeat("sda", 5000)] },
            sound with { Nodes = [new NodeAccess("sda", 0)] },
        ];
        Assert.All(
            unreadable,
            entry => Assert.Equal("write", Assert.Throws<VfioException>(() => Journal.Write(entry)).Operation));
        Assert.Equal(_sound, File.ReadAllBytes(_host.PathOf(EntryPath)));
    }

    [Fact]
    public void An_interrupted_first_write_is_not_an_entry_and_does_no_harm()
    {
        FakeDevice second = BindScenario.AddSecondNic(_host, group: 13);
        TreeSnapshot before = new(_host);
        _host.Write("run/vfio/0000:00:15.0.json.new", _sound[..100]);
        Assert.Null(Journal.Find(second.Address));
        using (DriverBinding.Bind(
            second.Address, new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) }))
        {
            Assert.Null(Journal.Find(second.Address)!.ParseError);
        }

        before.AssertUnchanged(_host);
        Assert.Equal(["0000:00:14.3.json", "lock"], SysfsFile.Names(_host.PathOf("run/vfio")));
    }

    private void ReleaseAll() => Assert.All(
        ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host) }).Execute(),
        outcome => Assert.Null(outcome.Error));

    private void AssertReadsBack(JournalEntry entry)
    {
        Journal.Write(entry);
        AssertSame(entry, Journal.Find(entry.Address)!);
    }

    private static void AssertSame(JournalEntry expected, JournalEntry actual)
    {
        Assert.Null(actual.ParseError);
        Assert.Equal(expected.Interfaces, actual.Interfaces);
        Assert.Equal(expected.Disks, actual.Disks);
        Assert.Equal(expected.OtherNames, actual.OtherNames);
        Assert.Equal(expected.Nodes, actual.Nodes);
        Assert.Equal(expected.LoadedModules, actual.LoadedModules);
        Assert.Equal(WithoutLists(expected), WithoutLists(actual));
        static JournalEntry WithoutLists(JournalEntry entry) =>
            entry with { Interfaces = [], Disks = [], OtherNames = [], Nodes = [], LoadedModules = [] };
    }
}
