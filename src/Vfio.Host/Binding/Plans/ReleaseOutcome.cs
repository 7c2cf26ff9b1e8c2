namespace Vfio.Host;

/// <summary>The result of releasing one device.</summary>
public sealed record ReleaseOutcome
{
    /// <summary>The device's journal entry.</summary>
    public required JournalEntry Entry { get; init; }

    /// <summary>The current state of the device; <see langword="null"/> if it is gone.</summary>
    public required PciDeviceInfo? Device { get; init; }

    /// <summary>Gets why it failed; <see langword="null"/> if it succeeded.</summary>
    public required VfioException? Error { get; init; }

    /// <summary>
    /// Gets what was skipped because it no longer fits the journal entry, the end of a sentence each.
    /// </summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Gets whether the device was bound; a persistent device may not have been.</summary>
    public bool WasBound { get; init; } = true;

    /// <summary>Gets whether the device was persistent. It no longer is.</summary>
    public bool WasPersistent { get; init; }
}
