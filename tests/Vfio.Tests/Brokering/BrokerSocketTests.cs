using System.Net;
using System.Net.Sockets;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Tests the socket of the broker: who may have its name, and which peers it serves.</summary>
public sealed class BrokerSocketTests
{
    [Fact]
    public void A_socket_is_replaced_only_if_a_killed_broker_left_it()
    {
        using BrokerScenario scenario = new();
        Assert.Contains(
            "is listening there already",
            Assert.Throws<VfioException>(() => DeviceBroker.Listen(scenario.Path)).Message,
            StringComparison.Ordinal);
        scenario.Host.Write("file", "keep");
        Assert.Contains(
            "something else",
            Assert.Throws<VfioException>(() => DeviceBroker.Listen(scenario.Host.PathOf("file"))).Message,
            StringComparison.Ordinal);
        Assert.Equal("keep", scenario.Host.Read("file"));
        // As a killed broker leaves it: the name exists, and no process listens on it.
        string dead = scenario.Host.PathOf("dead.sock");
        File.Move(scenario.Path, dead);
        scenario.Stop();
        scenario.Broker.Dispose();
        Assert.True(Path.Exists(dead));
        using Socket anew = DeviceBroker.Listen(dead);
        using Socket client = BrokerClient.NewSocket();
        client.Connect(new UnixDomainSocketEndPoint(dead));
        Assert.Throws<VfioException>(() => DeviceBroker.Listen(scenario.Host.PathOf("no/such/folder")));
        Assert.Contains(
            "107",
            Assert.Throws<VfioException>(() => DeviceBroker.Listen("/" + new string('x', 108))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_broker_that_ends_takes_its_socket_with_it()
    {
        using BrokerScenario scenario = new();
        Assert.True(Path.Exists(scenario.Path));
        scenario.Stop();
        scenario.Broker.Dispose();
        Assert.False(Path.Exists(scenario.Path));
    }

    [Fact]
    public void A_socket_of_another_kind_is_refused()
    {
        using FakeHost host = new();
        Socket stream = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stream.Bind(new UnixDomainSocketEndPoint(host.PathOf("s")));
        stream.Listen();
        Assert.Throws<ArgumentException>(() => new DeviceBroker(stream, BrokerPolicy.Parse("", "p")));
        Assert.Throws<ArgumentException>(() => new DeviceBroker(BrokerClient.NewSocket(), BrokerPolicy.Parse("", "p")));
    }

    [Fact]
    public void A_client_with_the_longest_name_is_served_as_others_are()
    {
        using BrokerScenario scenario = new();
        using Socket client = BrokerClient.NewSocket();
        client.Bind(new LongestName(scenario.Host.PathOf("client-")));
        client.Connect(new UnixDomainSocketEndPoint(scenario.Path));
        client.Send(new byte[BrokerProtocol.RequestBytes]);
        Assert.Equal(BrokerEventKind.Dropped, scenario.NextEvent().Kind);
        scenario.Stop();
    }

    // Without the terminating zero, which the kernel adds when it returns the name: a byte more than fits (unix(7)).
    private sealed class LongestName(string path) : EndPoint
    {
        public override SocketAddress Serialize()
        {
            const int FamilyBytes = 2, PathBytes = 108;
            SocketAddress address = new(AddressFamily.Unix, FamilyBytes + PathBytes);
            for (int i = 0; i < PathBytes; i++)
            {
                address[FamilyBytes + i] = (byte)(i < path.Length ? path[i] : 'x');
            }

            return address;
        }
    }
}
