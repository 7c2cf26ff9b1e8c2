using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A register, or bytes without a name, that two dumps have different values of.</summary>
internal readonly record struct DumpDifference(RegisterPlace Place, ulong Before, ulong After);

/// <summary>Finds what differs between two rows of the same offset.</summary>
internal static class DumpDifferences
{
    /// <summary>The differences of two rows, by offset: registers of the map as such, the rest in pieces of the usual width.</summary>
    /// <param name="header">What the rows are of.</param>
    /// <param name="map">The region's registers, where they are known.</param>
    /// <param name="before">A row.</param>
    /// <param name="after">The row of the same offset; what either does not know is equal.</param>
    public static IEnumerable<DumpDifference> Find(DumpHeader header, RegisterMap? map, DumpRow before, DumpRow after)
    {
        int length = Math.Min(before.Length, after.Length);
        int bytes;
        for (int i = 0; i < length && Differs(before, after, i, length - i); i += bytes)
        {
            ulong offset = before.Offset + (ulong)i;
            RegisterDescription? register = map?.FindAt(offset);
            bytes = register?.Width ?? header.Bits / 8;
            bool isOne = register is not null || (i % bytes == 0 && !HasNames(map, offset, bytes));
            if (!isOne || i + bytes > length || !IsKnown(before, after, i, bytes))
            {
                register = null;
                bytes = 1;
            }

            if (IsKnown(before, after, i, bytes) && Differs(before, after, i, bytes))
            {
                RegisterPlace place = new(new Place(header.Region, offset), bytes * 8, register);
                yield return new DumpDifference(place, before.Number(i, bytes), after.Number(i, bytes));
            }
        }
    }

    private static bool HasNames(RegisterMap? map, ulong offset, int bytes)
    {
        for (int i = 1; map is not null && i < bytes; i++)
        {
            if (map.FindAt(offset + (ulong)i) is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsKnown(DumpRow before, DumpRow after, int start, int count) => before.IsKnown(start, count) && after.IsKnown(start, count);

    private static bool Differs(DumpRow before, DumpRow after, int start, int count)
    {
        for (int i = start; i < start + count; i++)
        {
            if (IsKnown(before, after, i, 1) && before.Number(i, 1) != after.Number(i, 1))
            {
                return true;
            }
        }

        return false;
    }
}
