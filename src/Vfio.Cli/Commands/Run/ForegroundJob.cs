using System.Globalization;

namespace Vfio.Cli;

/// <summary>Whether this process belongs to the job that a terminal's keyboard reaches.</summary>
internal static class ForegroundJob
{
    // proc_pid_stat(5), counted from the state, the first field behind the name.
    private const int GroupField = 2;
    private const int TerminalField = 4;
    private const int ForegroundField = 5;

    /// <summary>Whether it does now.</summary>
    public static bool IsOurs() => IsForeground(File.ReadAllText("/proc/self/stat"));

    /// <summary>Whether a process belongs to its terminal's foreground job, by its line in /proc.</summary>
    public static bool IsForeground(string stat)
    {
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > ForegroundField
            && int.TryParse(fields[TerminalField], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int terminal) && terminal != 0
            && fields[ForegroundField] == fields[GroupField];
    }
}
