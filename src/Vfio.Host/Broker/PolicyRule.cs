using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A line of the policy.</summary>
/// <param name="Line">Its line number, from 1.</param>
/// <param name="Allows">Whether it allows or denies.</param>
/// <param name="Who">The users that it matches.</param>
/// <param name="What">The devices that it matches.</param>
/// <param name="Backend">The backend that it matches; <see cref="BrokerBackend.Any"/> for both.</param>
internal sealed record PolicyRule(int Line, bool Allows, PolicyWho Who, PolicyDevices What, BrokerBackend Backend)
{
    public bool IsAbout(BrokerPeer peer, PciDeviceInfo device, BrokerBackend backend) =>
        (Backend == BrokerBackend.Any || Backend == backend) && What.Includes(device) && Who.Includes(peer);
}

/// <summary>Users: one, those of a group, or all.</summary>
internal readonly record struct PolicyWho(uint? User, uint? Group)
{
    public bool Includes(BrokerPeer peer) =>
        (User is null || User == peer.Uid) && (Group is not uint group || peer.IsIn(group));
}

/// <summary>Devices: one address, all of a vendor or those with one device ID, a class, or all.</summary>
/// <param name="Address">The address.</param>
/// <param name="Vendor">The vendor ID.</param>
/// <param name="Device">The device ID; <see langword="null"/> for all devices of the vendor.</param>
/// <param name="Class">The bits of the class code that have to match.</param>
/// <param name="ClassMask">Selects those bits.</param>
internal readonly record struct PolicyDevices(
    PciAddress? Address, ushort? Vendor, ushort? Device, uint Class, uint ClassMask)
{
    public bool Includes(PciDeviceInfo device) =>
        (Address is not PciAddress address || address == device.Address)
        && (Vendor is not ushort vendor || vendor == device.VendorId)
        && (Device is not ushort model || model == device.DeviceId)
        && (device.Class.Value & ClassMask) == Class;
}

/// <summary>
/// The client of a connection, as reported by the kernel (SO_PEERCRED, SO_PEERGROUPS) for the time of
/// <c>connect(2)</c>.
/// </summary>
/// <param name="Uid">The effective user.</param>
/// <param name="Gid">The effective group.</param>
/// <param name="Pid">
/// The process; 0 if it is in a PID namespace that the broker does not see. Used only for the record, because process
/// IDs are reused.
/// </param>
/// <param name="Groups">The supplementary groups.</param>
internal sealed record BrokerPeer(uint Uid, uint Gid, int Pid, uint[] Groups)
{
    public bool IsIn(uint group) => Gid == group || Groups.Contains(group);
}
