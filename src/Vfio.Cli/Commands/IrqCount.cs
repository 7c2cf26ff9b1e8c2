namespace Vfio.Cli;

/// <summary>Counts the signals of one vector.</summary>
/// <param name="vector">The vector.</param>
internal sealed class IrqCount(InterruptVector vector)
{
    public InterruptVector Vector => vector;

    /// <summary>Gets the number of signals in the current interval, which <see cref="EndInterval"/> ends.</summary>
    public ulong New { get; private set; }

    /// <summary>Gets the number of signals since the start.</summary>
    public ulong Total { get; private set; }

    /// <summary>
    /// Gets the signals per second over the last interval; <see langword="null"/> if that interval was cut short,
    /// because the rate would mean little.
    /// </summary>
    public double? Rate { get; private set; }

    /// <summary>
    /// Collects the signals that have arrived. A level-triggered interrupt is unmasked again, because nothing else
    /// serves it here.
    /// </summary>
    /// <returns>The number of signals.</returns>
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

    /// <summary>Returns the interrupt type as text for people.</summary>
    public static string NameOf(IrqIndex index) => index switch
    {
        IrqIndex.Intx => "INTx",
        IrqIndex.Msi => "MSI",
        IrqIndex.Msix => "MSI-X",
        IrqIndex.Error => "error",
        _ => "request",
    };

    /// <summary>Returns the interrupt type as options and JSON write it.</summary>
    public static string WordFor(IrqIndex index) => index.ToString().ToLowerInvariant();
}
