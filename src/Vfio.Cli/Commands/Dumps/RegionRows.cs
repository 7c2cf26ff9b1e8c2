using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Reads a region of a device row by row.</summary>
internal static class RegionRows
{
    /// <summary>
    /// Returns the offsets of the bytes that are not read by default, because they change when they are read or cannot
    /// be read.
    /// </summary>
    public static HashSet<ulong> Untouchable(RegisterMap? map)
    {
        HashSet<ulong> bytes = [];
        foreach (RegisterDescription register in Unreadable(map))
        {
            for (int i = 0; i < register.Width; i++)
            {
                bytes.Add(register.Offset + (ulong)i);
            }
        }

        return bytes;
    }

    /// <summary>Returns the registers whose bytes <see cref="Untouchable"/> returns.</summary>
    public static IEnumerable<RegisterDescription> Unreadable(RegisterMap? map)
    {
        // A write-only register may share its offset with a readable one.
        HashSet<ulong> peekable =
            [.. (map?.Registers ?? []).Where(register => register.CanPeek).Select(register => register.Offset)];
        return (map?.Registers ?? []).Where(register =>
            register.Access == RegisterAccess.ReadHasSideEffects
            || (!register.CanPeek && !peekable.Contains(register.Offset)));
    }

    /// <summary>Reads the rows lazily: each row is read from the device when it is enumerated.</summary>
    /// <param name="session">The device.</param>
    /// <param name="region">The region.</param>
    /// <param name="bits">The width of an access. If the length of the region is not a multiple of it, the rest is read
    /// by bytes.</param>
    /// <param name="isWanted">Returns whether the bytes at an offset may be read.</param>
    /// <param name="cancellationToken">Stops the reading between two rows.</param>
    public static IEnumerable<DumpRow> Read(
        RegisterSession session,
        RegionIndex region,
        int bits,
        Func<ulong, int, bool> isWanted,
        CancellationToken cancellationToken)
    {
        ulong length = session.Region(region).Length;
        for (ulong offset = 0; offset < length; offset += DumpRow.Width)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return ReadRow(
                session, region, bits, isWanted, offset, (int)Math.Min(DumpRow.Width, length - offset));
        }
    }

    private static DumpRow ReadRow(
        RegisterSession session,
        RegionIndex region,
        int bits,
        Func<ulong, int, bool> isWanted,
        ulong offset,
        int length)
    {
        DumpRow row = new(offset, 0, 0, length);
        int step;
        for (int i = 0; i < length; i += step)
        {
            step = i + (bits / 8) <= length ? bits / 8 : 1;
            if (isWanted(offset + (ulong)i, step))
            {
                row = row.With(
                    i, step, session.Read(session.Names.Describe(new Place(region, offset + (ulong)i), step * 8)));
            }
        }

        return row;
    }
}
