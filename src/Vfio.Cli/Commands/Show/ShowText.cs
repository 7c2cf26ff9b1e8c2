using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Writes everything about a device as text in sections.</summary>
internal sealed class ShowText(CliHost host, ShownDevice shown, bool isVerbose)
{
    private const int Indent = SectionWriter.Indent;

    private readonly SectionWriter _section = new(host);
    private readonly DeviceIdentity _device = shown.Identity;

    public void Write()
    {
        WriteIdentity();
        if (shown.Host is HostSide side)
        {
            new HostSideText(host, side).Write();
        }
        else
        {
            WriteModel();
        }

        WriteNames();
        WriteRegions();
        WriteInterrupts();
        WriteConfig();
    }

    private void WriteIdentity()
    {
        DeviceNames names = new(host);
        string title = Printable.Clean(
            $"{_device.Name} {names.Describe(_device, isBrief: host.Terminal.Width is not null)}");
        host.Out.WriteLine(
            host.Terminal.Bold(host.Terminal.Width is int width ? Printable.Shorten(title, width) : title));
        string revision = shown.Revision is byte number
            ? string.Create(CultureInfo.InvariantCulture, $", revision {number:x2}")
            : "";
        string interfaceName = names.ProgrammingInterface(_device) is string text ? $", {text}" : "";
        _section.WriteRow("ids", $"{Id(_device.VendorId)}:{Id(_device.DeviceId)}{revision}");
        if ((_device.SubsystemVendorId, _device.SubsystemId) != (0, 0))
        {
            string subsystem = names.Subsystem(_device) is string name ? $" {name}" : "";
            _section.WriteRow("subsystem", $"{Id(_device.SubsystemVendorId)}:{Id(_device.SubsystemId)}{subsystem}");
        }

        _section.WriteRow("class", $"{_device.Class} {names.Class(_device) ?? "unknown"}{interfaceName}");
    }

    private void WriteModel() => _section.WriteRow(
        "device", "a device model that exists only while the command runs: each command creates a new one");

    private void WriteNames()
    {
        if (shown.Map is { Registers: [RegisterDescription first, ..] } map)
        {
            string example = (map.Find("STATUS") ?? first).Name;
            _section.WriteRow(
                "registers",
                $"{map.Registers.Count} by name in {new Place(map.Region, 0).RegionName}, such as "
                + $"{example} ({map.Name})");
        }
    }

    private void WriteRegions()
    {
        if (shown.Regions.Count == 0)
        {
            return;
        }

        _section.WriteTitle("Regions");
        int name = shown.Regions.Max(resource => resource.Name.Length);
        int size = shown.Regions.Max(resource => Size(resource).Length);
        int place = shown.Regions.Max(resource => At(resource).Length);
        foreach (PciResource resource in shown.Regions)
        {
            string kind = resource.Kind switch
            {
                PciBaseAddressKind.Io => "I/O ports",
                PciBaseAddressKind.Memory64 => "memory, 64 bits",
                _ => "memory, 32 bits",
            };
            string prefetch = resource.IsPrefetchable && resource.Role != PciResourceRole.Rom ? ", prefetchable" : "";
            _section.WriteLine($"  {resource.Name.PadRight(name)}  {Size(resource).PadLeft(size)}  "
                + $"{At(resource).PadRight(place)}  {kind}{prefetch}");
        }
    }

    private void WriteInterrupts()
    {
        int pin = shown.Config?.Header.InterruptPin ?? 0;
        MessageInterrupts[] kinds = [.. shown.MessageInterrupts()];
        string? kindInUse = shown.Host?.Details.MessageInterruptKind;
        IReadOnlyList<int> messages = shown.Host?.Details.MessageInterrupts ?? [];
        bool isSeen = Array.Exists(kinds, kind => kind.Is(kindInUse));
        if (pin is 0 or > 4 && kinds.Length == 0 && messages.Count == 0)
        {
            return;
        }

        _section.WriteTitle("Interrupts");
        if (pin is > 0 and <= 4)
        {
            string irq = shown.Host?.Details.Interrupt is int number && messages.Count == 0
                ? string.Create(CultureInfo.InvariantCulture, $", IRQ {number}") : "";
            _section.WriteRow("INTx", $"pin {(char)('A' + pin - 1)}{irq}");
        }

        string irqs = messages.Count == 0 ? "" : $": IRQ {Ranges(messages)}";
        foreach (MessageInterrupts kind in kinds)
        {
            string count = kind.Capable == 1 ? "1 vector"
                : kind.IsOn && kind.Enabled != kind.Capable ? $"{kind.Enabled} of {kind.Capable} vectors"
                : $"{kind.Capable} vectors";
            _section.WriteRow(kind.Name, $"{(kind.IsOn ? "on" : "off")}, {count}{(kind.Is(kindInUse) ? irqs : "")}");
        }

        if (!isSeen && irqs.Length != 0)
        {
            _section.WriteRow(kindInUse == "msix" ? "MSI-X" : "MSI", $"on{irqs}");
        }

        // An interrupt line may be shared; interrupts of other devices on it are counted too.
        HostInterruptCount[] counted = [.. (shown.Host?.Counts ?? []).Where(count => count.Count != 0)];
        if (counted.Length != 0)
        {
            _section.WriteList("counted", [.. counted.Select(
                count => string.Create(CultureInfo.InvariantCulture, $"IRQ {count.Number}: {count.Count}"))]);
        }
    }

    private void WriteConfig()
    {
        if (shown.Config is not PciConfigSpace config)
        {
            _section.WriteTitle("Configuration space");
            _section.WriteLine("  cannot be read");
            return;
        }

        _section.WriteTitle($"Configuration space, {ByteSize.Format((ulong)shown.ConfigBytes.Length)}");
        if (config.Header.IsAbsent)
        {
            _section.WriteWarning("the device does not answer: configuration space reads as all ones. It is suspended, "
                + "in reset, or removed");
            return;
        }

        RegisterText.Write(host, isVerbose ? config.HeaderRegisters : Brief(config.HeaderRegisters), Indent, isVerbose);
        WriteDerived(config.HeaderDerivedValues.Where(IsWindow), Indent);
        foreach (PciCapability capability in config.Capabilities)
        {
            WriteCapability(capability);
        }

        foreach (string warning in shown.IsConfigCut ? [] : config.Warnings)
        {
            _section.WriteWarning(warning);
        }

        if (shown.IsConfigCut)
        {
            _section.WriteWarning("the kernel shows only the first 64 bytes, because you are not root");
            host.Tell($"hint: sudo vfio show {_device.Name} also shows the capabilities");
        }
    }

    private void WriteCapability(PciCapability capability)
    {
        string version = capability.IsExtended
            ? string.Create(CultureInfo.InvariantCulture, $" v{capability.Version}")
            : "";
        string summary = capability.Summary is null ? "" : $": {capability.Summary}";
        string shortName = capability.Name == capability.ShortName ? "" : $" ({capability.ShortName})";
        string title = string.Create(
            CultureInfo.InvariantCulture,
            $"[{capability.Offset:x2}{version}] {capability.Name}{shortName}{summary}");
        ItemText.Write(
            host, new string(' ', Indent), Indent + 2,
            Printable.Clean(title)
                .Split(' ')
                .Select(word => new TextItem(word, IsWord: true) { Paint = host.Terminal.Bold }));
        RegisterText.Write(host, capability.Registers, Indent + 2, isVerbose);
        if (shown.FindUndecoded(capability) is { Count: > 0 } words)
        {
            string text = string.Join(' ', words.Select(word => word.ToString("x8", CultureInfo.InvariantCulture)));
            ItemText.Write(host, new string(' ', Indent + 2), Indent + 4, $"not decoded: {text}"
                .Split(' ')
                .Select(word => new TextItem(word, IsWord: true)));
        }

        WriteDerived(capability.DerivedValues.Where(value => value.Text != capability.Summary), Indent + 2);
    }

    // Writes the values that are derived from several registers, in the words of lspci.
    private void WriteDerived(IEnumerable<PciDerivedValue> values, int indent)
    {
        TextItem[] items =
            [.. values.Select(value => new TextItem(Printable.Clean($"{value.Name}: {value.Text}"), IsWord: false))];
        if (items.Length != 0)
        {
            ItemText.Write(host, new string(' ', indent), indent + 2, items);
        }
    }

    // Regions are listed above with their sizes. For a bridge, the windows listed there are the kernel's; these are the
    // ones that the bridge decodes.
    private static bool IsWindow(PciDerivedValue value) => value.Name.Contains("behind", StringComparison.Ordinal)
        || value.Name.Contains("window", StringComparison.Ordinal);

    // Registers with fields come first. Base addresses are omitted, because the regions show them with their sizes.
    private static RegisterReading[] Brief(IReadOnlyList<RegisterReading> header) =>
        [.. header
            .Where(reading => !reading.Register.Name.StartsWith("BASE_ADDRESS", StringComparison.Ordinal)
                && !reading.Register.Name.EndsWith("ROM_ADDRESS", StringComparison.Ordinal))
            .OrderBy(reading => reading.Register.Fields.Count == 0)];

    private static string Id(ushort id) => id.ToString("x4", CultureInfo.InvariantCulture);

    private static string Size(PciResource resource) =>
        resource.Length == 0 ? "size unknown" : ByteSize.Format(resource.Length);

    private static string At(PciResource resource) =>
        resource.Address == 0
            ? "no address"
            : string.Create(CultureInfo.InvariantCulture, $"at 0x{resource.Address:x}");

    // 24, 25, 26, 30 becomes 24-26, 30.
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
}
