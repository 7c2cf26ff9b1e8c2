using System.Net.Sockets;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class DeviceBrokerTests
{
    private static readonly PciAddress Nic = PciAddress.Parse("0000:00:03.0");
    private static readonly PciAddress Other = PciAddress.Parse("0000:00:04.0");
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData((int)BrokerBackend.Any, "dev/vfio/devices/vfio0", "dev/iommu")]
    [InlineData((int)BrokerBackend.Iommufd, "dev/vfio/devices/vfio0", "dev/iommu")]
    [InlineData((int)BrokerBackend.Group, "dev/vfio/3", "dev/vfio/vfio")]
    public void A_client_gets_the_two_descriptors(int backend, string first, string second)
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3);
        using BrokerScenario.Held held = scenario.Ask(Nic, (BrokerBackend)backend);
        Assert.Equal([scenario.Host.PathOf(first), scenario.Host.PathOf(second)], held.Paths);
        Assert.Equal(3, held.Grant.Group);
        BrokerEvent opened = scenario.NextEvent();
        Assert.Equal(
            (BrokerEventKind.Opened, Nic, Environment.ProcessId, 1),
            (opened.Kind, opened.Device!.Value, opened.ProcessId, opened.PolicyLine));
        Assert.Contains(
            $"pid={Environment.ProcessId} device=0000:00:03.0 "
            + $"backend={(backend == (int)BrokerBackend.Group ? "group" : "iommufd")} line=1",
            opened.ToString(),
            StringComparison.Ordinal);
        held.Dispose();
        BrokerEvent closed = scenario.NextEvent();
        Assert.Equal((BrokerEventKind.Closed, Nic), (closed.Kind, closed.Device!.Value));
        Assert.NotNull(closed.Duration);
    }

    [Fact]
    public void If_a_device_has_no_node_of_its_own_its_group_is_opened()
    {
        using BrokerScenario scenario = new(hasDeviceNodes: false);
        scenario.AddDevice("0000:00:03.0", 3);
        Assert.Contains(
            "no node in /dev/vfio/devices", scenario.Refused(Nic, BrokerBackend.Iommufd), StringComparison.Ordinal);
        using BrokerScenario.Held held = scenario.Ask(Nic);
        Assert.Equal(scenario.Host.PathOf("dev/vfio/3"), held.Paths[0]);
    }

    [Fact]
    public void A_refused_client_is_told_why_and_the_reason_is_recorded()
    {
        using BrokerScenario scenario = new("allow any device:0000:00:04.0\ndeny any class:02 group");
        scenario.AddDevice("0000:00:03.0", 3);
        Assert.Contains(
            "no rule of the policy allows it", scenario.Refused(Nic, BrokerBackend.Iommufd), StringComparison.Ordinal);
        BrokerEvent refused = scenario.NextEvent();
        Assert.Equal(
            (BrokerEventKind.Refused, Nic, BrokerBackend.Iommufd, BrokerRefusalCode.NotAllowed),
            (refused.Kind, refused.Device, refused.Backend, refused.Code));
        Assert.Contains(
            "code=not-allowed reason=\"no rule of the policy allows it\"",
            refused.ToString(),
            StringComparison.Ordinal);
        Assert.Contains(
            "line 2 of the policy denies", scenario.Refused(Nic, BrokerBackend.Group), StringComparison.Ordinal);
        Assert.Contains(
            "iommufd: no rule of the policy allows it; group: line 2 of the policy denies it",
            scenario.Refused(Nic),
            StringComparison.Ordinal);
        Assert.Contains("no such device", scenario.Refused(PciAddress.Parse("ffff:ff:1f.7")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_service_that_does_not_answer_delays_no_other_client()
    {
        using ManualResetEventSlim answer = new();
        using (BrokerScenario scenario = new(
            options: new BrokerOptions { Names = new UserNames(user => { answer.Wait(); return $"user{user}"; }) }))
        {
            scenario.AddDevice("0000:00:03.0", 3);
            using BrokerScenario.Held held = scenario.Ask(Nic);
            Assert.Equal($"{HostUser.CurrentId}", scenario.NextEvent().UserName);
            Assert.Contains(
                $"has been held by {HostUser.CurrentId} (uid {HostUser.CurrentId},",
                scenario.Refused(Nic),
                StringComparison.Ordinal);
            answer.Set();
        }
    }

    [Fact]
    public void A_name_is_asked_for_once_and_one_user_at_a_time()
    {
        int asked = 0;
        using ManualResetEventSlim answer = new();
        UserNames names = new(user =>
        {
            Interlocked.Increment(ref asked);
            answer.Wait();
            return $"user{user}";
        });
        Assert.Equal("7", names.Of(7));
        Assert.Equal("8", names.Of(8));
        Assert.Equal(1, asked);
        answer.Set();
        Eventually.Holds(() => names.Of(7) == "user7", "the name is known");
        Eventually.Holds(() => names.Of(8) == "user8", "the other name is known");
        Assert.Equal(2, asked);
    }

    [Fact]
    public void A_device_without_a_vfio_driver_is_refused()
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3, "e1000e");
        Assert.Contains("not bound to a VFIO driver", scenario.Refused(Nic), StringComparison.Ordinal);
        scenario.AddDevice("0000:00:04.0", 4);
        scenario.Host.Write("sys/kernel/iommu_groups/4/name", "vfio-noiommu\n");
        Assert.Contains("not behind an IOMMU", scenario.Refused(Other), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_one_clients_at_a_time_and_so_is_its_group()
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3);
        scenario.AddDevice("0000:00:04.0", 3);
        BrokerScenario.Held held = scenario.Ask(Nic);
        string refused = scenario.Refused(Nic);
        Assert.Contains(
            $"0000:00:03.0 of IOMMU group 3 has been held by {Environment.UserName} (uid ",
            refused,
            StringComparison.Ordinal);
        Assert.Contains($"pid {Environment.ProcessId})", refused, StringComparison.Ordinal);
        Assert.Contains(" has been held by ", scenario.Refused(Other), StringComparison.Ordinal);
        held.Dispose();
        scenario.AskPatiently(Other).Dispose();
    }

    [Fact]
    public void A_group_is_opened_for_users_who_may_have_all_of_it()
    {
        using BrokerScenario scenario = new("allow any device:0000:00:03.0");
        scenario.AddDevice("0000:00:03.0", 3);
        scenario.AddDevice("0000:00:04.0", 3);
        Assert.Contains(
            "also contains 0000:00:04.0", scenario.Refused(Nic, BrokerBackend.Group), StringComparison.Ordinal);
        scenario.Ask(Nic, BrokerBackend.Iommufd).Dispose();
        scenario.Broker.Policy = BrokerPolicy.Parse("allow any any", "policy");
        Eventually.Holds(
            () => scenario.Events.Any(told => told.Kind == BrokerEventKind.Closed),
            "the broker learns that the client has ended");
        scenario.Ask(Nic, BrokerBackend.Group).Dispose();
    }

    [Fact]
    public void A_node_that_does_not_open_is_a_reason_and_no_descriptor_stays()
    {
        using BrokerScenario scenario = new(options: new BrokerOptions { Calls = new SystemCalls(_ => Errno.EACCES) });
        scenario.AddDevice("0000:00:03.0", 3);
        Assert.Contains("the broker has no access to", scenario.Refused(Nic), StringComparison.Ordinal);
    }

    [Fact]
    public void The_second_node_that_does_not_open_closes_the_first()
    {
        int calls = 0;
        using BrokerScenario scenario = new(
            options: new BrokerOptions { Calls = new SystemCalls(_ => ++calls % 2 == 0 ? Errno.EBUSY : 0) });
        scenario.AddDevice("0000:00:03.0", 3);
        Assert.Contains(
            "in use by a program that did not get it from the broker",
            scenario.Refused(Nic, BrokerBackend.Iommufd),
            StringComparison.Ordinal);
        int before = OpenNodes(scenario);
        for (int i = 0; i < 50; i++)
        {
            _ = scenario.Refused(Nic, BrokerBackend.Iommufd);
        }

        Assert.Equal(0, before);
        Assert.Equal(0, OpenNodes(scenario));
    }

    [Fact]
    public void The_broker_keeps_no_descriptor_of_a_device()
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3);
        using BrokerScenario.Held held = scenario.Ask(Nic);
        // The two descriptors of the client are in this process too.
        _ = scenario.NextEvent();
        Assert.Equal(2, OpenNodes(scenario));
    }

    [Fact]
    public void A_silent_client_is_dropped_in_time()
    {
        using BrokerScenario scenario = new(options: new BrokerOptions { RequestTimeout = Soon });
        using Socket silent = scenario.Connect();
        Eventually.Holds(() => scenario.Broker.ConnectionCount == 1, "the broker has the connection");
        scenario.Clock.Advance(Soon);
        BrokerEvent dropped = scenario.NextEvent();
        Assert.Equal(
            (BrokerEventKind.Dropped, BrokerRefusalCode.Timeout, "the client made no request in time"),
            (dropped.Kind, dropped.Code, dropped.Reason));
        byte[] answer = new byte[BrokerProtocol.MostBytes];
        Assert.Equal(
            BrokerRefusalCode.Timeout,
            BrokerProtocol.ReadAnswer(answer.AsSpan(0, silent.Receive(answer)), out _)!.Code);
        Assert.Equal(0, silent.Receive(answer));
    }

    [Fact]
    public void A_client_that_has_a_device_may_be_silent()
    {
        using BrokerScenario scenario = new(options: new BrokerOptions { RequestTimeout = Soon });
        scenario.AddDevice("0000:00:03.0", 3);
        using BrokerScenario.Held held = scenario.Ask(Nic);
        Assert.Equal(BrokerEventKind.Opened, scenario.NextEvent().Kind);
        // A connection that came later and has nothing is dropped, because by then the time of the first was over as
        // well.
        using Socket silent = scenario.Connect();
        Eventually.Holds(() => scenario.Broker.ConnectionCount == 2, "the broker has the second connection");
        scenario.Clock.Advance(Soon);
        Assert.Equal(BrokerEventKind.Dropped, scenario.NextEvent().Kind);
        Assert.Contains(" has been held by ", scenario.Refused(Nic), StringComparison.Ordinal);
    }

    [Fact]
    public void Connections_of_a_user_are_limited_and_one_too_many_is_refused()
    {
        using BrokerScenario scenario = new(options: new BrokerOptions { MaxConnectionsPerUser = 2 });
        scenario.AddDevice("0000:00:03.0", 3);
        using Socket one = scenario.Connect();
        using Socket two = scenario.Connect();
        Assert.Contains("has 2 connections already", scenario.Refused(Nic), StringComparison.Ordinal);
        one.Dispose();
        scenario.AskPatiently(Nic).Dispose();
    }

    [Fact]
    public void What_comes_after_the_request_changes_nothing()
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3);
        using BrokerScenario.Held held = scenario.Ask(Nic);
        held.Connection.Blocking = false;
        held.Connection.Send(new byte[100]);
        held.Connection.Shutdown(SocketShutdown.Send);
        // Each answer takes a round of the broker's loop, which would have noticed an earlier event.
        Assert.Contains(" has been held by ", scenario.Refused(Nic), StringComparison.Ordinal);
        Assert.Contains(" has been held by ", scenario.Refused(Nic), StringComparison.Ordinal);
        held.Dispose();
        scenario.AskPatiently(Nic).Dispose();
    }

    [Fact]
    public void A_broker_that_ends_names_the_clients_that_still_have_devices()
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3);
        using BrokerScenario.Held held = scenario.Ask(Nic);
        _ = scenario.NextEvent();
        scenario.Stop();
        Assert.Equal(
            (BrokerEventKind.Orphaned, Nic),
            (scenario.NextEvent() is { } left ? (left.Kind, left.Device!.Value) : default));
    }

    [Fact]
    public void Refusals_that_come_too_fast_are_counted_instead_of_reported()
    {
        using BrokerScenario scenario = new("deny any any");
        scenario.AddDevice("0000:00:03.0", 3);
        for (int i = 0; i < 300; i++)
        {
            Assert.Contains("denies", scenario.Refused(Nic), StringComparison.Ordinal);
        }

        Assert.Equal((BrokerRecord.Burst, 0), (scenario.Events.Count, scenario.Events.Sum(told => told.Suppressed)));
        scenario.Clock.Advance(TimeSpan.FromMilliseconds(BrokerRecord.MillisecondsPerLine - 1));
        _ = scenario.Refused(Nic);
        Assert.Equal(BrokerRecord.Burst, scenario.Events.Count);
        scenario.Clock.Advance(TimeSpan.FromMilliseconds(1));
        _ = scenario.Refused(Nic);
        Assert.Equal(
            (BrokerRecord.Burst + 1, 302), (scenario.Events.Count, scenario.Events.Sum(told => 1 + told.Suppressed)));
    }

    [Fact]
    public void Without_a_broker_the_client_is_told_so()
    {
        VfioException missing = Assert.Throws<VfioException>(
            () => VfioDevice.OpenThroughBroker(Nic, "/nowhere/broker.sock"));
        Assert.Equal(("connect", "/nowhere/broker.sock"), (missing.Operation, missing.Subject));
        Assert.Contains("is the broker running?", missing.Hint, StringComparison.Ordinal);
        Assert.Throws<VfioException>(() => VfioDevice.OpenThroughBroker(
            Nic, "/nowhere/broker.sock", new VfioOpenOptions { Backend = VfioBackend.NoIommu }));
    }

    [Fact]
    public void Descriptors_that_are_not_devices_are_closed_again()
    {
        using BrokerScenario scenario = new();
        scenario.AddDevice("0000:00:03.0", 3);
        // A plain file supports no ioctl.
        Assert.Throws<VfioException>(() => VfioDevice.OpenThroughBroker(Nic, scenario.Path));
        Assert.Equal(0, OpenNodes(scenario));
        scenario.AskPatiently(Nic).Dispose();
    }

    private static int OpenNodes(BrokerScenario scenario) => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Count(file => new FileInfo(file).LinkTarget is string target
            && target.StartsWith(scenario.Host.PathOf("dev"), StringComparison.Ordinal));
}
