namespace Vfio.Cli;

/// <summary>Holds the facts about all commands, for help, manual pages and tests.</summary>
internal static class Manual
{
    /// <summary>The date of the last change of these texts.</summary>
    public const string Date = "2026-12-01";

    public static IReadOnlyList<(string Name, string Meaning)> ExitCodes { get; } =
    [
        ("0", "Success."),
        ("1", "Failure; the message says what failed."),
        ("2", "Wrong usage; nothing was done."),
        (
            "3",
            "Refused, because it would harm the host, a program holds the device, or it belongs to another user. "
            + "Nothing was changed; the hint says whether --force helps."
        ),
        ("125, 126, 127", "Only for vfio run, which otherwise returns the exit code of its command: vfio failed; the "
            + "command cannot be executed; the command was not found."),
        (
            "129, 130, 143",
            "Ended by SIGHUP, Ctrl-C or SIGTERM. bind and release finish first, so that no device is left half bound."),
    ];

    public static IReadOnlyList<(string Name, string Meaning)> Environment { get; } =
    [
        ("NO_COLOR", "If set and not empty: no colour, not even on a terminal."),
        ("COLUMNS", "The maximum width of lines if standard output is not a terminal. By default, lines are "
            + "not shortened there."),
        (
            "SUDO_UID, PKEXEC_UID",
            "The calling user, set by sudo and pkexec: if vfio run runs as root, it runs its command as that user."),
        ("VFIO_DEBUG", "If set to 1: errors include a stack trace, for a bug report."),
    ];

    public static IReadOnlyList<(string Name, string Meaning)> Files { get; } =
    [
        ("/run/vfio", "One file for each bound device, which says how to release it. A reboot removes the files, and "
            + "also ends the bindings."),
        ("/dev/vfio", "The nodes through which bound devices are used: one for each IOMMU group, and in "
            + "devices/ one for each device."),
        ("/sys/bus/pci", "The PCI devices and drivers of the kernel."),
        (
            "/usr/share/misc/pci.ids",
            "The names of vendors and devices. If it is missing, a built-in selection is used."),
    ];

    public static IReadOnlyList<string> SeeAlso { get; } = ["lspci(8)", "setpci(8)", "driverctl(8)"];
}
