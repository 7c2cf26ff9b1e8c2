using System.Globalization;

namespace Vfio.Host;

/// <summary>A process as a record keeps it: its number, and its start time, because numbers are used again.</summary>
/// <param name="Id">The number.</param>
/// <param name="StartTime">When it started, in the kernel's clock ticks since the boot.</param>
internal sealed record ProcessIdentity(int Id, long StartTime)
{
    private const int StartTimeField = 19; // of those behind the command's name: proc_pid_stat(5), field 22

    /// <summary>Finds a process that has not ended.</summary>
    /// <returns>The process; <see langword="null"/> if none has this number.</returns>
    public static ProcessIdentity? Find(HostRoot host, int id)
    {
        // The command's name stands in parentheses, and may hold any character.
        string text = SysfsFile.Read(host.Combine($"proc/{id}/stat")) ?? "";
        string[] fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartTimeField
            && fields[0] is not ("Z" or "X")
            && long.TryParse(fields[StartTimeField], NumberStyles.None, CultureInfo.InvariantCulture, out long start) ? new ProcessIdentity(id, start) : null;
    }

    /// <summary>Gets whether this process has not ended.</summary>
    public bool IsAlive(HostRoot host) => Find(host, Id) == this;
}
