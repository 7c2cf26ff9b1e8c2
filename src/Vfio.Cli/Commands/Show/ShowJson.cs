using System.Globalization;
using System.Text.Json;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A device as JSON: all that <c>vfio show</c> shows.</summary>
internal static class ShowJson
{
    public static void Write(CliHost host, ShownDevice shown)
    {
        using Json document = new(host.Out);
        Utf8JsonWriter json = document.Writer;
        DeviceNames names = new(host);
        json.WriteStartObject();
        json.WriteDevice(shown.Identity, names, shown.Host?.Device);
        json.WriteBoolean("isModel", shown.Host is null);
        json.WriteText("subsystemName", names.Subsystem(shown.Identity));
        json.WriteText("programmingInterfaceName", names.ProgrammingInterface(shown.Identity));
        json.WriteString("revision", shown.Revision?.ToString("x2", CultureInfo.InvariantCulture));
        WriteUse(json, shown.Host);
        WriteHardware(json, shown.Host?.Details);
        json.WriteItems("regions", shown.Regions, WriteResource);
        WriteInterrupts(json, shown);
        WriteMap(json, shown.Map);
        WriteConfig(json, shown);
        json.WriteEndObject();
    }

    private static void WriteUse(Utf8JsonWriter json, HostSide? side)
    {
        json.WriteHostNames("interfaces", side?.Interfaces ?? []);
        json.WriteHostNames("disks", side?.Disks ?? []);
        json.WriteBoolean("canTake", side is { Refusals.Count: 0 });
        json.WriteRefusals("refusals", side?.Refusals ?? []);
        JournalEntry? entry = side?.Entry is { Damage: null } sound ? sound : null;
        json.WriteText("driverBefore", entry?.DriverBefore);
        json.WriteHostNames("namesBefore", entry is null ? [] : DeviceArgument.NamesOf(entry));
        json.WriteText("user", entry?.User);
        json.WriteBoolean("isPersistent", side is { IsPersistent: true });
        json.WriteText("driverctl", side?.Driverctl);
        json.WriteItems("holders", side?.Holders ?? [], (writer, holder) =>
        {
            writer.WriteNumber("pid", holder.ProcessId);
            writer.WriteText("command", holder.Command);
            writer.WriteText("user", holder.UserName);
        });
        json.WriteItems("groupMembers", (side?.Group?.Devices ?? []).Where(member => member.Address != side!.Device.Address), (writer, member) =>
        {
            writer.WriteString("address", member.Address.ToString());
            writer.WriteString("kind", DeviceNames.ClassWord(member.Class));
            writer.WriteText("driver", member.Driver);
        });
        json.WriteText("domainType", side?.Group?.DomainType);
    }

    private static void WriteHardware(Utf8JsonWriter json, PciDeviceDetails? details)
    {
        json.WriteText("module", details?.Module);
        json.WriteNumberOrNull("numaNode", details?.NumaNode);
        json.WriteText("slot", details?.Slot);
        json.WriteText("powerState", details?.PowerState);
        json.WriteText("runtimeStatus", details?.RuntimeStatus);
        if (details?.ResetMethods is null)
        {
            json.WriteNull("resetMethods");
        }
        else
        {
            json.WriteNames("resetMethods", details.ResetMethods);
        }

        if (details?.Link is PciLink link)
        {
            json.WriteStartObject("link");
            json.WriteNumberOrNull("speed", link.CurrentSpeed);
            json.WriteNumberOrNull("width", link.CurrentWidth);
            json.WriteNumberOrNull("maxSpeed", link.MaxSpeed);
            json.WriteNumberOrNull("maxWidth", link.MaxWidth);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("link");
        }

        json.WriteString("physicalFunction", details?.PhysicalFunction?.ToString());
        json.WriteNumber("maxVirtualFunctions", details?.TotalVirtualFunctions ?? 0);
        json.WriteNames("virtualFunctions", (details?.VirtualFunctions ?? []).Select(address => address.ToString()));
    }

    private static void WriteResource(Utf8JsonWriter json, PciResource resource)
    {
        json.WriteString("name", resource.Name);
        json.WriteString("kind", resource.Kind switch
        {
            PciBaseAddressKind.Io => "io",
            PciBaseAddressKind.Memory64 => "memory64",
            _ => "memory32",
        });
        json.WriteNumberOrNull("length", resource.Length == 0 ? (ulong?)null : resource.Length);
        json.WriteString("address", resource.Address == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"0x{resource.Address:x}"));
        json.WriteBoolean("isPrefetchable", resource.IsPrefetchable);
    }

    private static void WriteMap(Utf8JsonWriter json, RegisterMap? map)
    {
        if (map is null)
        {
            json.WriteNull("registerMap");
            return;
        }

        json.WriteStartObject("registerMap");
        json.WriteString("region", new Place(map.Region, 0).RegionName);
        json.WriteText("name", map.Name);
        json.WriteText("source", map.Source);
        json.WriteNumber("registers", map.Registers.Count);
        json.WriteEndObject();
    }

    private static void WriteInterrupts(Utf8JsonWriter json, ShownDevice shown)
    {
        json.WriteStartObject("interrupts");
        int pin = shown.Config?.Header.InterruptPin ?? 0;
        json.WriteString("pin", pin is > 0 and <= 4 ? $"{(char)('A' + pin - 1)}" : null);
        json.WriteNumberOrNull("irq", shown.Host?.Details.Interrupt);
        json.WriteItems("messages", shown.MessageInterrupts(), (writer, kind) =>
        {
            writer.WriteString("kind", kind.Name == "MSI" ? "msi" : "msix");
            writer.WriteBoolean("isOn", kind.IsOn);
            writer.WriteNumber("vectors", kind.Capable);
        });
        json.WriteText("messageKindInUse", shown.Host?.Details.MessageInterruptKind);
        json.WriteStartArray("messageIrqs");
        foreach (int number in shown.Host?.Details.MessageInterrupts ?? [])
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
        json.WriteItems("counts", shown.Host?.Counts ?? [], (writer, count) =>
        {
            writer.WriteNumber("irq", count.Number);
            writer.WriteText("name", count.Name);
            writer.WriteNumber("count", count.Count);
        });
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, ShownDevice shown)
    {
        if (shown.Config is not PciConfigSpace config)
        {
            json.WriteNull("configSpace");
            return;
        }

        json.WriteStartObject("configSpace");
        json.WriteNumber("length", shown.ConfigBytes.Length);
        json.WriteBoolean("isCut", shown.IsConfigCut);
        json.WriteBoolean("isAbsent", config.Header.IsAbsent);
        json.WriteItems("registers", config.HeaderRegisters, WriteRegister);
        json.WriteItems("derived", config.HeaderDerivedValues, WriteDerived);
        json.WriteItems("capabilities", config.Capabilities, (writer, capability) =>
        {
            writer.WriteString("id", capability.Id.ToString(capability.IsExtended ? "x4" : "x2", CultureInfo.InvariantCulture));
            writer.WriteBoolean("isExtended", capability.IsExtended);
            writer.WriteNumber("offset", capability.Offset);
            writer.WriteNumber("version", capability.Version);
            writer.WriteText("name", capability.Name);
            writer.WriteText("shortName", capability.ShortName);
            writer.WriteText("summary", capability.Summary);
            writer.WriteItems("registers", capability.Registers, WriteRegister);
            writer.WriteNames("undecoded", shown.FindUndecoded(capability).Select(word => word.ToString("x8", CultureInfo.InvariantCulture)));
            writer.WriteItems("derived", capability.DerivedValues, WriteDerived);
        });
        json.WriteNames("warnings", config.Warnings);
        json.WriteEndObject();
    }

    private static void WriteDerived(Utf8JsonWriter json, PciDerivedValue value)
    {
        json.WriteText("name", value.Name);
        json.WriteText("text", value.Text);
    }

    private static void WriteRegister(Utf8JsonWriter json, RegisterReading reading)
    {
        json.WriteText("name", reading.Register.Name);
        json.WriteNumber("offset", reading.Register.Offset);
        json.WriteNumber("width", reading.Register.Width * 8);
        json.WriteString("value", RegisterText.Raw(reading));
        json.WriteText("meaning", reading.Register.Meaning);
        json.WriteItems("fields", reading.Register.Fields, (writer, field) =>
        {
            writer.WriteText("name", field.Name);
            writer.WriteString("value", string.Create(CultureInfo.InvariantCulture, $"0x{field.Extract(reading.Raw):x}"));
            writer.WriteText("text", field.Describe(reading.Raw));
            writer.WriteText("meaning", field.Meaning);
        });
    }
}
