using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Vfio.Cli.Tests;

/// <summary>
/// Tests that must run alone in the process, because they wait for events with a time limit and need free threads of
/// the pool.
/// </summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class TestsAlone;

/// <summary>Sends a signal while devices are bound or released.</summary>
[Collection("Alone")]
public sealed class BindSignalTests : IDisposable
{
    private static readonly FakeDevice Card =
        new("0000:05:00.0", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 30 };

    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_signal_during_a_bind_waits_until_the_plan_is_complete()
    {
        _host.Add(Card);
        // The handlers of a signal run one after the other. The tool's handler was registered between these two, so
        // when both have run, it has run too.
        using CountdownEvent signalled = new(2);
        using PosixSignalRegistration earlier = Witness(signalled);
        // Started before, because the library waits only five seconds for the driver.
        using Process kill = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", $"read go && kill -HUP {Environment.ProcessId}"])
            {
                RedirectStandardInput = true,
            })!;
        PosixSignalRegistration? later = null;
        using FakeKernel kernel = new(_host, Card, beforeBind: () =>
        {
            later = Witness(signalled);
            kill.StandardInput.WriteLine("go");
            kill.StandardInput.Flush();
            _ = signalled.Wait(Eventually.Limit);
        });
        Task<Result> bind = Task.Factory.StartNew(
            () => Tool.Run(_host, "bind", "05:00.0"),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Result result = await bind;
        later!.Dispose();
        Assert.True(signalled.IsSet);
        Assert.Equal(
            (128 + 1, "0000:05:00.0 bound to vfio-pci (previously e1000e)\n", ""),
            (result.ExitCode, result.Output, result.Errors));
    }

    private static PosixSignalRegistration Witness(CountdownEvent signalled) =>
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            signalled.Signal();
        });
}
