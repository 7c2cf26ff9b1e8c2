namespace Vfio.Cli;

/// <summary>What is known of one vector that is watched.</summary>
/// <param name="vector">The vector.</param>
internal sealed class IrqCount(InterruptVector vector)
{
    public InterruptVector Vector => vector;

    /// <summary>Signals since the last look; one look is from one <see cref="EndInterval"/> to the next.</summary>
    public ulong New { get; private set; }

    /// <summary>Signals since the beginning.</summary>
    public ulong Total { get; private set; }

    /// <summary>Signals a second, over the last interval; null where that was cut short, so that it says nothing.</summary>
    public double? Rate { get; private set; }

    /// <summary>Takes what there is. A level interrupt is let through again: nobody else serves it here.</summary>
    /// <returns>How many.</returns>
    public ulong Collect()
    {
        ulong count = vector.ReadAndClear();
        if (count != 0)
        {
            New += count;
            Total += count;
            if (vector.Info.IsAutomasked)
            {
                vector.Unmask();
            }
        }

        return count;
    }

    public void EndInterval(TimeSpan length, bool isWhole)
    {
        Rate = isWhole && length > TimeSpan.Zero ? New / length.TotalSeconds : null;
        New = 0;
    }

    /// <summary>The kind as people write it.</summary>
    public static string NameOf(IrqIndex index) => index switch
    {
        IrqIndex.Intx => "INTx",
        IrqIndex.Msi => "MSI",
        IrqIndex.Msix => "MSI-X",
        IrqIndex.Error => "error",
        _ => "request",
    };

    /// <summary>The kind as options and JSON have it.</summary>
    public static string WordFor(IrqIndex index) => index.ToString().ToLowerInvariant();
}
