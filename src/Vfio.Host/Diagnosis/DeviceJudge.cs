using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Whether the device itself is in a state to work with: answers, memory, display, power, errors, resets.</summary>
internal static class DeviceJudge
{
    public static IEnumerable<Finding> Judge(DeviceFacts facts) =>
        new[] { Answer(facts), Unassigned(facts), Framebuffer(facts), Functions(facts), Power(facts), Decoding(facts), Reset(facts) }.OfType<Finding>().Concat(facts.Errors.Select(Errors));

    private static Finding? Answer(DeviceFacts facts) => facts.Header is { IsAbsent: true }
        ? new Finding(FindingTopic.Answers, FindingLevel.Error, "the device does not answer: its configuration space reads all ones")
        {
            Reason = "it hangs, has lost its power or its link, or is gone",
            // The kernel waits for whoever has it open, and for as long.
            Command = facts.Device.HasVfioDriver ? $"sudo vfio release {facts.Device.Address}" : $"echo 1 | sudo tee {Attribute(facts, "remove")} /sys/bus/pci/rescan",
            Advice = facts.Device.HasVfioDriver ? "then let the kernel look for it anew: vfio doctor says how" : "where that does not bring it back, only a power cycle of the host does",
        }
        : null;

    private static Finding? Unassigned(DeviceFacts facts)
    {
        PciResource[] bars = facts.Header is null ? [] : [.. PciResource.FindUnassigned(facts.Header, facts.Details.Resources)];
        return bars.Length == 0 ? null : new Finding(FindingTopic.NoAddress, FindingLevel.Warning, $"{string.Join(", ", bars.Select(bar => bar.Name))} has no address: the kernel found no room for it")
        {
            Reason = "its registers or its memory cannot be reached; the kernel's log says \"no space\" or \"failed to assign\"",
            Command = $"echo 1 | sudo tee {Attribute(facts, "remove")} /sys/bus/pci/rescan",
            Advice = "if that does not help: above-4G decoding in the firmware's setup, or pci=realloc=on on the kernel's command line",
        };
    }

    private static Finding? Framebuffer(DeviceFacts facts)
    {
        const FindingTopic Topic = FindingTopic.Framebuffer;
        if (facts.Framebuffer == FramebufferState.Unseen)
        {
            return new Finding(Topic, FindingLevel.Unknown, $"whether {facts.FirmwareDisplay?.Name} holds its memory: /proc/iomem shows addresses to root alone")
            {
                Command = $"sudo vfio doctor {facts.Device.Address}",
            };
        }

        return facts.Framebuffer == FramebufferState.None ? null
            : new Finding(Topic, facts.Device.HasVfioDriver ? FindingLevel.Error : FindingLevel.Warning, "the firmware's framebuffer holds its memory (sysfb, simpledrm, efifb)")
            {
                Reason = "the BAR cannot be mapped or is drawn into: can't reserve [mem …] in the kernel's log",
                Command = facts.FirmwareDisplay is (string name, string driver) ? $"echo {name} | sudo tee /sys/bus/platform/drivers/{driver}/unbind" : null,
                Advice = "for good: initcall_blacklist=sysfb_init on the kernel's command line; the screen is dark until a driver comes",
            };
    }

    // Those of a device that its driver has are a refusal.
    private static Finding? Functions(DeviceFacts facts) => facts.Device.HasVfioDriver && facts.Details.VirtualFunctions.Count is int count and > 0
        ? new Finding(FindingTopic.Functions, FindingLevel.Info, string.Create(CultureInfo.InvariantCulture, $"{count} of its virtual functions are switched on"))
        {
            Reason = "they lose their card when it is handed back; the tokens of this device and of theirs belong together",
            Command = $"sudo vfio sriov {facts.Device.Address} 0",
        }
        : null;

    private static Finding? Power(DeviceFacts facts) => facts.Details.PowerState switch
    {
        "D3cold" => new Finding(FindingTopic.Power, FindingLevel.Warning, "it is in D3cold: its power is off")
        {
            Reason = "some cards do not come back from it and read all ones until the host starts anew",
            Command = $"echo 0 | sudo tee {Attribute(facts, "d3cold_allowed")}",
            Advice = "that wakes it and keeps it out of D3cold; for all ports: pcie_port_pm=off on the kernel's command line",
        },
        null => null,
        string state => new Finding(FindingTopic.Power, FindingLevel.Ok, $"{state}; D3cold is {(facts.IsD3coldAllowed switch { true => "allowed", false => "forbidden", null => "not spoken of" })}"),
    };

    // VFIO switches decoding on at the open, so that off is normal until then. A virtual function has no such bit: it always reads 0.
    private static Finding? Decoding(DeviceFacts facts)
    {
        if (facts.Header is not { IsAbsent: false } header || !facts.Details.Resources.Any(IsMemory) || facts.Device.IsBridge || facts.Details.PhysicalFunction is not null)
        {
            return null;
        }

        bool isInUse = facts.Holders.Count != 0 || facts.Device is { Driver: not null, HasVfioDriver: false };
        return header.Command.HasFlag(PciCommand.MemorySpace) ? new Finding(FindingTopic.Decoding, FindingLevel.Ok, "it answers to memory accesses (Mem+ in COMMAND)")
            : !isInUse ? new Finding(FindingTopic.Decoding, FindingLevel.Ok, "memory decoding is off (Mem- in COMMAND), as in every device that nobody uses: the open switches it on")
            : new Finding(FindingTopic.Decoding, FindingLevel.Warning, "memory decoding is off (Mem- in COMMAND) while the device is in use")
            {
                Reason = "its registers read all ones, and writes to them are lost",
                Command = $"sudo setpci -s {facts.Device.Address} COMMAND=2:2",
            };
    }

    private static bool IsMemory(PciResource resource) => resource is { Role: PciResourceRole.Bar, Kind: not PciBaseAddressKind.Io };

    private static Finding? Reset(DeviceFacts facts)
    {
        const FindingTopic Topic = FindingTopic.Reset;
        if (facts.Device.IsBridge)
        {
            return null;
        }

        return facts.Details.ResetMethods is { Count: > 0 } methods ? new Finding(Topic, FindingLevel.Ok, $"the kernel can reset it alone: {string.Join(", ", methods)}")
            : facts.Details.ResetMethods is null && facts.HasReset ? new Finding(Topic, FindingLevel.Ok, "the kernel can reset it alone")
            : new Finding(Topic, FindingLevel.Warning, "the kernel knows no way to reset it alone")
            {
                Reason = "what one program leaves in its registers the next one finds, and a device that hangs stays so",
                Advice = "a reset of its bus, once it is taken (vfio reset --hot), or a power cycle",
            };
    }

    private static Finding Errors(ErrorCount errors) => errors.Kind == "correctable"
        ? new Finding(FindingTopic.Errors, FindingLevel.Info, Describe(errors))
        {
            Reason = "the link mended them itself; many make it slow",
            Advice = "where they grow, reseat the card or try another slot",
        }
        : new Finding(FindingTopic.Errors, FindingLevel.Warning, Describe(errors))
        {
            Reason = "transfers were lost or wrong since the device was found; the kernel's log has each (AER)",
            Advice = "reseat the card or try another slot; a program that asked for what is not there does this too",
        };

    private static string Describe(ErrorCount errors) => string.Create(
        CultureInfo.InvariantCulture, $"{errors.Total} {errors.Kind} PCIe error{(errors.Total == 1 ? "" : "s")}: {string.Join(", ", errors.Names)}");

    private static string Attribute(DeviceFacts facts, string name) => $"/sys/bus/pci/devices/{facts.Device.Address}/{name}";
}
