namespace Vfio.Cli;

/// <summary>What holds for every command, for help, manual pages and tests alike.</summary>
internal static class Manual
{
    /// <summary>The day these texts were last changed.</summary>
    public const string Date = "2026-12-01";

    public static IReadOnlyList<(string Name, string Meaning)> ExitCodes { get; } =
    [
        ("0", "Done."),
        ("1", "Failed; the message says at what."),
        ("2", "Wrong usage: nothing was tried."),
        (
            "3",
            "Refused: it would harm the host, a program holds the device, or it is another user's. Nothing was changed; the hint says whether --force helps."
        ),
        ("125, 126, 127", "Of vfio run, whose exit code is its command's: vfio failed; the command cannot be executed; there is no such command."),
        ("129, 130, 143", "Ended by SIGHUP, Ctrl-C or SIGTERM; bind and release finish first, so that no device is left half-way."),
    ];

    public static IReadOnlyList<(string Name, string Meaning)> Environment { get; } =
    [
        ("NO_COLOR", "Set to anything but the empty string: no colour, on a terminal either."),
        ("COLUMNS", "How wide lines may be where standard output is no terminal; else they are whole there."),
        ("SUDO_UID, PKEXEC_UID", "Who called, as sudo and pkexec set them: vfio run, as root, runs its command as that user."),
        ("VFIO_DEBUG", "Set to 1: errors come with their stack trace, for a report of a mistake in vfio."),
    ];

    public static IReadOnlyList<(string Name, string Meaning)> Files { get; } =
    [
        ("/run/vfio", "What is taken and how to hand it back, a file for each device. A reboot clears it, and with it what it undoes."),
        ("/dev/vfio", "The nodes through which taken devices are used, one for each IOMMU group."),
        ("/sys/bus/pci", "Where devices are looked at and drivers chosen."),
        ("/usr/share/misc/pci.ids", "The names of vendors and devices; without it a built-in selection."),
    ];

    public static IReadOnlyList<string> SeeAlso { get; } = ["lspci(8)", "setpci(8)", "driverctl(8)"];
}
