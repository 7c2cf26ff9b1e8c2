using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents a register, or bytes without a name, with different values in two dumps.</summary>
internal readonly record struct DumpDifference(RegisterPlace Place, ulong Before, ulong After);

/// <summary>Finds the differences between two rows of the same offset.</summary>
internal static class DumpDifferences
{
    /// <summary>
    /// Returns the differences between two rows, by offset: registers of the map as a whole, other bytes in pieces of
    /// the access width.
    /// </summary>
    /// <param name="header">The header of the dump that the rows belong to.</param>
    /// <param name="map">The region's registers, if they are known.</param>
    /// <param name="before">A row of the first dump.</param>
    /// <param name="after">The row of the second dump at the same offset. A byte that is unknown in either row counts
    /// as equal.</param>
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

    private static bool IsKnown(DumpRow before, DumpRow after, int start, int count) =>
        before.IsKnown(start, count) && after.IsKnown(start, count);

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
