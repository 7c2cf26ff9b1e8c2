using Vfio.Pci;

namespace Vfio.Host;

/// <summary>How taking one device again went.</summary>
public sealed record RebindOutcome
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>The device as it is now; <see langword="null"/> where there is none.</summary>
    public required PciDeviceInfo? Device { get; init; }

    /// <summary>Why it was left alone; <see langword="null"/> where it was not.</summary>
    public required string? Skipped { get; init; }

    /// <summary>Why it did not work; <see langword="null"/> where it did, or was not tried.</summary>
    public required VfioException? Error { get; init; }
}
