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
        // The driver takes the device when the signal is there for certain, and a little later: whoever else listens is told in turn.
        using ManualResetEventSlim signalled = new();
        using PosixSignalRegistration witness = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            signalled.Set();
        });
        using FakeKernel kernel = new(_host, Card, beforeBind: () =>
        {
            signalled.Wait(TimeSpan.FromSeconds(10));
            Thread.Sleep(TimeSpan.FromMilliseconds(100));
        });
        // Started before: the library waits five seconds for the driver, in which nothing slow may happen.
        using Process kill = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"read go && kill -HUP {Environment.ProcessId}"]) { RedirectStandardInput = true })!;
        Task<Result> bind = Task.Factory.StartNew(() => Tool.Run(_host, "bind", "05:00.0"), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(_host.PathOf("run/vfio/0000:05:00.0.json")), TimeSpan.FromSeconds(5)));
        await kill.StandardInput.WriteLineAsync("go");
        await kill.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Result result = await bind;
        Assert.Equal((128 + 1, "0000:05:00.0 taken from e1000e, now vfio-pci\n", ""), (result.ExitCode, result.Output, result.Errors));
    }
}
