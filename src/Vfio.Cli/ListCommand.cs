using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary><c>vfio list</c>: the PCI devices of the host.</summary>
internal static class ListCommand
{
    private const int TakeColumn = 5;

    public static Command Create(CliHost host)
    {
        Option<PciClassFilter?> classOption = new("--class")
        {
            Description = $"Only this class: {string.Join(", ", PciClassFilter.Words)}, or digits as in 0200",
            HelpName = "CLASS",
            CustomParser = result =>
            {
                if (!PciClassFilter.TryParse(result.Tokens[0].Value, out PciClassFilter? filter))
                {
                    string text = Symbols.Quote(result.Tokens[0].Value);
                    result.AddError($"'{text}' is not a class; one is net, nvme, display or digits as in 0200");
                }

                return filter;
            },
        };
        Option<string?> driver = new("--driver")
        {
            Description = "Only devices of this driver; 'none' for those without",
            HelpName = "DRIVER",
        };
        Option<int?> group = Symbols.Number(["--group"], "N", "Only devices of this IOMMU group", 0, int.MaxValue);
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new("list", "List PCI devices, their drivers and groups, and which can be taken.")
        {
            Notes =
            [
                "GRP is the IOMMU group. TAKE says what 'vfio bind' would answer: yes; taken, where a VFIO driver has the device "
                + "already; or no and the reason: bridge, no-iommu, mounted, swap, held (LVM, md, dm), address, route, port (of a bridge or bond), display, functions "
                + "(live virtual functions). 'vfio bind --dry-run DEV' says it in full.",
            ],
            Examples =
            [
                ("vfio list", "all devices"),
                ("vfio list --class net", "the network cards"),
                ("vfio list --driver vfio-pci", "what VFIO has"),
                ("vfio list --json | jq '.[] | select(.canTake)'", "for scripts"),
            ],
        };
        command.Add(classOption);
        command.Add(driver);
        command.Add(group);
        command.Add(json);
        command.SetAction(result =>
        {
            List<PciDeviceInfo> devices = Find(host, result.GetValue(classOption), result.GetValue(driver), result.GetValue(group));
            if (result.GetValue(json))
            {
                WriteJson(host, devices);
            }
            else
            {
                WriteTable(host, devices);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static List<PciDeviceInfo> Find(CliHost host, PciClassFilter? filter, string? driver, int? group) =>
        [.. new PciBus(host.Root).Devices()
            .Where(device => filter?.Matches(device.Class) != false)
            .Where(device => driver is null || (device.Driver ?? "none") == driver)
            .Where(device => group is null || device.IommuGroup == group)];

    private static void WriteTable(CliHost host, List<PciDeviceInfo> devices)
    {
        if (devices.Count == 0)
        {
            host.Tell("no PCI device matches");
            return;
        }

        HostSurvey survey = new(host.Root);
        DeviceNames names = new(host);
        TextTable table = new(
            host.Terminal,
            new TextColumn("ADDRESS"),
            new TextColumn("IDS"),
            new TextColumn("CLASS", MinWidth: 6),
            new TextColumn("DRIVER", MinWidth: 8),
            new TextColumn("GRP", RightAligned: true),
            new TextColumn("TAKE", MinWidth: 6),
            new TextColumn("NAME", MinWidth: 16))
        {
            Paint = (column, text) => column != TakeColumn ? text : text[0] == 'y' ? host.Terminal.Green(text) : host.Terminal.Dim(text),
        };
        foreach (PciDeviceInfo device in devices)
        {
            table.Add(
                device.Address.ToString(),
                string.Create(CultureInfo.InvariantCulture, $"{device.VendorId:x4}:{device.DeviceId:x4}"),
                DeviceNames.ClassWord(device.Class),
                device.Driver ?? "-",
                device.IommuGroup?.ToString(CultureInfo.InvariantCulture) ?? "-",
                Judge(device, survey),
                names.Describe(device, isBrief: host.Terminal.Width is not null));
        }

        table.Write(host.Out);
        if (host.Terminal.Width is not null && devices.TrueForAll(device => device.IommuGroup is null))
        {
            host.Tell("hint: no IOMMU is switched on, so that nothing can be taken; 'vfio groups' says how");
        }
    }

    private static string Judge(PciDeviceInfo device, HostSurvey survey) =>
        survey.Refusals(device) is [BindingRefusal refusal, ..] ? $"no: {refusal.Reason}"
        : device.HasVfioDriver ? "taken"
        : "yes";

    private static void WriteJson(CliHost host, List<PciDeviceInfo> devices)
    {
        HostSurvey survey = new(host.Root);
        DeviceNames names = new(host);
        using Json json = new(host.Out);
        json.WriteArray(null, devices, (writer, device) => WriteDevice(writer, device, names, survey));
    }

    private static void WriteDevice(Utf8JsonWriter json, PciDeviceInfo device, DeviceNames names, HostSurvey survey)
    {
        IReadOnlyList<BindingRefusal> refusals = survey.Refusals(device);
        json.WriteStartObject();
        json.WriteDevice(device, names);
        json.WriteBoolean("canTake", refusals.Count == 0);
        json.WriteRefusals("refusals", refusals);
        json.WriteEndObject();
    }
}
