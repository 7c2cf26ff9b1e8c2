namespace Vfio.Cli;

/// <summary>Describes what <c>vfio bind</c> did or would do, as JSON.</summary>
internal sealed record BindDocument(
    bool DryRun,
    bool Persist,
    BoundDevice[] Devices,
    string[] Steps,
    RefusalDocument[] Refusals,
    BlockerDocument[] Blockers,
    IReadOnlyList<string> Notes);

/// <summary>Describes a device that is bound.</summary>
internal sealed record BoundDevice(
    string Address, int? IommuGroup, string? OriginalDriver, string? Driver, string? User);

/// <summary>Describes a device that prevents its group from being used.</summary>
internal sealed record BlockerDocument(string Address, int? IommuGroup, string? Driver);
