namespace Vfio.Cli;

/// <summary>What <c>vfio bind</c> did, or would do, as JSON.</summary>
internal sealed record BindDocument(
    bool DryRun, bool Persist, BoundDevice[] Devices, string[] Steps, RefusalDocument[] Refusals, BlockerDocument[] Blockers, IReadOnlyList<string> Notes);

/// <summary>A device that is bound.</summary>
internal sealed record BoundDevice(string Address, int? IommuGroup, string? OriginalDriver, string? Driver, string? User);

/// <summary>A device that keeps its group from being used.</summary>
internal sealed record BlockerDocument(string Address, int? IommuGroup, string? Driver);
