using System.Runtime.CompilerServices;

namespace Vfio.Host;

/// <summary>
/// Checks the program that udev and systemd run as root later: only root may be able to change it, and it has to be
/// available early in the boot.
/// </summary>
internal static class InstalledProgram
{
    private const uint WritableByOthers = 0x12; // group and others
    private const uint Executable = 0x49;

    /// <summary>Gets the reason why udev and systemd must not run a program.</summary>
    /// <param name="host">The host.</param>
    /// <param name="given">The program; <see langword="null"/> for the program of this process.</param>
    /// <param name="program">Its path.</param>
    /// <returns>The end of a sentence about the program; <see langword="null"/> if there is no objection.</returns>
    public static string? Objection(HostRoot host, string? given, out string program)
    {
        program = given ?? Environment.ProcessPath ?? "";
        // systemd's udevd does not allow its programs memory that is written and then executed.
        return IsJustInTime(given)
            ? "is compiled just in time, which udev's sandbox does not allow"
            : !IsPlain(program) ? "has a path with other characters than letters, digits and ./_+-"
            : FindChangeable(host, program) is string place ? $"can be changed by users other than root: {place}"
            : FindLateMount(host, program) is string mount
                ? $"is on {mount}, which is mounted only after udev has found the devices"
            : null;
    }

    /// <summary>
    /// Gets the hint for that reason; <see langword="null"/> for the default hint, to install the program where only
    /// root can change it.
    /// </summary>
    public static string? HintFor(string? given) => IsJustInTime(given)
        ? "install the build that is compiled ahead of time (the archive of eng/publish), and run vfio bind from there"
        : null;

    private static bool IsJustInTime(string? given) => given is null && RuntimeFeature.IsDynamicCodeSupported;

    /// <summary>Gets whether a path can be used in a udev rule and a systemd unit without quoting.</summary>
    public static bool IsPlain(string path) =>
        path.Length is > 1 and <= 255
        && path[0] == '/'
        && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '+' or '-')
        && !path.Split('/').Contains("..");

    private static string? FindChangeable(HostRoot host, string program)
    {
        string path = "";
        foreach (string part in (string[])["", .. program.Split('/', StringSplitOptions.RemoveEmptyEntries)])
        {
            path = Path.Combine(path, part);
            if (FileStatus.Of(host.Combine(path)) is not FileStatus status || !OnlyRootCanChange(status))
            {
                return "/" + path;
            }
        }

        return FileStatus.Of(host.Combine(path)) is { } file && (file.Mode & Executable) == Executable
            ? null
            : "/" + path;
    }

    /// <summary>
    /// Gets whether only root can change a file with this owner and mode. In tests, files belong to the user who runs
    /// them.
    /// </summary>
    public static bool OnlyRootCanChange(FileStatus status) =>
        (status.UserId == 0 || status.UserId == Users.EffectiveId) && (status.Mode & WritableByOthers) == 0;

    // The initramfs mounts these two; all others are mounted after udev starts.
    private static string? FindLateMount(HostRoot host, string program) =>
        MountTable.Find(host, program) is (string place, _) && place is not ("/" or "/usr") ? place : null;
}
