using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Writes the broker's events to standard output, one line each, and flushes after each line. Signal handlers, which
/// run on other threads, write their messages through it too.
/// </summary>
internal sealed class BrokerLog(CliHost host, bool isJson)
{
    // The journal adds the time to each line; a file or a terminal does not.
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

    private void WriteJson(BrokerEvent happened) =>
        Json.WriteLine(host.Out, new BrokerLine(Now(), happened), CliJson.Write);

    private string Now() =>
        host.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Describes an event of a broker, as JSON.</summary>
internal sealed class BrokerLine(string time, BrokerEvent happened)
{
    [JsonConstructor]
    internal BrokerLine()
        : this(null!, null!)
    {
    }

    public string Time => time;

    public string Event => Word(happened.Kind);

    public string User => happened.UserName;

    public uint Uid => happened.UserId;

    public int Pid => happened.ProcessId;

    public string? Device => happened.Device?.ToString();

    public string? Backend => happened.Backend is BrokerBackend backend ? Word(backend) : null;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PolicyLine => happened.PolicyLine == 0 ? null : happened.PolicyLine;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Seconds => happened.Duration is TimeSpan duration ? Math.Round(duration.TotalSeconds, 3) : null;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Suppressed => happened.Suppressed == 0 ? null : happened.Suppressed;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code => happened.Code is BrokerRefusalCode code ? Word(code) : null;

    public string? Reason => happened.Reason;

    private static string Word<T>(T value) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");
}
