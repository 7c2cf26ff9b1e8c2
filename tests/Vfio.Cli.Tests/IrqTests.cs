using System.Text.Json;

namespace Vfio.Cli.Tests;

/// <summary><c>vfio irq</c> on the edu model: INTx and one vector of MSI, signalled without the device.</summary>
public sealed class IrqTests : RegisterCommandTest
{
    [Fact]
    public void Signals_are_counted()
    {
        string[] lines = Run("irq", "emu:edu", "--trigger", "-n", "1", "--interval", "1")
            .Succeeded()
            .FitsIn(80).Output
            .TrimEnd('\n')
            .Split('\n');
        Assert.Equal("emu:edu: MSI, 1 vector", lines[0]);
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} MSI 0 +\+1 +1 +([\d.]+/s|-)$", Assert.Single(lines[1..]));
    }

    [Theory]
    [InlineData("intx", "INTx 0")]
    [InlineData("msi", "MSI 0")]
    [InlineData("request", "request")]
    public void The_kind_can_be_chosen(string index, string name)
    {
        Result result = Run(
            "irq", "emu:edu", "--index", index, "--vector", "0", "--trigger", "-n", "1", "--interval", "1").Succeeded();
        Assert.Contains(name, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_one_line_per_event()
    {
        string[] lines = Run("irq", "emu:edu", "--trigger", "-n", "1", "--interval", "1", "--json")
            .Succeeded().Output
            .TrimEnd('\n')
            .Split('\n');
        Assert.Equal(2, lines.Length);
        JsonElement enabled = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal(("enabled", "msi", 1, 1), (
            enabled.GetProperty("event").GetString(),
            enabled.GetProperty("index").GetString(),
            enabled.GetProperty("vectors").GetInt32(),
            enabled.GetProperty("ofVectors").GetInt32()));
        JsonElement signals = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal(
            ["time", "event", "index", "vector", "count", "total", "perSecond"],
            signals.EnumerateObject().Select(property => property.Name));
        Assert.Equal(("signals", 0, 1, 1), (
            signals.GetProperty("event").GetString(),
            signals.GetProperty("vector").GetInt32(),
            signals.GetProperty("count").GetInt32(),
            signals.GetProperty("total").GetInt32()));
    }

    [Fact]
    public void A_timeout_is_an_error_only_if_signals_were_requested()
    {
        Run("irq", "emu:edu", "--timeout", "1", "--interval", "10").Succeeded();
        Run("irq", "emu:edu", "--timeout", "1", "--interval", "10", "-n", "3", "--trigger")
            .FailedWith(1, "1 of 3 signals arrived from emu:edu in 1 s", "a program enables that");
    }

    [Fact]
    public void Asked_to_stop_it_ends_well()
    {
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(200));
        Run(Tool.Narrow, host => host with { Stop = stop.Token }, "irq", "emu:edu").Succeeded();
    }

    [Theory]
    [InlineData(
        1, "emu:edu has no MSI-X interrupts", "it has 1 INTx, 1 MSI, 1 request", "irq", "emu:edu", "--index", "msix")]
    [InlineData(
        1, "emu:edu has no error interrupts", "it has 1 INTx, 1 MSI, 1 request", "irq", "emu:edu", "--index", "error")]
    [InlineData(1, "emu:edu has no MSI vector 1", "it has 1, numbered from 0", "irq", "emu:edu", "--vector", "1")]
    [InlineData(2, "'msi-x' is not an interrupt type", "vfio irq --help", "irq", "emu:edu", "--index", "msi-x")]
    [InlineData(2, "'0' is not an interval", "vfio irq --help", "irq", "emu:edu", "--interval", "0")]
    [InlineData(2, "'2048' is not a vector", "vfio irq --help", "irq", "emu:edu", "--vector", "2048")]
    [InlineData(1, "0000:00:14.3 has no interrupts", "it has no interrupts", "irq", "00:14.3")]
    public void Wrong_usage_is_reported(int code, string message, string hint, params string[] arguments) =>
        Run(arguments).FailedWith(code, message, hint);
}
