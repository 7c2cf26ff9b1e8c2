using Vfio.Pci;

namespace Vfio.Host;

/// <summary>How taking one device again went.</summary>
/// <param name="Address">The device.</param>
/// <param name="Device">The device as it is now; <see langword="null"/> where there is none.</param>
/// <param name="Skipped">Why it was left alone; <see langword="null"/> where it was not.</param>
/// <param name="Error">Why it did not work; <see langword="null"/> where it did, or was not tried.</param>
public sealed record RebindOutcome(PciAddress Address, PciDeviceInfo? Device, string? Skipped, VfioException? Error);
