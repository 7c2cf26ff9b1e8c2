namespace Vfio.Host;

/// <summary>How handing one device back went.</summary>
/// <param name="Entry">What the journal remembered.</param>
/// <param name="Device">The device as it is now; <see langword="null"/> where it is gone.</param>
/// <param name="Error">Why it did not work; <see langword="null"/> where it did.</param>
public sealed record ReleaseOutcome(JournalEntry Entry, PciDeviceInfo? Device, VfioException? Error)
{
    /// <summary>What no longer fits what the journal remembers, and was left alone rather than guessed: the end of a sentence each.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Whether it was taken; a persistent device may not have been.</summary>
    public bool WasBound { get; init; } = true;

    /// <summary>Whether it was persistent, and is no longer.</summary>
    public bool WasPersistent { get; init; }
}
