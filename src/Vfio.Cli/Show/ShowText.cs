using System.Globalization;

namespace Vfio.Cli;

/// <summary>A device in sections, for a person.</summary>
internal sealed class ShowText(CliHost host, ShownDevice shown, bool isVerbose)
{
    private const int LabelColumns = 12;
    private const int Indent = 2;
    private const int MostMembers = 16;

    private readonly PciDeviceInfo _device = shown.Device;
    private readonly PciDeviceDetails _details = shown.Details;

    public void Write()
    {
        WriteIdentity();
        WriteUse();
        WriteHardware();
        WriteRegions();
        WriteInterrupts();
        WriteConfig();
    }

    private void WriteIdentity()
    {
        DeviceNames names = new(host);
        string title = Printable.Clean($"{_device.Address} {names.Describe(_device, isBrief: host.Terminal.Width is not null)}");
        host.Out.WriteLine(host.Terminal.Bold(host.Terminal.Width is int width ? Printable.Shorten(title, width) : title));
        string revision = _details.Revision is byte number ? string.Create(CultureInfo.InvariantCulture, $", revision {number:x2}") : "";
        string interfaceName = names.ProgrammingInterface(_device) is string text ? $", {text}" : "";
        WriteRow("ids", $"{Id(_device.VendorId)}:{Id(_device.DeviceId)}{revision}");
        if ((_device.SubsystemVendorId, _device.SubsystemId) != (0, 0))
        {
            string subsystem = names.Subsystem(_device) is string name ? $" {name}" : "";
            WriteRow("subsystem", $"{Id(_device.SubsystemVendorId)}:{Id(_device.SubsystemId)}{subsystem}");
        }

        WriteRow("class", $"{_device.Class} {names.Class(_device) ?? "unknown"}{interfaceName}");
    }

    private void WriteUse()
    {
        WriteRow("driver", _device.Driver is null ? "none" : _details.Module is string module && module.Replace('_', '-') != _device.Driver.Replace('_', '-') ? $"{_device.Driver} (module {module})" : _device.Driver);
        if (shown.Interfaces.Count != 0)
        {
            WriteList("interfaces", shown.Interfaces);
        }

        if (shown.Disks.Count != 0)
        {
            WriteList("disks", shown.Disks);
        }

        WriteTake();
        WriteGroup();
    }

    private void WriteTake()
    {
        if (_device.HasVfioDriver)
        {
            WriteRow("take", "taken: VFIO has it");
            if (shown.Entry is { Damage: null } entry)
            {
                string[] before = [.. DeviceArgument.NamesOf(entry)];
                string names = before.Length == 0 ? "" : $", {string.Join(", ", before.Take(MostMembers))}";
                string user = entry.User is null ? "" : $"; for {entry.User}";
                WriteRow("before", $"{entry.DriverBefore ?? "no driver"}{names}{user}");
            }
        }
        else if (shown.Refusals.Count == 0)
        {
            WriteRow("take", "yes: vfio bind takes it", host.Terminal.Green);
        }

        string label = "take";
        foreach (BindingRefusal refusal in shown.Refusals)
        {
            WriteRow(label, $"no: {refusal.Explanation}{(refusal.CanForce ? " (--force goes on)" : "")}", host.Terminal.Yellow);
            label = "";
        }
    }

    private void WriteGroup()
    {
        if (shown.Group is not IommuGroup group)
        {
            WriteRow("IOMMU group", "none: no IOMMU is in front of it");
            return;
        }

        PciDeviceInfo[] others = [.. group.Devices.Where(member => member.Address != _device.Address)];
        string domain = group.DomainType is null ? "" : $" ({group.DomainType})";
        WriteRow("IOMMU group", $"{group.Number}{domain}{(others.Length == 0 ? ", alone" : ", with")}");
        HashSet<PciAddress> blockers = [.. group.Blockers().Select(blocker => blocker.Address)];
        foreach (PciDeviceInfo member in others.Take(MostMembers))
        {
            string blocks = _device.HasVfioDriver && blockers.Contains(member.Address) ? ", blocks" : "";
            WriteRow("", $"{member.Address} {DeviceNames.ClassWord(member.Class)} {member.Driver ?? "-"}{blocks}");
        }

        if (others.Length > MostMembers)
        {
            WriteRow("", $"and {others.Length - MostMembers} more: vfio list --group {group.Number}");
        }
    }

    private void WriteHardware()
    {
        WriteRow("NUMA node", _details.NumaNode?.ToString(CultureInfo.InvariantCulture));
        WriteRow("slot", _details.Slot);
        WriteRow("power", _details.PowerState is null || _details.RuntimeStatus is null
            ? _details.PowerState ?? _details.RuntimeStatus
            : $"{_details.PowerState}, {_details.RuntimeStatus}");
        if (_details.Link is { MaxWidth: > 0 } link)
        {
            string now = link.CurrentWidth is null ? "down" : LinkText.Describe(link.CurrentSpeed, link.CurrentWidth);
            WriteRow("link", $"{now}, possible {LinkText.Describe(link.MaxSpeed, link.MaxWidth)}");
        }

        WriteRow("resets", _details.ResetMethods is null ? null
            : _details.ResetMethods.Count == 0 ? "none: the kernel cannot reset this device alone"
            : string.Join(", ", _details.ResetMethods));
        if (_details.PhysicalFunction is PciAddress physical)
        {
            WriteRow("SR-IOV", $"a virtual function of {physical}");
        }
        else if (_details.TotalVirtualFunctions != 0)
        {
            string functions = string.Join(", ", _details.VirtualFunctions.Take(MostMembers));
            string rest = _details.VirtualFunctions.Count > MostMembers ? ", …" : "";
            WriteRow("SR-IOV", $"{_details.VirtualFunctions.Count} of {_details.TotalVirtualFunctions} virtual functions on{(functions.Length == 0 ? "" : ": ")}{functions}{rest}");
        }

        if (shown.Map is { Registers: [RegisterDescription first, ..] } map)
        {
            string example = (map.Find("STATUS") ?? first).Name;
            WriteRow("registers", $"{map.Registers.Count} by name in {new Place(map.Region, 0).RegionName}, such as {example} ({map.Name})");
        }
    }

    private void WriteRegions()
    {
        if (_details.Resources.Count == 0)
        {
            return;
        }

        WriteTitle("Regions");
        int name = _details.Resources.Max(resource => resource.Name.Length);
        int size = _details.Resources.Max(resource => ByteSize.Format(resource.Length).Length);
        int place = _details.Resources.Max(resource => At(resource).Length);
        foreach (PciResource resource in _details.Resources)
        {
            string kind = resource.Kind switch
            {
                PciBaseAddressKind.Io => "I/O ports",
                PciBaseAddressKind.Memory64 => "memory, 64 bits",
                _ => "memory, 32 bits",
            };
            string prefetch = resource.IsPrefetchable && resource.Role != PciResourceRole.Rom ? ", prefetchable" : "";
            WriteLine($"  {resource.Name.PadRight(name)}  {ByteSize.Format(resource.Length).PadLeft(size)}  {At(resource).PadRight(place)}  {kind}{prefetch}");
        }
    }

    private void WriteInterrupts()
    {
        int pin = shown.Config?.Header.InterruptPin ?? 0;
        MessageInterrupts[] kinds = [.. shown.MessageInterrupts()];
        bool isSeen = Array.Exists(kinds, kind => kind.Is(_details.MessageInterruptKind));
        if (pin is 0 or > 4 && kinds.Length == 0 && _details.MessageInterrupts.Count == 0)
        {
            return;
        }

        WriteTitle("Interrupts");
        if (pin is > 0 and <= 4)
        {
            string irq = _details.Interrupt is int number && _details.MessageInterrupts.Count == 0
                ? string.Create(CultureInfo.InvariantCulture, $", IRQ {number}") : "";
            WriteRow("INTx", $"pin {(char)('A' + pin - 1)}{irq}");
        }

        string irqs = _details.MessageInterrupts.Count == 0 ? "" : $": IRQ {Ranges(_details.MessageInterrupts)}";
        foreach (MessageInterrupts kind in kinds)
        {
            string count = kind.Capable == 1 ? "1 vector" : kind.IsOn && kind.Enabled != kind.Capable ? $"{kind.Enabled} of {kind.Capable} vectors" : $"{kind.Capable} vectors";
            WriteRow(kind.Name, $"{(kind.IsOn ? "on" : "off")}, {count}{(kind.Is(_details.MessageInterruptKind) ? irqs : "")}");
        }

        if (!isSeen && irqs.Length != 0)
        {
            WriteRow(_details.MessageInterruptKind == "msix" ? "MSI-X" : "MSI", $"on{irqs}");
        }
    }

    private void WriteConfig()
    {
        if (shown.Config is not PciConfigSpace config)
        {
            WriteTitle("Configuration space");
            WriteLine("  cannot be read");
            return;
        }

        WriteTitle($"Configuration space, {ByteSize.Format((ulong)shown.ConfigBytes.Length)}");
        if (config.Header.IsAbsent)
        {
            WriteWarning("the device does not answer: all bits are set. It is asleep, in reset, or gone");
            return;
        }

        RegisterText.Write(host, isVerbose ? config.HeaderRegisters : Brief(config.HeaderRegisters), Indent, isVerbose);
        WriteDerived(config.HeaderDerivedValues.Where(IsWindow), Indent);
        foreach (PciCapability capability in config.Capabilities)
        {
            string version = capability.IsExtended ? string.Create(CultureInfo.InvariantCulture, $" v{capability.Version}") : "";
            string summary = capability.Summary is null ? "" : $": {capability.Summary}";
            string shortName = capability.Name == capability.ShortName ? "" : $" ({capability.ShortName})";
            string title = string.Create(CultureInfo.InvariantCulture, $"[{capability.Offset:x2}{version}] {capability.Name}{shortName}{summary}");
            ItemText.Write(
                host, new string(' ', Indent), Indent + 2,
                Printable.Clean(title).Split(' ').Select(word => new TextItem(word, IsWord: true) { Paint = host.Terminal.Bold }));
            RegisterText.Write(host, capability.Registers, Indent + 2, isVerbose);
            WriteDerived(capability.DerivedValues.Where(value => value.Text != capability.Summary), Indent + 2);
        }

        foreach (string warning in shown.IsConfigCut ? [] : config.Warnings)
        {
            WriteWarning(warning);
        }

        if (shown.IsConfigCut)
        {
            WriteWarning("the kernel shows only the first 64 bytes to others than root");
            host.Tell($"hint: sudo vfio show {_device.Address} shows the capabilities too");
        }
    }

    // What registers say together, in the words of lspci.
    private void WriteDerived(IEnumerable<PciDerivedValue> values, int indent)
    {
        TextItem[] items = [.. values.Select(value => new TextItem(Printable.Clean($"{value.Name}: {value.Text}"), IsWord: false))];
        if (items.Length != 0)
        {
            ItemText.Write(host, new string(' ', indent), indent + 2, items);
        }
    }

    // Regions are said with their sizes above; a bridge's windows there are the kernel's, these are the bridge's own.
    private static bool IsWindow(PciDerivedValue value) => value.Name.Contains("behind", StringComparison.Ordinal) || value.Name.Contains("window", StringComparison.Ordinal);

    // Those with fields first. Base addresses are not said again: the regions have them, with their sizes.
    private static RegisterReading[] Brief(IReadOnlyList<RegisterReading> header) =>
        [.. header
            .Where(reading => !reading.Register.Name.StartsWith("BASE_ADDRESS", StringComparison.Ordinal) && !reading.Register.Name.EndsWith("ROM_ADDRESS", StringComparison.Ordinal))
            .OrderBy(reading => reading.Register.Fields.Count == 0)];

    private static string Id(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);

    private static string At(PciResource resource) =>
        resource.Address == 0 ? "no address" : string.Create(CultureInfo.InvariantCulture, $"at 0x{resource.Address:x}");

    // 24, 25, 26, 30 are 24-26, 30.
    private static string Ranges(IReadOnlyList<int> numbers)
    {
        List<string> ranges = [];
        for (int i = 0; i < numbers.Count; i++)
        {
            int first = i;
            while (i + 1 < numbers.Count && numbers[i + 1] == numbers[i] + 1)
            {
                i++;
            }

            ranges.Add(first == i ? $"{numbers[i]}" : $"{numbers[first]}-{numbers[i]}");
        }

        return string.Join(", ", ranges);
    }

    private void WriteTitle(string title)
    {
        host.Out.WriteLine();
        host.Out.WriteLine(host.Terminal.Bold(host.Terminal.Width is int width ? Printable.Shorten(title, width) : title));
    }

    private void WriteLine(string line) => host.Out.WriteLine(host.Terminal.Width is int width ? Printable.Shorten(line, width) : line);

    private void WriteWarning(string text) => ItemText.Write(
        host, "  warning: ", Indent + 2, Printable.Clean(text).Split(' ').Select(word => new TextItem(word, IsWord: true) { Paint = host.Terminal.Yellow }));

    private void WriteList(string label, IReadOnlyList<string> items) => ItemText.Write(
        host, Start(label), Indent + LabelColumns, items.Select(item => new TextItem(Printable.Clean(item), IsWord: false)));

    private void WriteRow(string label, string? text, Func<string, string>? paint = null)
    {
        if (text is not null)
        {
            ItemText.Write(
                host, Start(label), Indent + LabelColumns, Printable.Clean(text).Split(' ').Select(word => new TextItem(word, IsWord: true) { Paint = paint }));
        }
    }

    private static string Start(string label) => $"  {label.PadRight(LabelColumns)}";
}
