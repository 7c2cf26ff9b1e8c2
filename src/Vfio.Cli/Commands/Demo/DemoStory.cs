namespace Vfio.Cli;

/// <summary>Holds the texts and commands of <c>vfio demo</c>.</summary>
internal static class DemoStory
{
    private const string Device = "emu:edu";

    /// <summary>The introduction.</summary>
    public const string Beginning =
        "A device is named by its PCI address or by a name that the host gives it: 0000:00:14.3, eth0, nvme0n1. This "
        + "demo uses emu:edu, a model of QEMU's educational device that is part of vfio: no device of this host is "
        + "touched, and nothing here needs root. The commands are real, and so is their output.";

    /// <summary>The closing text.</summary>
    public const string End =
        "With your own device: 'vfio list' shows which devices this host has and which can be bound; 'vfio bind "
        + "--dry-run DEV' shows what binding one would change. 'vfio help' lists the commands; 'vfio shell emu:edu' is "
        + "a safe place to try things.";

    /// <summary>Returns the steps.</summary>
    /// <param name="recording">A file that the demo may write.</param>
    public static IReadOnlyList<DemoStep> Steps(string recording) =>
    [
        new(
            "Look at it",
            "Everything about a device, without opening it: IDs, regions, interrupts, and every capability "
            + "and register of its configuration space. For a real device also its driver, its IOMMU group, "
            + "and whether it can be bound.",
            ["show", Device]),
        new(
            "Bind it",
            "A real device has a driver. 'sudo vfio bind --user $USER DEV' binds it to vfio-pci instead, and lets you "
            + "use it without root. The previous state is saved first, and a bind that would harm the host is refused. "
            + "A device model has no driver.",
            ["bind", Device]),
        new(
            "Read a register",
            "If vfio knows the device, read a register by its name; its fields are shown too. Any register of any "
            + "device can be read by its place: a region and an offset.",
            ["read", Device, "ID"],
            ["read", Device, "bar0+0x0"]),
        new(
            "Work with it",
            "Each command opens the device, and the kernel resets it each time. The shell keeps it open; on "
            + "a terminal it has a history, and Tab completes names. LIVENESS reads as the complement of the "
            + "value written to it. FACTORIAL takes a number, and holds its factorial once the COMPUTING bit "
            + "of STATUS is clear: 5! is 120, which is 0x78.",
            ["shell", Device])
        {
            Input =
            [
                $"record {recording}",
                "write LIVENESS 0x12345678",
                "read LIVENESS",
                "write FACTORIAL 5",
                "wait STATUS COMPUTING 0 1s",
                "read FACTORIAL",
            ],
        },
        new(
            "Replay it",
            "The recorded session is repeated, and the first read that differs is reported. This shows whether a "
            + "device, or a driver, still behaves as it did yesterday.",
            ["replay", recording, Device]),
        new(
            "Release it",
            "The device returns to its original driver, and its driver override, permissions and interface name are "
            + "restored. After a crash, 'vfio release --all' does this for every bound device.",
            ["release", Device]),
    ];
}
