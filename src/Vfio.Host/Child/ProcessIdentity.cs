using System.Globalization;

namespace Vfio.Host;

/// <summary>Identifies a process in a record: its ID and its start time, because IDs are reused.</summary>
/// <param name="Id">The process ID.</param>
/// <param name="StartTime">When it started, in the kernel's clock ticks since the boot.</param>
internal sealed record ProcessIdentity(int Id, long StartTime)
{
    // counted from the field after the command name; field 22 in proc_pid_stat(5)
    private const int StartTimeField = 19;

    /// <summary>Finds a process that has not ended.</summary>
    /// <returns>The process; <see langword="null"/> if no process has this ID.</returns>
    public static ProcessIdentity? Find(HostRoot host, int id)
    {
        // The command name is in parentheses, and may contain any character.
        string text = SysfsFile.Read(host.Combine($"proc/{id}/stat")) ?? "";
        string[] fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartTimeField
            && fields[0] is not ("Z" or "X")
            && long.TryParse(fields[StartTimeField], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
            ? new ProcessIdentity(id, start)
            : null;
    }

    /// <summary>Gets whether this process has not ended.</summary>
    public bool IsAlive(HostRoot host) => Find(host, Id) == this;
}
