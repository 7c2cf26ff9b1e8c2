using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Judges whether the device itself can be used: whether it answers, its memory, display, power, errors and resets.
/// </summary>
internal static class DeviceJudge
{
    public static IEnumerable<Finding> Judge(DeviceFacts facts) =>
        new[]
        {
            Answer(facts),
            Unassigned(facts),
            Framebuffer(facts),
            Functions(facts),
            Power(facts),
            Decoding(facts),
            Reset(facts),
        }
            .OfType<Finding>()
            .Concat(facts.Errors.Select(Errors));

    private static Finding? Answer(DeviceFacts facts) => facts.Header is { IsAbsent: true }
        ? new Finding(
            FindingTopic.Answers,
            FindingLevel.Error,
            "the device does not answer: its configuration space reads as all ones")
        {
            Reason = "it hangs, has lost its power or its link, or is gone",
            // The kernel waits until every program has closed the device, however long that takes.
            Command = facts.Device.HasVfioDriver
                ? $"sudo vfio release {facts.Device.Address}"
                : $"echo 1 | sudo tee {Attribute(facts, "remove")} /sys/bus/pci/rescan",
            Advice = facts.Device.HasVfioDriver
                ? "then let the kernel look for it again: vfio doctor shows the command"
                : "if it still does not answer, power the host off and on",
        }
        : null;

    private static Finding? Unassigned(DeviceFacts facts)
    {
        PciResource[] bars = facts.Header is null
            ? []
            : [.. PciResource.FindUnassigned(facts.Header, facts.Details.Resources)];
        return bars.Length == 0
            ? null
            : new Finding(
                FindingTopic.NoAddress,
                FindingLevel.Warning,
                $"{string.Join(", ", bars.Select(bar => bar.Name))} has no address, because the "
                + $"kernel found no space for it")
            {
                Reason = "its registers or its memory cannot be reached; the kernel's log says \"no space\" or "
                    + "\"failed to assign\"",
                Command = $"echo 1 | sudo tee {Attribute(facts, "remove")} /sys/bus/pci/rescan",
                Advice = "if that does not help: above-4G decoding in the firmware's setup, or pci=realloc=on on the "
                    + "kernel's command line",
            };
    }

    private static Finding? Framebuffer(DeviceFacts facts)
    {
        const FindingTopic Topic = FindingTopic.Framebuffer;
        if (facts.Framebuffer == FramebufferState.Unseen)
        {
            return new Finding(
                Topic,
                FindingLevel.Unknown,
                $"whether {facts.FirmwareDisplay?.Name} uses its memory is unknown: /proc/iomem shows "
                + $"addresses only to root")
            {
                Command = $"sudo vfio doctor {facts.Device.Address}",
            };
        }

        return facts.Framebuffer == FramebufferState.None ? null
            : new Finding(
                Topic,
                facts.Device.HasVfioDriver ? FindingLevel.Error : FindingLevel.Warning,
                "the firmware's framebuffer uses its memory (sysfb, simpledrm, efifb)")
            {
                Reason = "the BAR cannot be mapped (\"can't reserve [mem …]\" in the kernel's log), or the "
                    + "kernel draws into it",
                Command = facts.FirmwareDisplay is (string name, string driver)
                    ? $"echo {name} | sudo tee /sys/bus/platform/drivers/{driver}/unbind"
                    : null,
                Advice = "to make that permanent, add initcall_blacklist=sysfb_init to the kernel's command line; the "
                    + "screen then stays dark until a display driver is loaded",
            };
    }

    // Virtual functions of a device that is bound to its own driver are reported as a refusal.
    private static Finding? Functions(DeviceFacts facts) =>
        facts.Device.HasVfioDriver && facts.Details.VirtualFunctions.Count is int count and > 0
            ? new Finding(
                FindingTopic.Functions,
                FindingLevel.Info,
                string.Create(CultureInfo.InvariantCulture, $"{count} of its virtual functions are enabled"))
            {
                Reason =
                    "they disappear when this device is released; programs that open them need this device's VF token",
                Command = $"sudo vfio sriov {facts.Device.Address} 0",
            }
            : null;

    private static Finding? Power(DeviceFacts facts) => facts.Details.PowerState switch
    {
        "D3cold" => new Finding(FindingTopic.Power, FindingLevel.Warning, "it is in D3cold: its power is off")
        {
            Reason = "some cards do not recover from that, and read as all ones until the host is restarted",
            Command = $"echo 0 | sudo tee {Attribute(facts, "d3cold_allowed")}",
            Advice = "that wakes it and keeps it out of D3cold; to do so for all ports, add pcie_port_pm=off to the "
                + "kernel's command line",
        },
        null => null,
        string state => new Finding(
            FindingTopic.Power,
            FindingLevel.Ok,
            $"{state}; D3cold is "
            + $"{(facts.IsD3coldAllowed switch { true => "allowed", false => "forbidden", null => "not reported" })}"),
    };

    // VFIO enables decoding when the device is opened, so off is normal until then. A virtual function does not have
    // the bit; it always reads as 0.
    private static Finding? Decoding(DeviceFacts facts)
    {
        if (facts.Header is not { IsAbsent: false } header
            || !facts.Details.Resources.Any(IsMemory)
            || facts.Device.IsBridge
            || facts.Details.PhysicalFunction is not null)
        {
            return null;
        }

        bool isInUse = facts.Holders.Count != 0 || facts.Device is { Driver: not null, HasVfioDriver: false };
        return header.Command.HasFlag(PciCommand.MemorySpace)
            ? new Finding(FindingTopic.Decoding, FindingLevel.Ok, "it answers to memory accesses (Mem+ in COMMAND)")
            : !isInUse ? new Finding(
                FindingTopic.Decoding,
                FindingLevel.Ok,
                "memory decoding is off (Mem- in COMMAND), as in every unused device; opening it enables decoding")
            : new Finding(
                FindingTopic.Decoding,
                FindingLevel.Warning,
                "memory decoding is off (Mem- in COMMAND) while the device is in use")
            {
                Reason = "its registers read as all ones, and writes to them are lost",
                Command = $"sudo setpci -s {facts.Device.Address} COMMAND=2:2",
            };
    }

    private static bool IsMemory(PciResource resource) =>
        resource is { Role: PciResourceRole.Bar, Kind: not PciBaseAddressKind.Io };

    private static Finding? Reset(DeviceFacts facts)
    {
        const FindingTopic Topic = FindingTopic.Reset;
        if (facts.Device.IsBridge)
        {
            return null;
        }

        return facts.Details.ResetMethods is { Count: > 0 } methods ? new Finding(
            Topic, FindingLevel.Ok, $"the kernel can reset it without other devices: {string.Join(", ", methods)}")
            : facts.Details.ResetMethods is null
                && facts.HasReset ? new Finding(Topic, FindingLevel.Ok, "the kernel can reset it without other devices")
            : new Finding(Topic, FindingLevel.Warning, "the kernel cannot reset it without other devices")
            {
                Reason = "the next program finds the registers as the previous one left them, and a device "
                    + "that hangs cannot be recovered",
                Advice = "bind it and reset its bus (vfio reset --hot), or power the host off and on",
            };
    }

    private static Finding Errors(ErrorCount errors) => errors.Kind == "correctable"
        ? new Finding(FindingTopic.Errors, FindingLevel.Info, Describe(errors))
        {
            Reason = "the link corrected them itself, but many of them make it slow",
            Advice = "if their number grows, reseat the card or try another slot",
        }
        : new Finding(FindingTopic.Errors, FindingLevel.Warning, Describe(errors))
        {
            Reason =
                "transfers were lost or corrupted since the device was found; the kernel's log lists each error (AER)",
            Advice =
                "reseat the card or try another slot; accesses to addresses that do not exist also cause such errors",
        };

    private static string Describe(ErrorCount errors) => string.Create(
        CultureInfo.InvariantCulture,
        $"{errors.Total} {errors.Kind} PCIe error{(errors.Total == 1 ? "" : "s")}: {string.Join(", ", errors.Names)}");

    private static string Attribute(DeviceFacts facts, string name) =>
        $"/sys/bus/pci/devices/{facts.Device.Address}/{name}";
}
