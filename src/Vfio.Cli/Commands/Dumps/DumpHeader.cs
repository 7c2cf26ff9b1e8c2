using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Describes what a dump contains.</summary>
/// <param name="Address">The address of the device.</param>
/// <param name="VendorId">The vendor ID.</param>
/// <param name="DeviceId">The device ID.</param>
/// <param name="Region">The region.</param>
/// <param name="Length">The region's length in bytes.</param>
/// <param name="Bits">The width of the accesses in bits.</param>
internal sealed record DumpHeader(
    PciAddress Address, ushort VendorId, ushort DeviceId, RegionIndex Region, ulong Length, int Bits)
{
    /// <summary>The beginning of a dump's second line; the number is the version of the format.</summary>
    public const string Mark = "# vfio-dump 1 ";

    /// <summary>The last line of a complete dump.</summary>
    public const string End = "# end";

    /// <summary>
    /// The maximum length of a region that is dumped or compared; a longer one would take hours with system calls.
    /// </summary>
    public const ulong MaxLength = 1UL << 32;

    public ushort SubsystemVendorId { get; init; }

    public ushort SubsystemId { get; init; }

    public PciClassCode Class { get; init; }

    /// <summary>Gets when the region was read.</summary>
    public DateTimeOffset Time { get; init; }

    public string RegionName => new Place(Region, 0).RegionName;

    public string Ids => string.Create(CultureInfo.InvariantCulture, $"{VendorId:x4}:{DeviceId:x4}");

    public static DumpHeader Of(
        DeviceIdentity device, RegionIndex region, ulong length, int bits, DateTimeOffset time) =>
        new(device.Address, device.VendorId, device.DeviceId, region, length, bits)
        {
            SubsystemVendorId = device.SubsystemVendorId,
            SubsystemId = device.SubsystemId,
            Class = device.Class,
            Time = time,
        };

    /// <summary>Returns the first line, which <c>lspci -F</c> recognizes by its address.</summary>
    public string FirstLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Address} {Ids} subsystem {SubsystemVendorId:x4}:{SubsystemId:x4} class {Class}");

    /// <summary>Returns the second line, which <c>lspci -F</c> ignores.</summary>
    public string SecondLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Mark}region={RegionName} length=0x{Length:x} width={Bits} time={Time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");

    /// <summary>Parses both lines.</summary>
    /// <returns>The header, or <see langword="null"/> if the lines are not in this format.</returns>
    public static DumpHeader? Parse(string first, string second)
    {
        string[] words = first.Split(' ');
        if (words is not [string address, string ids, "subsystem", string subsystem, "class", string code]
            || !PciAddress.TryParse(address, out PciAddress device)
            || !TryPair(ids, out ushort vendorId, out ushort deviceId)
            || !TryPair(subsystem, out ushort subsystemVendor, out ushort subsystemId)
            || !uint.TryParse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint classCode)
            || classCode > 0xffffff
            || !second.StartsWith(Mark, StringComparison.Ordinal)
            || second[Mark.Length..].Split(' ') is not [string region, string length, string width, string time]
            || !Place.TryParse(After(region, "region="), out Place place, out _)
            || place.Offset != 0
            || !Number.TryParse(After(length, "length="), out ulong bytes)
            || bytes is 0 or > MaxLength
            || !Number.TryParse(After(width, "width="), out ulong bits)
            || bits is not (8 or 16 or 32 or 64)
            || !DateTimeOffset.TryParse(
                After(time, "time="),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset when))
        {
            return null;
        }

        return new DumpHeader(device, vendorId, deviceId, place.Region, bytes, (int)bits)
        {
            SubsystemVendorId = subsystemVendor,
            SubsystemId = subsystemId,
            Class = new PciClassCode(classCode),
            Time = when,
        };
    }

    private static string After(string text, string name) =>
        text.StartsWith(name, StringComparison.Ordinal) ? text[name.Length..] : "";

    private static bool TryPair(string text, out ushort first, out ushort second)
    {
        second = 0;
        return ushort.TryParse(
            text.AsSpan(0, Math.Min(4, text.Length)),
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out first)
            && text.Length == 9 && text[4] == ':'
            && ushort.TryParse(
                text.AsSpan(5), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out second);
    }
}
