namespace Vfio.Host;

/// <summary>One thing that was looked at, and what was found.</summary>
/// <param name="Id">One or two words, stable: <c>iommu</c>, <c>interrupts</c>, <c>group</c>. More than one finding may have the same.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="What">What was found, without a full stop. May hold what sysfs says: not fit for a terminal as it is.</param>
public sealed record Finding(string Id, FindingLevel Level, string What)
{
    /// <summary>Why it matters; <see langword="null"/> where that is plain.</summary>
    public string? Why { get; init; }

    /// <summary>The one line for a shell that mends it; <see langword="null"/> where no command does.</summary>
    public string? Fix { get; init; }

    /// <summary>What a person has to do or to know besides; <see langword="null"/> where there is nothing.</summary>
    public string? Advice { get; init; }

    /// <summary>Level, id and what was found: <c>Blocks iommu: this host has no IOMMU</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Level} {Id}: {What}";
}
