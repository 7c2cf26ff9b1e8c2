using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>The broker's record on standard output, a line an event, written at once; signals' threads tell the person beside it.</summary>
internal sealed class BrokerLog(CliHost host, bool isJson)
{
    // The journal has the time of each line; a file or terminal has not.
    private readonly bool _showsTime = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is null;
    private readonly Lock _lock = new();

    public void Write(BrokerEvent happened)
    {
        lock (_lock)
        {
            if (isJson)
            {
                WriteJson(happened);
            }
            else
            {
                host.Out.WriteLine(Printable.Clean(_showsTime ? $"{Now()} {happened}" : happened.ToString()));
            }

            host.Out.Flush();
        }
    }

    public void Tell(string line)
    {
        lock (_lock)
        {
            host.Tell(Printable.Clean(line));
        }
    }

    private void WriteJson(BrokerEvent happened) => Json.WriteLine(
        host.Out,
        new BrokerLine(
            Now(),
            Word(happened.Kind),
            happened.UserName,
            happened.UserId,
            happened.ProcessId,
            happened.Device?.ToString(),
            happened.Backend is BrokerBackend backend ? Word(backend) : null,
            happened.PolicyLine == 0 ? null : happened.PolicyLine,
            happened.Duration is TimeSpan duration ? Math.Round(duration.TotalSeconds, 3) : null,
            happened.Suppressed == 0 ? null : happened.Suppressed,
            happened.Code is BrokerRefusalCode code ? Word(code) : null,
            happened.Reason),
        CliJson.OneLine.BrokerLine);

    private static string Word<T>(T value) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");

    private string Now() => host.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Something that happened to a broker, as JSON.</summary>
internal sealed record BrokerLine(
    string Time, string Event, string User, uint Uid, int Pid, string? Device, string? Backend,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? PolicyLine,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Seconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Untold,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code,
    string? Reason);
