using System.Globalization;

namespace Vfio;

/// <summary>Identifies what a state belongs to: only a device of the same kind accepts it.</summary>
/// <param name="VendorId">The vendor ID in configuration space.</param>
/// <param name="DeviceId">The device ID.</param>
/// <param name="SubsystemVendorId">The subsystem vendor ID.</param>
/// <param name="SubsystemId">The subsystem ID.</param>
/// <param name="Revision">The revision ID.</param>
/// <param name="Type">The type of a mediated device; empty for other devices.</param>
internal sealed record MigrationIdentity(
    ushort VendorId, ushort DeviceId, ushort SubsystemVendorId, ushort SubsystemId, byte Revision, string Type)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{VendorId:x4}:{DeviceId:x4} (subsystem {SubsystemVendorId:x4}:{SubsystemId:x4}, revision "
        + $"{Revision:x2}{(Type.Length == 0 ? "" : $", type {Type}")})");
}
