using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Maps commands and options of other tools to their equivalents here (docs/coming-from.md has the whole list).
/// </summary>
internal static class Habits
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        // Commands of driverctl, dpdk-devbind, lspci, setpci, virsh, nvme-cli and sysfs.
        ["unbind"] = "vfio release DEV returns a device to its original driver",
        ["attach"] = "vfio release DEV returns a device to its original driver",
        ["reattach"] = "vfio release DEV returns a device to its original driver",
        ["nodedev-reattach"] = "vfio release DEV returns a device to its original driver",
        ["unset-override"] = "vfio release DEV returns a device to its original driver, and ends --persist",
        ["set-override"] = "vfio bind --persist DEV binds a device to vfio-pci, also after every reboot; without "
            + "--persist, until the next one",
        ["detach"] = "vfio bind DEV binds a device to vfio-pci",
        ["nodedev-detach"] = "vfio bind DEV binds a device to vfio-pci",
        ["take"] = "vfio bind DEV binds a device to vfio-pci",
        ["list-overrides"] = "vfio status shows which devices are bound",
        ["list-devices"] = "vfio list shows the devices and their drivers",
        ["nodedev-list"] = "vfio list shows the devices and their drivers",
        ["devices"] = "vfio list shows the devices and their drivers",
        ["lspci"] = "vfio list shows the devices and their drivers, vfio show DEV one of them",
        ["ls"] = "vfio list shows the devices and their drivers",
        ["info"] = "vfio show DEV shows everything about a device",
        ["describe"] = "vfio show DEV shows everything about a device",
        ["id-ctrl"] = "vfio show DEV describes a controller; vfio read DEV CAP reads one of its registers",
        ["show-regs"] = "vfio read DEV CSTS reads a register by its name; vfio dump DEV bar0 prints all",
        ["setpci"] =
            "vfio read DEV config.COMMAND reads configuration space, vfio write DEV config.COMMAND 0x6 writes it",
        ["tree"] = "vfio groups shows the IOMMU groups; --html FILE draws the tree of all devices",
        ["check"] = "vfio doctor checks whether this host supports VFIO, vfio doctor DEV whether a device can be bound",
        ["persist"] = "vfio bind --persist DEV binds a device also after every reboot",

        // Options.
        ["--status"] = "vfio status shows which devices are bound, vfio list all devices with their drivers",
        ["-s"] = "vfio show DEV shows one device, as lspci -s does; vfio status shows the bound devices, as "
            + "dpdk-devbind -s does",
        ["-b"] = "vfio bind DEV binds a device to vfio-pci",
        ["--bind"] = "vfio bind DEV binds a device to vfio-pci",
        ["-u"] = "vfio release DEV returns a device to its original driver",
        ["--unbind"] = "vfio release DEV returns a device to its original driver",
        ["-t"] = "vfio groups shows the IOMMU groups; --html FILE draws the tree of all devices",
        ["--tree"] = "vfio groups shows the IOMMU groups; --html FILE draws the tree of all devices",
        ["-d"] = "vfio list --id VENDOR:DEVICE lists devices by their IDs",
        ["-D"] = "vfio list shows addresses with their domains",
        ["-k"] = "vfio list shows each device's driver; vfio show DEV shows everything about one",
        ["-n"] = "vfio list --id VENDOR:DEVICE lists devices by their IDs; vfio list --json prints the IDs of all",
        ["-nn"] = "vfio list --json prints the IDs too; vfio show DEV shows everything about one device",
        ["-nnk"] = "vfio list shows each device's driver; vfio list --json prints the IDs too",
        ["-vv"] = "vfio show --verbose DEV shows each register",
        ["-vvv"] = "vfio show --verbose DEV shows each register",
        ["-x"] = "vfio show --config DEV prints configuration space",
        ["-xxx"] = "vfio show --config DEV prints configuration space",
        ["-xxxx"] = "vfio show --config DEV prints configuration space",
        ["--dryrun"] = "did you mean --dry-run? It is an option of bind, release, run, sriov and reset",
        ["--noiommu-mode"] = "vfio bind --noiommu DEV binds a device that has no IOMMU",
        ["--nosave"] = "vfio bind DEV lasts until the next reboot, unless you add --persist",
    };

    /// <summary>
    /// Returns what a user who types this word is looking for; <see langword="null"/> if the word is unknown.
    /// </summary>
    public static string? Find(string word) => Words.GetValueOrDefault(word.Split('=', 2)[0]);

    /// <summary>
    /// Finds the PCI address in a name as other programs write it: <c>pci_0000_00_14_3</c> (libvirt),
    /// <c>pci@0000:00:14.3</c> (lshw).
    /// </summary>
    public static PciAddress? AddressIn(string word)
    {
        string text = word.StartsWith("pci_", StringComparison.Ordinal) ? ReplaceUnderscores(word["pci_".Length..])
            : word.StartsWith("pci@", StringComparison.Ordinal) ? word["pci@".Length..]
            : word.StartsWith("pci:", StringComparison.Ordinal) ? word["pci:".Length..]
            : word.StartsWith("PCI:", StringComparison.Ordinal) ? word["PCI:".Length..]
            : word.StartsWith("/sys/", StringComparison.Ordinal) ? Path.GetFileName(word.TrimEnd('/'))
            : "";
        return PciAddress.TryParse(text, out PciAddress address) ? address : null;
    }

    // In 0000_00_14_3 the last underscore stands for a dot.
    private static string ReplaceUnderscores(string text) =>
        text.LastIndexOf('_') is int last and > 0 ? $"{text[..last].Replace('_', ':')}.{text[(last + 1)..]}" : text;
}
