using System.Globalization;

namespace Vfio;

/// <summary>Describes processes that hold a device.</summary>
internal static class HolderNames
{
    /// <param name="folder">The process's folder in <c>/proc</c>.</param>
    /// <param name="process">The process ID.</param>
    public static DeviceHolder Describe(string folder, int process)
    {
        string command = SysfsFile.Read(Path.Combine(folder, "comm")) ?? "?";
        uint? uid = ReadUserId(folder);
        return new DeviceHolder
        {
            ProcessId = process,
            Command = Printable(command),
            UserId = uid,
            UserName = uid is uint user ? Users.Name(user) : "unknown",
        };
    }

    /// <summary>Describes a process that was not examined.</summary>
    public static DeviceHolder Bare(int process) =>
        new() { ProcessId = process, Command = "?", UserId = null, UserName = "unknown" };

    /// <summary>Reads the real user ID of a process.</summary>
    /// <param name="folder">The process's folder in <c>/proc</c>.</param>
    /// <returns>The user ID; <see langword="null"/> if the process has ended.</returns>
    public static uint? ReadUserId(string folder)
    {
        string? line = SysfsFile.ReadLines(Path.Combine(folder, "status"))
            .FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        string[] words = line?.Split('\t', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 1
            && uint.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint user)
            ? user
            : null;
    }

    // A process chooses its own name, which must not control the terminal that it is listed on.
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
