using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Words that people bring along from other tools, and what they are here (docs/coming-from.md has the whole list).</summary>
internal static class Habits
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        // Commands: driverctl, dpdk-devbind, lspci, setpci, virsh, nvme-cli, sysfs itself.
        ["unbind"] = "vfio release DEV hands a device back to its driver",
        ["attach"] = "vfio release DEV hands a device back to its driver",
        ["reattach"] = "vfio release DEV hands a device back to its driver",
        ["nodedev-reattach"] = "vfio release DEV hands a device back to its driver",
        ["unset-override"] = "vfio release DEV hands a device back to its driver, and ends --persist",
        ["set-override"] = "vfio bind --persist DEV takes a device for vfio-pci, after every reboot too; without --persist until the next one",
        ["detach"] = "vfio bind DEV takes a device from its driver",
        ["nodedev-detach"] = "vfio bind DEV takes a device from its driver",
        ["take"] = "vfio bind DEV takes a device from its driver",
        ["list-overrides"] = "vfio status shows what is taken",
        ["list-devices"] = "vfio list shows the devices and their drivers",
        ["nodedev-list"] = "vfio list shows the devices and their drivers",
        ["devices"] = "vfio list shows the devices and their drivers",
        ["lspci"] = "vfio list shows the devices and their drivers, vfio show DEV one of them",
        ["ls"] = "vfio list shows the devices and their drivers",
        ["info"] = "vfio show DEV says everything about a device",
        ["describe"] = "vfio show DEV says everything about a device",
        ["id-ctrl"] = "vfio show DEV says what a controller is; vfio read DEV CAP reads a register of it",
        ["show-regs"] = "vfio read DEV CSTS reads a register by its name; vfio dump DEV bar0 prints all",
        ["setpci"] = "vfio read DEV config.COMMAND reads configuration space, vfio write DEV config.COMMAND 0x6 writes it",
        ["tree"] = "vfio groups shows the IOMMU groups; --html FILE draws the tree of all devices",
        ["check"] = "vfio doctor says whether this host can do VFIO, vfio doctor DEV whether a device can be taken",
        ["persist"] = "vfio bind --persist DEV takes a device after every reboot too",

        // Options.
        ["--status"] = "vfio status shows what is taken, vfio list all devices with their drivers",
        ["-s"] = "vfio show DEV shows one device, as lspci -s does; vfio status what is taken, as dpdk-devbind -s does",
        ["-b"] = "vfio bind DEV takes a device for vfio-pci",
        ["--bind"] = "vfio bind DEV takes a device for vfio-pci",
        ["-u"] = "vfio release DEV hands a device back to its driver",
        ["--unbind"] = "vfio release DEV hands a device back to its driver",
        ["-t"] = "vfio groups shows the IOMMU groups; --html FILE draws the tree of all devices",
        ["--tree"] = "vfio groups shows the IOMMU groups; --html FILE draws the tree of all devices",
        ["-d"] = "vfio list --id VENDOR:DEVICE lists devices by their ids",
        ["-D"] = "vfio list shows addresses with their domains",
        ["-k"] = "vfio list shows each device's driver; vfio show DEV all about one",
        ["-n"] = "vfio list --id VENDOR:DEVICE lists devices by their ids; vfio list --json prints the ids of all",
        ["-nn"] = "vfio list --json prints the ids too; vfio show DEV all about one device",
        ["-nnk"] = "vfio list shows each device's driver; vfio list --json prints the ids too",
        ["-vv"] = "vfio show --verbose DEV shows each register",
        ["-vvv"] = "vfio show --verbose DEV shows each register",
        ["-x"] = "vfio show --config DEV prints configuration space",
        ["-xxx"] = "vfio show --config DEV prints configuration space",
        ["-xxxx"] = "vfio show --config DEV prints configuration space",
        ["--dryrun"] = "did you mean --dry-run? bind, release, sriov and reset have it",
        ["--noiommu-mode"] = "vfio bind --noiommu DEV takes a device that has no IOMMU",
        ["--nosave"] = "vfio bind DEV lasts until the next reboot, unless --persist is given",
    };

    /// <summary>What somebody who types this is looking for; <see langword="null"/> for words of no other tool.</summary>
    public static string? Find(string word) => Words.GetValueOrDefault(word.Split('=', 2)[0]);

    /// <summary>The PCI address in a name as other programs write it: <c>pci_0000_00_14_3</c> (libvirt), <c>pci@0000:00:14.3</c> (lshw).</summary>
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

    // 0000_00_14_3: the last of them stands for a dot.
    private static string ReplaceUnderscores(string text) =>
        text.LastIndexOf('_') is int last and > 0 ? $"{text[..last].Replace('_', ':')}.{text[(last + 1)..]}" : text;
}
