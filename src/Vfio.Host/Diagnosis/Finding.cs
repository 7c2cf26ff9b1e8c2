using Vfio.Pci;

namespace Vfio.Host;

/// <summary>One thing that was looked at, and what was found.</summary>
public sealed record Finding
{
    /// <summary>Creates an instance.</summary>
    /// <param name="topic">What it is about. More than one finding may have the same topic.</param>
    /// <param name="level">How much it matters.</param>
    /// <param name="message">What was found, without a full stop. May hold what sysfs says: not fit for a terminal as it is.</param>
    public Finding(FindingTopic topic, FindingLevel level, string message)
    {
        Topic = topic;
        Level = level;
        Message = message;
    }

    /// <summary>What it is about. More than one finding may have the same topic.</summary>
    public FindingTopic Topic { get; init; }

    /// <summary>How much it matters.</summary>
    public FindingLevel Level { get; init; }

    /// <summary>What was found, without a full stop. May hold what sysfs says: not fit for a terminal as it is.</summary>
    public string Message { get; init; }

    /// <summary>Why it matters; <see langword="null"/> if that is plain.</summary>
    public string? Reason { get; init; }

    /// <summary>The one line for a shell that mends it; <see langword="null"/> if no command does.</summary>
    public string? Command { get; init; }

    /// <summary>What a person has to do or to know besides; <see langword="null"/> if there is nothing.</summary>
    public string? Advice { get; init; }

    /// <summary>The refusal that <c>vfio bind</c> would give for the same reason; <see langword="null"/> if it would give none.</summary>
    public RefusalReason? Refusal { get; init; }

    /// <summary>The part of the device that it is about, a disk or an interface; <see langword="null"/> if it is about the whole.</summary>
    public string? Part { get; init; }

    /// <summary>The other devices that it names: those that keep a group from being bound, a bridge that does not isolate.</summary>
    public IReadOnlyList<PciAddress> Devices { get; init; } = [];

    /// <summary>The processes that it names: those that have the device open, or wait in the kernel for it.</summary>
    public IReadOnlyList<int> Processes { get; init; } = [];

    /// <summary>Level, topic and what was found: <c>Blocks iommu: this host has no IOMMU</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Level} {Topic.ToWords()}: {Message}";
}
