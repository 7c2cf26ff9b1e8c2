using System.Globalization;

namespace Vfio.Cli;

/// <summary>
/// Shows the progress of a long dump on one line of standard error, if it takes longer than a second.
/// </summary>
internal sealed class DumpProgress(CliHost host, DumpHeader header)
{
    private const int RowsBetweenLooks = 256;
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Passes the rows through and reports progress.</summary>
    public IEnumerable<DumpRow> Watch(IEnumerable<DumpRow> rows)
    {
        long start = host.Clock.GetTimestamp();
        TimeSpan next = FirstAfter;
        bool isShown = false;
        try
        {
            int count = 0;
            foreach (DumpRow row in rows)
            {
                yield return row;
                if (++count % RowsBetweenLooks == 0
                    && host.Clock.GetElapsedTime(start) is TimeSpan elapsed
                    && elapsed >= next)
                {
                    next = elapsed + Interval;
                    isShown = true;
                    host.Error.Write(string.Create(
                        CultureInfo.InvariantCulture,
                        $"\rdump: {row.Offset / 1024} of {header.Length / 1024} KiB, "
                        + $"{100.0 * row.Offset / header.Length:f0} %"));
                    host.Error.Flush();
                }
            }
        }
        finally
        {
            if (isShown)
            {
                host.Error.Write("\r\e[K");
                host.Error.Flush();
            }
        }
    }
}
