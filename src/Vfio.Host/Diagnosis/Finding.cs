using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A single result of a diagnosis.</summary>
public sealed record Finding
{
    /// <summary>Creates an instance.</summary>
    /// <param name="topic">The topic. Several findings may have the same topic.</param>
    /// <param name="level">How much it matters.</param>
    /// <param name="message">
    /// What was found, without a full stop. May contain raw text of sysfs; escape it before printing it to a terminal.
    /// </param>
    public Finding(FindingTopic topic, FindingLevel level, string message)
    {
        Topic = topic;
        Level = level;
        Message = message;
    }

    /// <summary>The topic. Several findings may have the same topic.</summary>
    public FindingTopic Topic { get; init; }

    /// <summary>Gets how much it matters.</summary>
    public FindingLevel Level { get; init; }

    /// <summary>
    /// Gets what was found, without a full stop. May contain raw text of sysfs; escape it before printing it to a
    /// terminal.
    /// </summary>
    public string Message { get; init; }

    /// <summary>Gets why it matters; <see langword="null"/> if that is obvious.</summary>
    public string? Reason { get; init; }

    /// <summary>The shell command that fixes it, one line; <see langword="null"/> if no command does.</summary>
    public string? Command { get; init; }

    /// <summary>Gets what else to do or to know; <see langword="null"/> for nothing.</summary>
    public string? Advice { get; init; }

    /// <summary>
    /// The reason with which <c>vfio bind</c> would refuse because of this finding; <see langword="null"/> if it would
    /// not refuse.
    /// </summary>
    public RefusalReason? Refusal { get; init; }

    /// <summary>
    /// The part of the device that it is about, a disk or an interface; <see langword="null"/> for the whole device.
    /// </summary>
    public string? Part { get; init; }

    /// <summary>
    /// The other devices that it names: those that keep a group from being bound, or a bridge that does not isolate.
    /// </summary>
    public IReadOnlyList<PciAddress> Devices { get; init; } = [];

    /// <summary>
    /// The processes that it names: those that have the device open, or that are blocked in the kernel in a change of
    /// it.
    /// </summary>
    public IReadOnlyList<int> Processes { get; init; } = [];

    /// <summary>Formats level, topic and message: <c>Error iommu: this host has no IOMMU</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Level} {Topic.ToWords()}: {Message}";
}
