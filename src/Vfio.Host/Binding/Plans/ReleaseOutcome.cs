namespace Vfio.Host;

/// <summary>How handing one device back went.</summary>
public sealed record ReleaseOutcome
{
    /// <summary>What the journal remembered.</summary>
    public required JournalEntry Entry { get; init; }

    /// <summary>The device as it is now; <see langword="null"/> where it is gone.</summary>
    public required PciDeviceInfo? Device { get; init; }

    /// <summary>Why it did not work; <see langword="null"/> where it did.</summary>
    public required VfioException? Error { get; init; }

    /// <summary>What no longer fits what the journal remembers, and was left alone rather than guessed: the end of a sentence each.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Whether it was taken; a persistent device may not have been.</summary>
    public bool WasBound { get; init; } = true;

    /// <summary>Whether it was persistent, and is no longer.</summary>
    public bool WasPersistent { get; init; }
}
