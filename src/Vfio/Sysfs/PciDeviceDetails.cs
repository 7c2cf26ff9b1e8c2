using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Describes details of a PCI device from sysfs: link, power, slot, resets, resources, interrupts, virtual functions.
/// </summary>
/// <remarks>
/// A snapshot, taken without opening the device; reading its link may wake it. What the kernel does not report is
/// <see langword="null"/> or empty.
/// </remarks>
public sealed class PciDeviceDetails
{
    // A larger count in a folder or file is not valid.
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

    /// <summary>Gets the revision ID.</summary>
    public byte? Revision { get; }

    /// <summary>
    /// Gets the NUMA node that is nearest to the device; <see langword="null"/> if the firmware does not report it.
    /// </summary>
    public int? NumaNode { get; }

    /// <summary>
    /// Gets the methods by which the kernel can reset only this device, in the order in which it tries them:
    /// <c>flr</c>, <c>pm</c>, <c>bus</c>, …; <see langword="null"/> if it does not report them (Linux before 5.15).
    /// </summary>
    public IReadOnlyList<string>? ResetMethods { get; }

    /// <summary>Gets the power state: <c>D0</c>, <c>D3hot</c>, <c>D3cold</c>, <c>unknown</c>.</summary>
    public string? PowerState { get; }

    /// <summary>Gets what runtime power management does with it: <c>active</c>, <c>suspended</c>.</summary>
    public string? RuntimeStatus { get; }

    /// <summary>Gets the PCI Express link; <see langword="null"/> if the device has none.</summary>
    public PciLink? Link { get; }

    /// <summary>Gets the name of its slot.</summary>
    public string? Slot { get; }

    /// <summary>Gets the module of its driver; <see langword="null"/> for a built-in one.</summary>
    public string? Module { get; }

    /// <summary>Gets the physical function of a virtual function; <see langword="null"/> for other devices.</summary>
    public PciAddress? PhysicalFunction { get; }

    /// <summary>Gets how many virtual functions the device can have; 0 if it does not support SR-IOV.</summary>
    public int TotalVirtualFunctions { get; }

    /// <summary>Gets the virtual functions that are enabled.</summary>
    public IReadOnlyList<PciAddress> VirtualFunctions { get; }

    /// <summary>Gets the number of its INTx interrupt on the host.</summary>
    public int? Interrupt { get; }

    /// <summary>
    /// Gets the numbers of its MSI or MSI-X interrupts on the host, as far as a driver has enabled them.
    /// </summary>
    public IReadOnlyList<int> MessageInterrupts { get; }

    /// <summary>Gets the type of these interrupts: <c>msi</c> or <c>msix</c>.</summary>
    public string? MessageInterruptKind { get; }

    /// <summary>
    /// Gets its address ranges: BARs, ROM, BARs of virtual functions, windows of a bridge. Only those that exist.
    /// </summary>
    public IReadOnlyList<PciResource> Resources { get; }

    // The address in a slot's file consists of domain, bus and device, without the function.
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
