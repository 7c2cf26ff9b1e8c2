using System.Text.Json.Nodes;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Entries that other versions wrote: their content is used, and missing values are supplied.</summary>
public sealed class JournalVersionTests : IDisposable
{
    private const string EntryPath = "run/vfio/0000:00:14.3.json";

    /// <summary>An entry as the first version, and the tool shortly after it, wrote it.</summary>
    private const string First = """
        {
          "version": 1,
          "address": "0000:00:14.3",
          "vendorId": "8086",
          "deviceId": "10d3",
          "driver": "vfio-pci",
          "driverBefore": "e1000e",
          "moduleBefore": "e1000e",
          "overrideBefore": null,
          "interfaces": [
            {
              "name": "eth0",
              "isUp": true
            }
          ],
          "disks": [],
          "user": null,
          "nodes": [],
          "takenAt": "2026-11-22T09:15:02.1234567+00:00",
          "takenBy": "root",
          "processId": 311
        }
        """;

    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;
    private readonly TreeSnapshot _before;

    public JournalVersionTests()
    {
        _nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        _host.AddDeviceNodes();
        _before = new TreeSnapshot(_host);
        BindingPlan.Compute([_nic.Address], new BindOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute();
    }

    public void Dispose() => _host.Dispose();

    private JournalEntry Entry => new BindingJournal(_host.Root).Find(_nic.Address)!;

    private ReleaseOutcome Release(bool force = false) => Assert.Single(
        ReleasePlan.Compute(
            [_nic.Address], new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host), Force = force })
            .Execute());

    [Fact]
    public void The_first_versions_entry_is_released_as_it_says()
    {
        _host.Write(EntryPath, First);
        Assert.Equal((null, "vfio-pci", "e1000e"), (Entry.ParseError, Entry.Driver, Entry.OriginalDriver));
        Assert.Null(Release().Error);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void The_owners_in_the_first_versions_entry_are_restored()
    {
        BindScenario.NeedUsers();
        JsonObject root = JsonNode.Parse(First)!.AsObject();
        root["user"] = BindScenario.User;
        root["nodes"] = JsonNode.Parse("""[{"node":"iommu","userId":12345,"groupId":54321}]""");
        _host.Write(EntryPath, root.ToJsonString());
        FakeKernel kernel = new(_host);
        ReleasePlan.Compute([_nic.Address], new ReleaseOptions { Host = _host.Root, Changes = kernel }).Execute();
        Assert.Contains("chown 12345:54321 dev/iommu", kernel.Calls);
    }

    [Theory]
    [InlineData("moduleBefore")]
    [InlineData("loadedModules")]
    [InlineData("functionsBefore")]
    [InlineData("enabledFunctions")]
    [InlineData("disks")]
    [InlineData("otherNames")]
    [InlineData("user")]
    [InlineData("nodes")]
    [InlineData("takenAt")]
    [InlineData("takenBy")]
    [InlineData("processId")]
    public void What_an_earlier_version_did_not_have_may_be_missing(string property)
    {
        JsonObject root = JsonNode.Parse(_host.Read(EntryPath))!.AsObject();
        Assert.True(root.Remove(property));
        root["version"] = 2;
        _host.Write(EntryPath, root.ToJsonString());
        Assert.Null(Entry.ParseError);
        Assert.Null(Release().Error);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_newer_versions_entry_is_released_only_when_forced_and_then_as_it_says()
    {
        JsonObject root = JsonNode.Parse(_host.Read(EntryPath))!.AsObject();
        root["version"] = 4;
        root["somethingNew"] = new JsonArray(1, 2);
        _host.Write(EntryPath, root.ToJsonString());
        Assert.Contains("newer", Entry.ParseError, StringComparison.Ordinal);
        VfioException refusal = Release().Error!;
        Assert.Contains("newer", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--force", refusal.Hint, StringComparison.Ordinal);
        Assert.True(_host.Exists(EntryPath));
        Assert.Null(Release(force: true).Error);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void The_users_number_counts_and_not_the_name()
    {
        BindScenario.NeedUsers();
        uint user = BindScenario.UidOf(BindScenario.User);
        BindingPlan.Compute([_nic.Address], new BindOptions
        {
            Host = _host.Root,
            Changes = new FakeKernel(_host),
            User = BindScenario.User,
        })
            .Execute();
        Assert.Equal(user, Entry.UserId);
        JsonObject root = JsonNode.Parse(_host.Read(EntryPath))!.AsObject();
        root["user"] = "gone-since";
        _host.Write(EntryPath, root.ToJsonString());
        Assert.Null(Release().Error);
        Assert.DoesNotContain(user, AccessList.Of(_host.PathOf("dev/iommu"))!.NamedUsers);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void Access_that_cannot_be_revoked_keeps_the_entry_unless_forced()
    {
        JsonObject root = JsonNode.Parse(_host.Read(EntryPath))!.AsObject();
        root["version"] = 2;
        root["user"] = "no-such-user-here";
        _host.Write(EntryPath, root.ToJsonString());
        VfioException refusal = Release().Error!;
        Assert.Equal("look up", refusal.Operation);
        Assert.Contains("--force", refusal.Hint, StringComparison.Ordinal);
        Assert.True(_host.Exists(EntryPath));
        ReleaseOutcome forced = Release(force: true);
        Assert.Null(forced.Error);
        Assert.False(_host.Exists(EntryPath));
    }
}
