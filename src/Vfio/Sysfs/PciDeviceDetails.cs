using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Details of a PCI device from sysfs, beyond its identity: link, power, slot, resets, resources, interrupts,
/// functions.
/// </summary>
/// <remarks>
/// A snapshot, without opening the device; asking for its link may wake it. What the kernel does not say is
/// <see langword="null"/> or empty.
/// </remarks>
public sealed class PciDeviceDetails
{
    // What a folder or a file claims is not believed beyond this many.
    private const int MaxFunctions = 4096;
    private const int MaxVectors = 4096;

    internal PciDeviceDetails(HostRoot host, PciDeviceInfo device)
    {
        string? Read(string name) => SysfsFile.Read(device.Attribute(name)) is { Length: > 0 } text ? text : null;
        int? ReadNumber(string name) =>
            SysfsFile.ReadNumber(device.Attribute(name)) is long and >= int.MinValue and <= int.MaxValue and long number
                ? (int)number
                : null;
        PciAddress? ReadAddress(string name) =>
            PciAddress.TryParse(SysfsFile.ReadLinkName(device.Attribute(name)), out PciAddress address)
                ? address
                : null;

        Revision = Read("revision") is string revision && revision.StartsWith("0x", StringComparison.Ordinal)
            && byte.TryParse(
                revision.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;
        NumaNode = device.GetNumaNode();
        ResetMethods = SysfsFile.Read(device.Attribute("reset_method"))
            ?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        PowerState = Read("power_state");
        RuntimeStatus = Read("power/runtime_status");
        Link = device.GetLink();
        Slot = ReadSlot(host, device.Address);
        Module = SysfsFile.ReadLinkName(device.Attribute("driver/module"));
        PhysicalFunction = device.GetPhysicalFunction();
        TotalVirtualFunctions = Math.Clamp(ReadNumber("sriov_totalvfs") ?? 0, 0, ushort.MaxValue);
        int functions = Math.Min(device.GetVirtualFunctionCount(), MaxFunctions);
        VirtualFunctions =
            [.. Enumerable.Range(0, functions).Select(i => ReadAddress($"virtfn{i}")).OfType<PciAddress>()];
        Interrupt = ReadNumber("irq") is int and > 0 and int irq ? irq : null;
        MessageInterrupts = [.. SysfsFile.Names(device.Attribute("msi_irqs"))
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : -1)
            .Where(number => number >= 0)
            .Take(MaxVectors)
            .Order()];
        MessageInterruptKind = MessageInterrupts.Count == 0 ? null : Read($"msi_irqs/{MessageInterrupts[0]}");
        Resources = PciResource.ReadAll(SysfsFile.Read(device.Attribute("resource")), device.IsBridge);
    }

    /// <summary>The revision id.</summary>
    public byte? Revision { get; }

    /// <summary>The memory node the device is near to; <see langword="null"/> if the firmware names none.</summary>
    public int? NumaNode { get; }

    /// <summary>
    /// Gets the methods by which the kernel can reset only this device, in the order in which it tries them:
    /// <c>flr</c>, <c>pm</c>, <c>bus</c>, …; <see langword="null"/> if it does not report them (Linux before 5.15).
    /// </summary>
    public IReadOnlyList<string>? ResetMethods { get; }

    /// <summary>The power state: <c>D0</c>, <c>D3hot</c>, <c>D3cold</c>, <c>unknown</c>.</summary>
    public string? PowerState { get; }

    /// <summary>Gets what runtime power management does with it: <c>active</c>, <c>suspended</c>.</summary>
    public string? RuntimeStatus { get; }

    /// <summary>The PCI Express link; <see langword="null"/> if the device has none.</summary>
    public PciLink? Link { get; }

    /// <summary>The name of the slot it is plugged into.</summary>
    public string? Slot { get; }

    /// <summary>The module of its driver; <see langword="null"/> for a built-in one.</summary>
    public string? Module { get; }

    /// <summary>For a virtual function, the physical one it belongs to.</summary>
    public PciAddress? PhysicalFunction { get; }

    /// <summary>Gets how many virtual functions the device can have; 0 if it does not support SR-IOV.</summary>
    public int TotalVirtualFunctions { get; }

    /// <summary>The virtual functions that are switched on.</summary>
    public IReadOnlyList<PciAddress> VirtualFunctions { get; }

    /// <summary>The host's number of its pin interrupt.</summary>
    public int? Interrupt { get; }

    /// <summary>The host's numbers of its message interrupts, as far as a driver has switched them on.</summary>
    public IReadOnlyList<int> MessageInterrupts { get; }

    /// <summary>Their kind: <c>msi</c> or <c>msix</c>.</summary>
    public string? MessageInterruptKind { get; }

    /// <summary>
    /// Its ranges of addresses: base address registers, ROM, those for virtual functions, a bridge's windows. Only
    /// those that are there.
    /// </summary>
    public IReadOnlyList<PciResource> Resources { get; }

    // A slot's file has domain, bus and device, without the function.
    private static string? ReadSlot(HostRoot host, PciAddress address)
    {
        string prefix = address.ToString();
        prefix = prefix[..prefix.LastIndexOf('.')];
        string folder = host.Combine("sys/bus/pci/slots");
        return SysfsFile.Names(folder)
            .FirstOrDefault(name => SysfsFile.Read(Path.Combine(folder, name, "address")) is string text
                && (text == prefix || text == prefix[..prefix.LastIndexOf(':')]));
    }
}
