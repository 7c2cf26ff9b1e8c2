namespace Vfio;

/// <summary>How fast a PCI Express port talks to the other end of its link, and how fast it could.</summary>
/// <remarks>
/// What one end says: the other may be slower, so that a link runs at best at the lower maximum of the two. Devices
/// that save power lower the speed while they are idle. PCI Express Base Specification, 7.5.3.6 (Link Capabilities) and
/// 7.5.3.8 (Link Status).
/// </remarks>
public sealed record PciLink
{
    /// <summary>
    /// In GT/s on each lane (2.5, 5, 8, 16, 32, 64); <see langword="null"/> if the port does not know or has no link.
    /// </summary>
    public required double? CurrentSpeed { get; init; }

    /// <summary>In lanes, 1 to 32; <see langword="null"/> if the port does not know or has no link.</summary>
    public required int? CurrentWidth { get; init; }

    /// <summary>In GT/s; <see langword="null"/> if the port does not say.</summary>
    public required double? MaxSpeed { get; init; }

    /// <summary>In lanes, 1 to 32; <see langword="null"/> if the port does not say.</summary>
    public required int? MaxWidth { get; init; }
}
