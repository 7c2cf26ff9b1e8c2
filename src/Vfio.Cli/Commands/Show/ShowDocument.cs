using System.Globalization;
using System.Text.Json.Serialization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Describes everything that <c>vfio show</c> shows about a device, as JSON.</summary>
internal sealed class ShowDocument(ShownDevice shown, DeviceNames known)
    : DeviceDocument(shown.Identity, known, shown.Host?.Device)
{
    [JsonConstructor]
    internal ShowDocument()
        : this(null!, null!)
    {
    }

    private HostSide? Side => shown.Host;

    private PciDeviceDetails? Details => shown.Host?.Details;

    private JournalEntry? Entry => Side?.Entry is { ParseError: null } sound ? sound : null;

    public bool IsModel => Side is null;

    public string? SubsystemName => Names.Subsystem(shown.Identity);

    public string? ProgrammingInterfaceName => Names.ProgrammingInterface(shown.Identity);

    public string? Revision => shown.Revision?.ToString("x2", CultureInfo.InvariantCulture);

    public HostNameDocument[] Interfaces => HostNameDocument.Of(Side?.Interfaces ?? []);

    public HostNameDocument[] Disks => HostNameDocument.Of(Side?.Disks ?? []);

    public bool CanBind => Side is { Refusals.Count: 0 };

    public RefusalDocument[] Refusals => RefusalDocument.Of(Side?.Refusals ?? []);

    public string? OriginalDriver => Entry?.OriginalDriver;

    public HostNameDocument[] PreviousNames =>
        HostNameDocument.Of(Entry is JournalEntry entry ? DeviceArgument.NamesOf(entry) : []);

    public string? User => Entry?.User;

    public bool IsPersistent => Side is { IsPersistent: true };

    public string? Driverctl => Side?.Driverctl;

    public ShownHolder[] Holders =>
        [.. (Side?.Holders ?? []).Select(holder => new ShownHolder(holder.ProcessId, holder.Command, holder.UserName))];

    public GroupMember[] GroupMembers =>
        [.. (Side?.Group?.Devices ?? []).Where(member => member.Address != Side!.Device.Address)
            .Select(member => new GroupMember(
                member.Address.ToString(), DeviceNames.ClassWord(member.Class), member.Driver))];

    public string? DomainType => Side?.Group?.DomainType;

    public string? Module => Details?.Module;

    public int? NumaNode => Details?.NumaNode;

    public string? Slot => Details?.Slot;

    public string? PowerState => Details?.PowerState;

    public string? RuntimeStatus => Details?.RuntimeStatus;

    public IReadOnlyList<string>? ResetMethods => Details?.ResetMethods;

    public LinkDocument? Link => Details?.Link is PciLink link
        ? new LinkDocument(link.CurrentSpeed, link.CurrentWidth, link.MaxSpeed, link.MaxWidth)
        : null;

    public string? PhysicalFunction => Details?.PhysicalFunction?.ToString();

    public int MaxVirtualFunctions => Details?.TotalVirtualFunctions ?? 0;

    public string[] VirtualFunctions => [.. (Details?.VirtualFunctions ?? []).Select(address => address.ToString())];

    public RegionDocument[] Regions => [.. shown.Regions.Select(resource => new RegionDocument(resource))];

    public InterruptsDocument Interrupts => new(shown);

    public RegisterMapDocument? RegisterMap => shown.Map is RegisterMap map
        ? new RegisterMapDocument(new Place(map.Region, 0).RegionName, map.Name, map.Source, map.Registers.Count)
        : null;

    public ConfigSpaceDocument? ConfigSpace =>
        shown.Config is PciConfigSpace config ? new ConfigSpaceDocument(shown, config) : null;

    public static void Write(CliHost host, ShownDevice shown) =>
        Json.Write(host.Out, new ShowDocument(shown, new DeviceNames(host)), CliJson.Write);
}

/// <summary>Describes a process that has the device open.</summary>
internal sealed record ShownHolder(int Pid, string Command, string User);

/// <summary>Describes another device of the same IOMMU group.</summary>
internal sealed record GroupMember(string Address, string Kind, string? Driver);

/// <summary>Describes the PCI Express link.</summary>
internal sealed record LinkDocument(double? Speed, int? Width, double? MaxSpeed, int? MaxWidth);

/// <summary>Describes the registers that have names.</summary>
internal sealed record RegisterMapDocument(string Region, string Name, string Source, int Registers);

/// <summary>Describes a BAR or the ROM.</summary>
internal sealed class RegionDocument(PciResource resource)
{
    [JsonConstructor]
    internal RegionDocument()
        : this(null!)
    {
    }

    public string Name => resource.Name;

    public string Kind => resource.Kind switch
    {
        PciBaseAddressKind.Io => "io",
        PciBaseAddressKind.Memory64 => "memory64",
        _ => "memory32",
    };

    public ulong? Length => resource.Length == 0 ? null : resource.Length;

    public string? Address =>
        resource.Address == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"0x{resource.Address:x}");

    public bool IsPrefetchable => resource.IsPrefetchable;
}

/// <summary>Describes the interrupts.</summary>
internal sealed class InterruptsDocument(ShownDevice shown)
{
    [JsonConstructor]
    internal InterruptsDocument()
        : this(null!)
    {
    }

    private const int Pins = 4;

    public string? Pin =>
        shown.Config?.Header.InterruptPin is byte pin and > 0 and <= Pins ? $"{(char)('A' + pin - 1)}" : null;

    public int? Irq => shown.Host?.Details.Interrupt;

    public MessageKindDocument[] Messages => [.. shown.MessageInterrupts()
        .Select(kind => new MessageKindDocument(kind.Name == "MSI" ? "msi" : "msix", kind.IsOn, kind.Capable))];

    public string? MessageKindInUse => shown.Host?.Details.MessageInterruptKind;

    public IReadOnlyList<int> MessageIrqs => shown.Host?.Details.MessageInterrupts ?? [];

    public InterruptCountDocument[] Counts => [.. (shown.Host?.Counts ?? [])
        .Select(count => new InterruptCountDocument(count.Number, count.Name, count.Count))];
}

/// <summary>Describes MSI or MSI-X.</summary>
internal sealed record MessageKindDocument(string Kind, bool IsOn, int Vectors);

/// <summary>Describes how often an interrupt has occurred.</summary>
internal sealed record InterruptCountDocument(int Irq, string Name, ulong Count);
