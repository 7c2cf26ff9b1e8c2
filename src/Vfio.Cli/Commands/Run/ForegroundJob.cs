using System.Globalization;

namespace Vfio.Cli;

/// <summary>
/// Determines whether this process is in the foreground process group of its terminal, which receives the keyboard's
/// signals.
/// </summary>
internal static class ForegroundJob
{
    // The fields of proc_pid_stat(5), counted from the state, which is the first field after the name.
    private const int GroupField = 2;
    private const int TerminalField = 4;
    private const int ForegroundField = 5;

    /// <summary>Returns whether this process is in the foreground process group now.</summary>
    public static bool IsOurs() => IsForeground(File.ReadAllText("/proc/self/stat"));

    /// <summary>
    /// Returns whether a process is in its terminal's foreground process group, from its line in /proc.
    /// </summary>
    public static bool IsForeground(string stat)
    {
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > ForegroundField
            && int.TryParse(
                fields[TerminalField], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int terminal)
            && terminal != 0
            && fields[ForegroundField] == fields[GroupField];
    }
}
