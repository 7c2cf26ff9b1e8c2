using System.Globalization;
using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>
/// The names and fields of the 82574's registers. They are created at the first use, because there are hundreds.
/// </summary>
internal static partial class Intel82574Map
{
    public static RegisterMap Make() =>
        new("Intel 82574", "Intel 82574 GbE Controller Family Datasheet 3.4, section 10", RegionIndex.Bar0,
        [
            .. General,
            .. PciExpress,
            .. Interrupts,
            .. Reception,
            .. Transmission,
            .. Statistics,
            .. WakeUp,
            .. Manageability,
            .. TimeSynchronisation,
        ]);

    // A table of registers of one kind: MTA0, MTA1 and so on.
    private static IEnumerable<RegisterDescription> Many(
        string name,
        ulong offset,
        int stride,
        int count,
        string meaning,
        RegisterAccess access = RegisterAccess.ReadWrite) =>
        Enumerable.Range(0, count).Select(index => new RegisterDescription(
            string.Create(CultureInfo.InvariantCulture, $"{name}{index}"),
            offset + (ulong)(index * stride),
            4,
            string.Create(CultureInfo.InvariantCulture, $"{meaning} {index}"),
            access,
            []));
}
