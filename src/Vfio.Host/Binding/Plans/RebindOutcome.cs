using Vfio.Pci;

namespace Vfio.Host;

/// <summary>The result of binding one device again.</summary>
public sealed record RebindOutcome
{
    /// <summary>The device.</summary>
    public required PciAddress Address { get; init; }

    /// <summary>The current state of the device; <see langword="null"/> if it is gone.</summary>
    public required PciDeviceInfo? Device { get; init; }

    /// <summary>Gets why the device was skipped; <see langword="null"/> if it was not.</summary>
    public required string? Skipped { get; init; }

    /// <summary>Gets why it failed; <see langword="null"/> if it succeeded or was not tried.</summary>
    public required VfioException? Error { get; init; }
}
