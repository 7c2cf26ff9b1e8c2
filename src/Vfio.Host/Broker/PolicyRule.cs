using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A line of the policy.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Allows">What it decides.</param>
/// <param name="Who">Whom it is about.</param>
/// <param name="What">Which devices.</param>
/// <param name="Backend">Which way; <see cref="BrokerBackend.Any"/> for both.</param>
internal sealed record PolicyRule(int Line, bool Allows, PolicyWho Who, PolicyDevices What, BrokerBackend Backend)
{
    public bool IsAbout(BrokerPeer peer, PciDeviceInfo device, BrokerBackend backend) =>
        (Backend == BrokerBackend.Any || Backend == backend) && What.Includes(device) && Who.Includes(peer);
}

/// <summary>Users: one, those of a group, or all.</summary>
internal readonly record struct PolicyWho(uint? User, uint? Group)
{
    public bool Includes(BrokerPeer peer) => (User is null || User == peer.Uid) && (Group is not uint group || peer.IsIn(group));
}

/// <summary>Devices: one address, a vendor's or one model of it, a class, or all.</summary>
/// <param name="Address">The address.</param>
/// <param name="Vendor">The vendor id.</param>
/// <param name="Device">The device id; a vendor's all where there is none.</param>
/// <param name="Class">The class code's bits that count.</param>
/// <param name="ClassMask">Which bits count.</param>
internal readonly record struct PolicyDevices(PciAddress? Address, ushort? Vendor, ushort? Device, uint Class, uint ClassMask)
{
    public bool Includes(PciDeviceInfo device) =>
        (Address is not PciAddress address || address == device.Address)
        && (Vendor is not ushort vendor || vendor == device.VendorId)
        && (Device is not ushort model || model == device.DeviceId)
        && (device.Class.Value & ClassMask) == Class;
}

/// <summary>Who is at the other end of a connection, as the kernel says it (SO_PEERCRED, SO_PEERGROUPS): the state at <c>connect(2)</c>.</summary>
/// <param name="Uid">The effective user.</param>
/// <param name="Gid">The effective group.</param>
/// <param name="Pid">The process; 0 where it is in a PID namespace that the broker does not see. For the record only: numbers are used again.</param>
/// <param name="Groups">The supplementary groups.</param>
internal sealed record BrokerPeer(uint Uid, uint Gid, int Pid, uint[] Groups)
{
    public bool IsIn(uint group) => Gid == group || Groups.Contains(group);
}
