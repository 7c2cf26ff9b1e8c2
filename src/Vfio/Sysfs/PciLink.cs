namespace Vfio;

/// <summary>Describes the speed of a PCI Express link, as one of its ends reports it.</summary>
/// <remarks>
/// The other end may be slower: a link is at best as fast as the lower maximum of the two. Devices that save power
/// lower the speed while they are idle. PCI Express Base Specification 6.0, sections 7.5.3.6 (Link Capabilities) and
/// 7.5.3.8 (Link Status).
/// </remarks>
public sealed record PciLink
{
    /// <summary>
    /// Gets the current speed in GT/s per lane (2.5, 5, 8, 16, 32, 64); <see langword="null"/> if the port does not
    /// report it or has no link.
    /// </summary>
    public required double? CurrentSpeed { get; init; }

    /// <summary>
    /// Gets the current width in lanes, 1 to 32; <see langword="null"/> if the port does not report it or has no link.
    /// </summary>
    public required int? CurrentWidth { get; init; }

    /// <summary>
    /// Gets the maximum speed in GT/s per lane; <see langword="null"/> if the port does not report it.
    /// </summary>
    public required double? MaxSpeed { get; init; }

    /// <summary>
    /// Gets the maximum width in lanes, 1 to 32; <see langword="null"/> if the port does not report it.
    /// </summary>
    public required int? MaxWidth { get; init; }
}
