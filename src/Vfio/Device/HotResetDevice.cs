using Vfio.Pci;

namespace Vfio;

/// <summary>Represents a device that a reset of its bus also resets, and who uses it.</summary>
public sealed class HotResetDevice
{
    internal HotResetDevice(
        PciAddress? address, string? driver, HotResetOwner owner, IReadOnlyList<DeviceHolder>? holders = null)
    {
        (Address, Driver, Owner) = (address, driver, owner);
        Holders = holders ?? [];
    }

    /// <summary>Gets the device's PCI address; <see langword="null"/> for a device model without one.</summary>
    public PciAddress? Address { get; }

    /// <summary>
    /// Gets the driver that the device is bound to; <see langword="null"/> if it has none, or no longer exists.
    /// </summary>
    public string? Driver { get; }

    /// <summary>Gets who uses the device.</summary>
    public HotResetOwner Owner { get; }

    /// <summary>
    /// Gets the processes that have the device open, if they are other processes
    /// (<see cref="HotResetOwner.Processes"/>).
    /// </summary>
    public IReadOnlyList<DeviceHolder> Holders { get; }

    /// <summary>
    /// Gets whether the device is open in this program in such a way that the kernel allows this program to reset its
    /// bus.
    /// </summary>
    public bool IsOwned => Owner is HotResetOwner.ThisProgram or HotResetOwner.ThisProgramByGroup;

    /// <summary>
    /// Describes who uses the device, in a few words: <c>this program</c>, <c>the driver e1000e</c>, <c>free</c>,
    /// <c>pid 4711 (qemu, user alice)</c>.
    /// </summary>
    /// <returns>The description.</returns>
    public string DescribeOwner() => Owner switch
    {
        HotResetOwner.ThisProgram => "this program",
        HotResetOwner.ThisProgramByGroup => "this program, through its group",
        HotResetOwner.OtherAddressSpace => "this program, in another address space",
        HotResetOwner.OtherBackend => "this program, through another backend",
        HotResetOwner.NotProvided => "this program, but not passed to the plan",
        HotResetOwner.Processes => string.Join(", ", Holders),
        HotResetOwner.Free => "free",
        HotResetOwner.HostDriver => $"the driver {Driver}",
        HotResetOwner.NoDriver => "no driver",
        HotResetOwner.VirtualFunction => "a virtual function",
        _ => "unknown",
    };

    /// <summary>Returns the address and the owner: <c>0000:03:00.1 (the driver e1000e)</c>.</summary>
    /// <returns>The description.</returns>
    public override string ToString() => $"{Address?.ToString() ?? "the device model"} ({DescribeOwner()})";
}
