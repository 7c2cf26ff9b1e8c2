using System.Globalization;
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

    private void WriteJson(BrokerEvent happened)
    {
        using JsonLine line = new(host.Out);
        line.Writer.WriteString("time", Now());
        line.Writer.WriteString("event", happened.Kind.ToString().ToLowerInvariant());
        line.Writer.WriteString("user", Printable.Clean(happened.UserName));
        line.Writer.WriteNumber("uid", happened.UserId);
        line.Writer.WriteNumber("pid", happened.ProcessId);
        line.Writer.WriteText("device", happened.Device?.ToString());
        line.Writer.WriteText("backend", happened.Backend);
        if (happened.PolicyLine != 0)
        {
            line.Writer.WriteNumber("policyLine", happened.PolicyLine);
        }

        if (happened.Duration is TimeSpan duration)
        {
            line.Writer.WriteNumber("seconds", Math.Round(duration.TotalSeconds, 3));
        }

        if (happened.Untold != 0)
        {
            line.Writer.WriteNumber("untold", happened.Untold);
        }

        line.Writer.WriteText("reason", happened.Reason);
    }

    private string Now() => host.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
