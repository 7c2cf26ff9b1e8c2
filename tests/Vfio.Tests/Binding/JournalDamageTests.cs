using System.Text;
using System.Text.Json.Nodes;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Corrupt journal entries: they never cause an exception or a write, and there is always a way out.</summary>
public sealed class JournalDamageTests : IDisposable
{
    private const string EntryPath = "run/vfio/0000:00:14.3.json";

    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;
    private readonly byte[] _sound;

    public JournalDamageTests()
    {
        _nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        BindingPlan.Compute([_nic.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute();
        _sound = File.ReadAllBytes(_host.PathOf(EntryPath));
    }

    public void Dispose() => _host.Dispose();

    private BindingJournal Journal => new(_host.Root);

    /// <summary>Invalid entries, each derived from a valid one.</summary>
    public static TheoryData<string, string> Damages => new()
    {
        { "version", "0" },
        { "version", "\"2\"" },
        { "version", "1.5" },
        { "version", "99999999999999999999" },
        { "version", "null" },
        { "version", "-" },
        { "address", "\"0000:00:15.0\"" },
        { "address", "\"\"" },
        { "address", "\"../../etc\"" },
        { "address", "null" },
        { "address", "5" },
        { "vendorId", "\"\"" },
        { "vendorId", "\"12345\"" },
        { "vendorId", "\"-001\"" },
        { "vendorId", "\"xyzw\"" },
        { "vendorId", "null" },
        { "vendorId", "32902" },
        { "deviceId", "-" },
        { "driver", "null" },
        { "driver", "\"\"" },
        { "driver", "\"..\"" },
        { "driver", "\"../../../../etc\"" },
        { "driverBefore", "\"\"" },
        { "driverBefore", "\".\"" },
        { "driverBefore", "\"..\"" },
        { "driverBefore", "\"a/b\"" },
        { "driverBefore", "\"/\"" },
        { "driverBefore", "\"e1000e\\nvfio-pci\"" },
        { "driverBefore", "\"e1000e\\u0000\"" },
        { "driverBefore", "\"\\u001b[2J\"" },
        { "driverBefore", "\"\\ud800\"" },
        { "driverBefore", "7" },
        { "driverBefore", "[]" },
        { "driverBefore", "-" },
        { "moduleBefore", "\"a/b\"" },
        { "overrideBefore", "\"a\\nb\"" },
        { "overrideBefore", "\"../x\"" },
        { "overrideBefore", "-" },
        { "interfaces", "null" },
        { "interfaces", "{}" },
        { "interfaces", "\"eth0\"" },
        { "interfaces", "[5]" },
        { "interfaces", "[{}]" },
        { "interfaces", "[{\"name\":\"eth0\"}]" },
        { "interfaces", "[{\"name\":null,\"isUp\":true}]" },
        { "interfaces", "[{\"name\":\"../eth0\",\"isUp\":true}]" },
        { "interfaces", "[{\"name\":\"eth0\",\"isUp\":\"yes\"}]" },
        { "disks", "[{\"name\":\"a/b\"}]" },
        { "disks", "[null]" },
        { "user", "\"a\\nb\"" },
        { "user", "\"\"" },
        { "user", "[]" },
        { "takenBy", "\"\\u001b[2J\"" },
        { "nodes", "[{\"node\":\"sda\"}]" },
        { "nodes", "[{\"node\":\"vfio\"}]" },
        { "nodes", "[{\"node\":\"vfio/\"}]" },
        { "nodes", "[{\"node\":\"vfio//12\"}]" },
        { "nodes", "[{\"node\":\"vfio/../sda\"}]" },
        { "nodes", "[{\"node\":\"vfio/./12\"}]" },
        { "nodes", "[{\"node\":\"/dev/vfio/12\"}]" },
        { "nodes", "[{\"node\":\"iommu/x\"}]" },
        { "nodes", "[{\"node\":\"vfio/12\",\"before\":-1}]" },
        { "nodes", "[{\"node\":\"vfio/12\",\"before\":8}]" },
        { "nodes", "[{\"node\":\"vfio/12\",\"before\":\"rw\"}]" },
        { "nodes", "[{\"node\":null}]" },
        { "loadedModules", "[{\"name\":\"../x\"}]" },
        { "functionsBefore", "-1" },
        { "functionsBefore", "65536" },
        { "enabledFunctions", "1" },
        { "takenAt", "\"yesterday\"" },
        { "takenAt", "0" },
        { "takenBy", "[]" },
        { "processId", "\"1\"" },
        { "processId", "99999999999" },
    };

    [Fact]
    public void An_entry_truncated_at_any_length_is_corrupt_and_nothing_is_written()
    {
        // Only a line break follows the last brace.
        int whole = Array.LastIndexOf(_sound, (byte)'}') + 1;
        for (int length = 0; length < whole; length++)
        {
            _host.Write(EntryPath, _sound[..length]);
            AssertDamaged($"cut to {length} of {whole} bytes");
        }

        _host.Write(EntryPath, _sound[..whole]);
        Assert.Null(Journal.Find(_nic.Address)!.ParseError);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void An_invalid_value_makes_the_entry_corrupt(string property, string json)
    {
        JsonObject root = JsonNode.Parse(_sound)!.AsObject();
        Assert.True(root.ContainsKey(property));
        root.Remove(property);
        string text = root.ToJsonString();
        _host.Write(EntryPath, json == "-" ? text : text[..^1] + $",\"{property}\":{json}}}");
        AssertDamaged($"{property} = {json}");
    }

    [Fact]
    public void Any_file_that_is_not_an_entry_is_corrupt()
    {
        byte[] binary = new byte[4096];
        new Random(3).NextBytes(binary);
        (string What, byte[] Content)[] files =
        [
            ("empty", []),
            ("a line end", "\n"u8.ToArray()),
            ("zero bytes", new byte[4096]),
            ("binary", binary),
            ("an array", "[]"u8.ToArray()),
            ("a number", "1"u8.ToArray()),
            ("a string", "\"x\""u8.ToArray()),
            ("null", "null"u8.ToArray()),
            ("an empty object", "{}"u8.ToArray()),
            ("twice", [.. _sound, .. _sound]),
            ("with a byte order mark and cut", [0xef, 0xbb, 0xbf, .. _sound.AsSpan(0, 20)]),
            ("not utf-8", [.. Encoding.UTF8
                .GetBytes(Encoding.UTF8.GetString(_sound).Replace("e1000e", "e1000\u00e9", StringComparison.Ordinal))
                .Select(b => b == 0xc3 ? (byte)0xff : b)]),
            ("a megabyte of spaces before it", [.. Enumerable.Repeat((byte)' ', 1 << 20), .. _sound]),
            ("a megabyte", Encoding.ASCII.GetBytes("{\"version\":3,\"x\":\"" + new string('x', 1 << 20) + "\"}")),
            ("deeply nested", Encoding.ASCII.GetBytes(new string('[', 30_000))),
            (
                "many properties",
                Encoding.ASCII.GetBytes("{" + string.Concat(Enumerable.Repeat("\"a\":1,", 10_000)) + "\"b\":1}")),
            ("a long name", Change("driverBefore", $"\"{new string('e', 5000)}\"")),
            ("too many interfaces", Change(
                "interfaces", $"[{string.Join(',', Enumerable.Repeat("{\"name\":\"e\",\"isUp\":true}", 100_000))}]")),
        ];
        foreach ((string what, byte[] content) in files)
        {
            _host.Write(EntryPath, content);
            AssertDamaged(what);
        }
    }

    [Fact]
    public void Random_changes_of_an_entry_never_cause_other_exceptions()
    {
        Random random = new(99);
        int damaged = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] changed = [.. _sound];
            for (int i = random.Next(1, 5); i > 0; i--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            damaged += JournalFormat.Read(_nic.Address, changed).ParseError is null ? 0 : 1;
        }

        Assert.InRange(damaged, 1000, 2000);
    }

    [Fact]
    public void The_description_of_a_corrupt_entry_is_one_line_without_control_characters()
    {
        foreach (string property in (string[])["vendorId", "deviceId", "driver", "takenAt", "address", "takenBy"])
        {
            _host.Write(EntryPath, Change(property, "\"\\u001b[2J\\n" + new string('x', 10_000) + "\""));
            string damage = Journal.Find(_nic.Address)!.ParseError!;
            Assert.NotNull(damage);
            Assert.DoesNotContain(damage, char.IsControl);
            Assert.InRange(damage.Length, 5, 200);
        }
    }

    [Fact]
    public void An_entry_that_may_not_be_read_is_corrupt()
    {
        Assert.SkipWhen(BindScenario.IsRoot, "root may read everything");
        File.SetUnixFileMode(_host.PathOf(EntryPath), UnixFileMode.None);
        AssertDamaged("no permission");
    }

    [Fact]
    public void A_bind_over_a_corrupt_entry_is_refused_with_a_solution()
    {
        _host.Write(EntryPath, "{");
        _nic.SetDriver("e1000e");
        FakeKernel kernel = new(_host);
        VfioException refusal = Assert.Throws<VfioException>(() =>
            BindingPlan.Compute([_nic.Address], new BindOptions { Host = _host.Root, Changes = kernel }));
        Assert.Contains("corrupt", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("vfio release --force 0000:00:14.3", refusal.Hint, StringComparison.Ordinal);
        Assert.Empty(kernel.Calls);
    }

    [Fact]
    public void By_force_a_device_with_a_corrupt_entry_goes_to_the_matching_driver()
    {
        _host.Write(EntryPath, "{");
        FakeKernel kernel = new(_host);
        ReleaseOutcome outcome = Assert.Single(
            ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = kernel, Force = true }).Execute());
        Assert.Null(outcome.Error);
        Assert.Equal(("e1000e", null), (_nic.Driver, _nic.Override));
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void By_force_a_corrupt_entry_of_a_device_that_no_longer_exists_is_removed()
    {
        _host.Write(EntryPath, "{");
        _host.Remove(_nic);
        FakeKernel kernel = new(_host);
        Assert.Null(
            Assert.Single(
                ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = kernel, Force = true })
                    .Execute()).Error);
        Assert.Empty(kernel.Calls);
        Assert.Empty(Journal.GetEntries());
    }

    [Fact]
    public void By_force_a_held_device_with_a_corrupt_entry_is_released()
    {
        _host.Write(EntryPath, "{");
        _nic.IsHeld = true;
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        FakeKernel kernel = new(_host);
        ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = kernel, Force = true }).Execute();
        Assert.Contains("write sys/bus/pci/drivers/vfio-pci/unbind 0000:00:14.3", kernel.Calls);
    }

    private byte[] Change(string property, string json)
    {
        JsonObject root = JsonNode.Parse(_sound)!.AsObject();
        Assert.True(root.Remove(property));
        return Encoding.UTF8.GetBytes(root.ToJsonString()[..^1] + $",\"{property}\":{json}}}");
    }

    private void AssertDamaged(string what)
    {
        JournalEntry entry = Assert.Single(Journal.GetEntries());
        Assert.True(entry.ParseError is { Length: > 0 }, what);
        Assert.Equal((_nic.Address, null, ""), (entry.Address, entry.OriginalDriver, entry.Driver));
        FakeKernel kernel = new(_host);
        ReleaseOutcome outcome = Assert.Single(
            ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = kernel }).Execute());
        Assert.Contains("corrupt", outcome.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("--force", outcome.Error.Hint, StringComparison.Ordinal);
        Assert.Empty(kernel.Calls);
        Assert.True(_host.Exists(EntryPath), "the entry must stay for a person to look at");
    }
}
