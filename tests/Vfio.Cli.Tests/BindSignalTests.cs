using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Vfio.Cli.Tests;

/// <summary>Tests that nothing runs beside: what they wait for has seconds, and threads of the pool that are not others'.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class TestsAlone;

/// <summary>A signal while devices change hands.</summary>
[Collection("Alone")]
public sealed class BindSignalTests : IDisposable
{
    private static readonly FakeDevice Card = new("0000:05:00.0", 0x8086, 0x10d3, "020000") { Driver = "e1000e", Group = 30 };

    private readonly FakeHost _host = FakeHost.Typical();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_signal_in_the_middle_waits_until_the_plan_is_whole()
    {
        _host.Add(Card);
        // The handlers of a signal run one after the other. The tool's was registered between these two: when both have run, so has it.
        using CountdownEvent signalled = new(2);
        using PosixSignalRegistration earlier = Witness(signalled);
        // Started before: the library waits five seconds for the driver, in which nothing slow may happen.
        using Process kill = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"read go && kill -HUP {Environment.ProcessId}"]) { RedirectStandardInput = true })!;
        PosixSignalRegistration? later = null;
        using FakeKernel kernel = new(_host, Card, beforeBind: () =>
        {
            later = Witness(signalled);
            kill.StandardInput.WriteLine("go");
            kill.StandardInput.Flush();
            _ = signalled.Wait(Eventually.Limit);
        });
        Task<Result> bind = Task.Factory.StartNew(() => Tool.Run(_host, "bind", "05:00.0"), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Result result = await bind;
        later!.Dispose();
        Assert.True(signalled.IsSet);
        Assert.Equal((128 + 1, "0000:05:00.0 bound to vfio-pci (previously e1000e)\n", ""), (result.ExitCode, result.Output, result.Errors));
    }

    private static PosixSignalRegistration Witness(CountdownEvent signalled) => PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        signalled.Signal();
    });
}
