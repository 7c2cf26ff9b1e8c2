using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>Runs while no other test does, so that it can count the descriptors of this process.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// Many clients that end at any moment, and many hostile ones: afterwards the broker works as before, and has nothing
/// left of them.
/// </summary>
[Collection("Alone")]
public sealed class BrokerEnduranceTests
{
    private const int Devices = 8;

    private static PciAddress Device(int number) => new(0, 0, (byte)(number + 1), 0);

    [Fact]
    public void A_thousand_clients_that_end_at_random_leave_nothing()
    {
        using BrokerScenario scenario = Start();
        string[] before = OpenDescriptors();
        int opened = 0;
        Parallel.For(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, number =>
        {
            Random random = new(number);
            try
            {
                switch (random.Next(5))
                {
                    case 0: // connects
                        scenario.Connect().Dispose();
                        break;
                    case 1: // asks, and is gone before the answer
                        using (Socket socket = scenario.Connect())
                        {
                            byte[] request = new byte[BrokerProtocol.RequestBytes];
                            BrokerProtocol.WriteRequest(
                                request, new BrokerRequest(Device(random.Next(Devices)), BrokerBackend.Any));
                            _ = DescriptorMessage.Send(socket.SafeHandle, request, [], waits: true);
                        }

                        break;
                    default: // has it for a while; the connection or the descriptors end first
                        BrokerScenario.Held held = scenario.Ask(
                            Device(random.Next(Devices)), (BrokerBackend)random.Next(3));
                        Interlocked.Increment(ref opened);
                        Thread.Sleep(random.Next(3));
                        if (random.Next(2) == 0)
                        {
                            held.Connection.Dispose();
                        }

                        held.Dispose();
                        break;
                }
            }
            catch (VfioException e) when (BrokerScenario.IsOthers(e))
            {
                // Other clients were first.
            }
        });

        Assert.InRange(opened, 100, 1000);
        for (int i = 0; i < Devices; i++)
        {
            scenario.AskPatiently(Device(i)).Dispose();
        }

        AssertNothingLeft(scenario, before);
        Assert.Equal(
            scenario.Events.Count(told => told.Kind == BrokerEventKind.Opened),
            scenario.Events.Count(told => told.Kind == BrokerEventKind.Closed));
    }

    [Fact]
    public void Thousands_of_hostile_messages_leave_nothing()
    {
        int messages = Soak.Times(10_000, 100_000);
        using BrokerScenario scenario = Start(new BrokerOptions { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        string[] before = OpenDescriptors();
        long memoryBefore = 0;
        int sent = 0;
        for (int round = 0; round < 10; round++)
        {
            int first = round * (messages / 10);
            Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, part =>
            {
                Random random = new(first + part);
                for (int i = 0; i < messages / 40; i++)
                {
                    scenario.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(20)));
                    if (Attack(scenario, random))
                    {
                        Interlocked.Increment(ref sent);
                    }
                }
            });

            // The broker is alive, and its memory is bounded.
            scenario.AskPatiently(Device(round % Devices)).Dispose();
            scenario.Events.Clear();
            long memory = GC.GetTotalMemory(forceFullCollection: true);
            memoryBefore = round == 0 ? memory : memoryBefore;
            Assert.InRange(memory, 0, memoryBefore + (16 << 20));
        }

        Assert.InRange(sent, messages * 8 / 10, messages);
        TestContext.Current.TestOutputHelper!.WriteLine($"{sent} messages got to the broker");
        AssertNothingLeft(scenario, before);
    }

    private static bool Attack(BrokerScenario scenario, Random random)
    {
        using Socket socket = BrokerClient.NewSocket();
        // Waits while the queue is full of other connections.
        socket.Connect(new UnixDomainSocketEndPoint(scenario.Path));
        byte[] message = new byte[random.Next(4) == 0 ? random.Next(20_000) : random.Next(64)];
        random.NextBytes(message);
        SafeFileHandle[] files = [];
        byte[] request = new byte[BrokerProtocol.RequestBytes];
        BrokerProtocol.WriteRequest(request, new BrokerRequest(Device(random.Next(Devices)), BrokerBackend.Any));
        switch (random.Next(8))
        {
            case 0: // a part of a request
                message = request[..random.Next(request.Length)];
                break;
            case 1: // a byte of it is another
                request[random.Next(request.Length)] = (byte)random.Next(256);
                message = request;
                break;
            case 2: // a huge length
                request[11] = 0xff;
                message = request;
                break;
            case 3: // with descriptors
                message = request;
                using (SafeFileHandle file = File.OpenHandle("/dev/null"))
                {
                    return DescriptorMessage.Send(socket.SafeHandle, message, [file, file], waits: false) == 0;
                }

            case 4: // half closed
                socket.Shutdown(random.Next(2) == 0 ? SocketShutdown.Send : SocketShutdown.Receive);
                break;
            case 5: // more than one
                _ = DescriptorMessage.Send(socket.SafeHandle, message, files, waits: false);
                _ = DescriptorMessage.Send(socket.SafeHandle, message, files, waits: false);
                break;
        }

        return DescriptorMessage.Send(socket.SafeHandle, message, files, waits: false) is 0 or Errno.EPIPE;
    }

    private static BrokerScenario Start(BrokerOptions? options = null)
    {
        BrokerScenario scenario = new(options: options);
        for (int i = 0; i < Devices; i++)
        {
            scenario.AddDevice(Device(i).ToString(), i + 1);
        }

        return scenario;
    }

    // This process contains the broker and the clients. The runtime keeps the assemblies open that it has loaded.
    private static string[] OpenDescriptors() => [.. Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(file => new FileInfo(file).LinkTarget ?? "")
        .Where(target => !target.EndsWith(".dll", StringComparison.Ordinal)
            && !target.StartsWith("/proc/", StringComparison.Ordinal)
            && target.Length != 0)
        .Order(StringComparer.Ordinal)];

    private static void AssertNothingLeft(BrokerScenario scenario, string[] before)
    {
        Eventually.Holds(() => scenario.Broker.ConnectionCount == 0, "the broker learns that all clients have ended");
        Assert.Empty(OpenDescriptors().Except(before)); // what others left behind may close meanwhile
    }
}
