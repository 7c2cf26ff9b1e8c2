using System.Runtime.CompilerServices;

namespace Vfio.Host;

/// <summary>
/// The program that udev and systemd run as root later on: it has to be one that nobody but root can change, and that is there early in the boot.
/// </summary>
internal static class InstalledProgram
{
    private const uint WritableByOthers = 0x12; // group and others
    private const uint Executable = 0x49;

    /// <summary>Why a program must not be called from there.</summary>
    /// <param name="host">The host.</param>
    /// <param name="given">The program; <see langword="null"/> for the one that runs.</param>
    /// <param name="program">Its path.</param>
    /// <returns>The end of a sentence about the program; <see langword="null"/> where it may.</returns>
    public static string? Objection(HostRoot host, string? given, out string program)
    {
        program = given ?? Environment.ProcessPath ?? "";
        // systemd's udevd forbids its programs memory that is written and then executed.
        return IsJustInTime(given)
            ? "is compiled just in time, which udev's sandbox does not let run"
            : !IsPlain(program) ? "has a path that is not plain letters, digits and ./_+-"
            : FindChangeable(host, program) is string place ? $"can be changed by others than root: {place}"
            : FindLateMount(host, program) is string mount ? $"is on {mount}, which is mounted after the devices are found"
            : null;
    }

    /// <summary>What to do about it; <see langword="null"/> for the usual: install it where only root can change it.</summary>
    public static string? HintFor(string? given) => IsJustInTime(given) ? "install the tool that is compiled ahead of time (the archive that eng/publish makes), and bind with that one" : null;

    private static bool IsJustInTime(string? given) => given is null && RuntimeFeature.IsDynamicCodeSupported;

    /// <summary>Whether a path can stand in a rule and a unit without quoting.</summary>
    public static bool IsPlain(string path) =>
        path.Length is > 1 and <= 255 && path[0] == '/' && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '+' or '-') && !path.Split('/').Contains("..");

    private static string? FindChangeable(HostRoot host, string program)
    {
        string path = "";
        foreach (string part in (string[])["", .. program.Split('/', StringSplitOptions.RemoveEmptyEntries)])
        {
            path = Path.Combine(path, part);
            if (FileStatus.Of(host.Combine(path)) is not FileStatus status || !IsRootsAlone(status))
            {
                return "/" + path;
            }
        }

        return FileStatus.Of(host.Combine(path)) is { } file && (file.Mode & Executable) == Executable ? null : "/" + path;
    }

    /// <summary>Whether only root can change what has this owner and mode. What tests make is their own user's.</summary>
    public static bool IsRootsAlone(FileStatus status) => (status.UserId == 0 || status.UserId == Users.EffectiveId) && (status.Mode & WritableByOthers) == 0;

    // The initramfs mounts these two; all else comes after udev.
    private static string? FindLateMount(HostRoot host, string program) =>
        MountTable.Find(host, program) is (string place, _) && place is not ("/" or "/usr") ? place : null;
}
