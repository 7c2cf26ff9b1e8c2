using System.CommandLine;
using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio list</c>, which lists the PCI devices of the host.</summary>
internal static class ListCommand
{
    public const string Name = "list";

    private const int TakeColumn = 5;

    public static Command Create(CliHost host)
    {
        Option<PciClassFilter?> classOption = new("--class")
        {
            Description =
                $"Only devices of this class: {string.Join(", ", PciClassFilter.Words)}, or digits such as 0200",
            HelpName = "CLASS",
            CustomParser = result =>
            {
                if (!PciClassFilter.TryParse(result.Tokens[0].Value, out PciClassFilter? filter))
                {
                    string text = Symbols.Quote(result.Tokens[0].Value);
                    result.AddError(
                        $"'{text}' is not a class; use a word such as net, nvme or display, or digits such as 0200");
                }

                return filter;
            },
        };
        Option<string?> driver = new("--driver")
        {
            Description = "Only devices with this driver; 'none' for devices without one",
            HelpName = "DRIVER",
        };
        Option<int?> group = Symbols.Number(["--group"], "N", "Only devices of this IOMMU group", 0, int.MaxValue);
        Option<IdFilter?> id = new("--id")
        {
            Description = "Only devices with this vendor ID, device ID or both: 8086:, :10d3, 8086:10d3",
            HelpName = "VENDOR:DEVICE",
            CustomParser = result =>
            {
                if (!IdFilter.TryParse(result.Tokens[0].Value, out IdFilter? filter))
                {
                    result.AddError($"'{Symbols.Quote(result.Tokens[0].Value)}' is not a pair of IDs; write 8086:10d3, "
                        + $"8086: or :10d3, in hexadecimal");
                }

                return filter;
            },
        };
        Option<string?> name = new("--name")
        {
            Description = "Only devices whose vendor, device, class, interface or disk name contains this text",
            HelpName = "TEXT",
        };
        Option<bool> available = Symbols.Flag("--available", "Only devices that can be bound");
        Option<bool> taken = Symbols.Flag("--taken", "Only devices that are bound to a VFIO driver");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "List PCI devices, their drivers, and which can be bound.")
        {
            Notes =
            [
                "Options can be combined. GRP is the IOMMU group. BIND tells whether 'vfio bind' would bind the "
                + "device: 'yes', 'bound' if it already has a VFIO driver, or 'no' and the reason: bridge, no-iommu, "
                + "mounted, swap, held (LVM, md, dm), address, route, port (of a bridge or bond), display, console, "
                + "functions (it has virtual functions). 'vfio show DEV' explains the reason.",
                "KNOWN AS lists the device's interfaces and disks: names that every command accepts as DEV.",
            ],
            Examples =
            [
                ("vfio list", "all devices"),
                ("vfio list --class net", "the network cards"),
                ("vfio list --name nvme", "devices with nvme in a name"),
                ("vfio list --taken", "bound devices"),
                ("vfio list --json | jq '.[] | select(.canBind)'", "for scripts"),
            ],
        };
        command.Add(classOption);
        command.Add(driver);
        command.Add(group);
        command.Add(id);
        command.Add(name);
        command.Add(available);
        command.Add(taken);
        command.Add(json);
        command.Validators.Add(result =>
        {
            if (result.GetValue(available) && result.GetValue(taken))
            {
                result.AddError("--available and --taken cannot be combined");
            }
        });
        command.SetAction(result =>
        {
            Survey survey = new(host);
            List<PciDeviceInfo> devices = [.. new PciBus(host.Root).GetDevices()
                .Where(device => result.GetValue(classOption)?.Matches(device.Class) != false)
                .Where(device => result.GetValue(driver) is not string wanted || (device.Driver ?? "none") == wanted)
                .Where(device => result.GetValue(group) is not int number || device.IommuGroup == number)
                .Where(device => result.GetValue(id)?.Matches(device) != false)
                .Where(device => result.GetValue(name) is not string text || survey.HasName(device, text))
                .Where(device => !result.GetValue(taken) || device.HasVfioDriver)
                .Where(device => !result.GetValue(available)
                    || (!device.HasVfioDriver && survey.Of.GetRefusals(device).Count == 0))];
            if (result.GetValue(json))
            {
                WriteJson(host, devices, survey);
            }
            else
            {
                WriteTable(host, devices, survey);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void WriteTable(CliHost host, List<PciDeviceInfo> devices, Survey survey)
    {
        if (devices.Count == 0)
        {
            host.Tell(new PciBus(host.Root).GetDevices().Count != 0
                ? "no PCI device matches"
                : "no PCI device found: is /sys mounted?");
            return;
        }

        TextColumn[] columns =
        [
            new("ADDRESS"),
            new("IDS"),
            new("CLASS", MinWidth: 6),
            new("DRIVER", MinWidth: 8),
            new("GRP", RightAligned: true),
            new("BIND", MinWidth: 6),
            new("KNOWN AS", MinWidth: 8),
            new("NAME", MinWidth: 8),
        ];
        TextTable table = new(host.Terminal, columns)
        {
            Paint = (column, text) => column != TakeColumn ? text
                : text[0] == 'y' ? host.Terminal.Green(text)
                : host.Terminal.Dim(text),
        };
        foreach (PciDeviceInfo device in devices)
        {
            table.Add(
            [
                device.Address.ToString(),
                string.Create(CultureInfo.InvariantCulture, $"{device.VendorId:x4}:{device.DeviceId:x4}"),
                DeviceNames.ClassWord(device.Class),
                device.Driver ?? "-",
                device.IommuGroup?.ToString(CultureInfo.InvariantCulture) ?? "-",
                Judge(device, survey.Of),
                survey.KnownAs(device.Address),
                survey.Names.Describe(DeviceIdentity.Of(device), isBrief: host.Terminal.Width is not null),
            ]);
        }

        table.Write(host.Out);
        if (host.Terminal.Width is not null && devices.TrueForAll(device => device.IommuGroup is null))
        {
            host.Tell("hint: no IOMMU is enabled, so no device can be bound; 'vfio groups' tells how to enable it");
        }
    }

    private static string Judge(PciDeviceInfo device, HostSurvey survey) =>
        survey.GetRefusals(device) is [BindingRefusal refusal, ..] ? $"no: {refusal.Reason.ToWord()}"
        : device.HasVfioDriver ? "bound"
        : "yes";

    private static void WriteJson(CliHost host, List<PciDeviceInfo> devices, Survey survey) =>
        Json.Write(
            host.Out,
            devices.Select(
                device => new ListedDevice(device, survey.Names, survey.Of, survey.NamesBefore(device.Address))),
            CliJson.Write);

    // Caches what is read from the host for all devices; each part is read only when it is needed.
    private sealed class Survey(CliHost host)
    {
        private HostSurvey? _survey;
        private IReadOnlyList<JournalEntry>? _taken;

        public HostSurvey Of => _survey ??= new HostSurvey(host.Root);

        public DeviceNames Names { get; } = new(host);

        public bool HasName(PciDeviceInfo device, string text)
        {
            bool Has(string? name) => name?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;
            DeviceIdentity identity = DeviceIdentity.Of(device);
            return Has(Names.Device(identity))
                || Has(Names.Vendor(identity))
                || Has(Names.Class(identity))
                || Has(DeviceNames.ClassWord(device.Class))
                || Of.GetInterfaces(device.Address).Any(Has)
                || Of.GetDisks(device.Address).Any(Has)
                || NamesBefore(device.Address).Any(Has);
        }

        /// <summary>Returns the previous names of a bound device.</summary>
        public IEnumerable<string> NamesBefore(PciAddress address)
        {
            _taken ??= new BindingJournal(host.Root).GetEntries();
            return _taken.Where(entry => entry.Address == address).SelectMany(DeviceArgument.NamesOf);
        }

        /// <summary>Returns the interfaces and whole disks, including previous names.</summary>
        public string KnownAs(PciAddress address)
        {
            string[] all = [.. Of.GetInterfaces(address), .. Of.GetDisks(address), .. NamesBefore(address)];
            string[] names = [.. all.Distinct().Where(name => !all.Any(whole => IsPartition(name, whole)))];
            return names.Length == 0 ? "-" : string.Join(',', names);
        }

        // sda1 is a partition of sda, and nvme0n1p1 of nvme0n1: digits, after a "p" if the disk's name ends in a digit.
        private static bool IsPartition(string name, string disk)
        {
            string prefix = char.IsAsciiDigit(disk[^1]) ? disk + "p" : disk;
            return name.Length > prefix.Length
                && name.StartsWith(prefix, StringComparison.Ordinal)
                && name[prefix.Length..].All(char.IsAsciiDigit);
        }
    }
}
