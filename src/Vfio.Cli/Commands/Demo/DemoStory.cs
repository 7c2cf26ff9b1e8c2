namespace Vfio.Cli;

/// <summary>The story that <c>vfio demo</c> plays.</summary>
internal static class DemoStory
{
    private const string Device = "emu:edu";

    /// <summary>What is said first.</summary>
    public const string Beginning =
        "A device is named by its PCI address, or by what the host calls it: 0000:00:14.3, eth0, nvme0n1. This story has emu:edu, a model of QEMU's "
        + "educational device, which is part of vfio itself: no device of this host is touched, and nothing here needs root. The commands are real, "
        + "and so is what they print.";

    /// <summary>What is said last.</summary>
    public const string End =
        "With a device of your own: 'vfio list' shows what this host has and what can be taken, 'vfio bind --dry-run DEV' what taking it would change. "
        + "'vfio help' lists the commands; 'vfio shell emu:edu' is a place to play.";

    /// <summary>The steps.</summary>
    /// <param name="recording">A file that the story may write.</param>
    public static IReadOnlyList<DemoStep> Steps(string recording) =>
    [
        new(
            "Look at it",
            "All about a device, without opening it: ids, regions, interrupts, every capability and register of its configuration space. Of a real "
            + "one also its driver, its IOMMU group, and whether it can be taken.",
            ["show", Device]),
        new(
            "Take it",
            "A real device has a driver. 'sudo vfio bind --user $USER DEV' takes it away for vfio-pci, and lets you use it without root. What was "
            + "before is written down first; what would harm the host is refused. A model has no driver.",
            ["bind", Device]),
        new(
            "Read a register",
            "By its name, where vfio knows the device, with its fields; any register of any device by its place, which is a region and an offset.",
            ["read", Device, "ID"],
            ["read", Device, "bar0+0x0"]),
        new(
            "Work with it",
            "Each command opens the device, and the kernel resets it each time. The shell keeps it open; at a terminal it has a history, "
            + "and Tab completes. LIVENESS answers with the complement of what was written. FACTORIAL takes a number, and has its factorial when "
            + "COMPUTING of STATUS is clear again: 5! is 120, which is 0x78.",
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
            "Do it again",
            "What was recorded is performed again, and the first read that differs is told: is this the device, or the driver, that it was yesterday?",
            ["replay", recording, Device]),
        new(
            "Hand it back",
            "Its driver gets it back, with override, permissions and interface name as they were; 'vfio release --all' does so after a crash, too.",
            ["release", Device]),
    ];
}
