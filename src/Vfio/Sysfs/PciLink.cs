namespace Vfio;

/// <summary>How fast a PCI Express port talks to the other end of its link, and how fast it could.</summary>
/// <remarks>
/// What one end says: the other may be slower, so that a link runs at best at the lower maximum of the two. Devices that save
/// power lower the speed while they are idle. PCI Express Base Specification, 7.5.3.6 (Link Capabilities) and 7.5.3.8 (Link Status).
/// </remarks>
/// <param name="CurrentSpeed">In GT/s on each lane (2.5, 5, 8, 16, 32, 64); <see langword="null"/> where the port does not know or has no link.</param>
/// <param name="CurrentWidth">In lanes, 1 to 32; <see langword="null"/> where the port does not know or has no link.</param>
/// <param name="MaxSpeed">In GT/s; <see langword="null"/> where the port does not say.</param>
/// <param name="MaxWidth">In lanes, 1 to 32; <see langword="null"/> where the port does not say.</param>
public sealed record PciLink(double? CurrentSpeed, int? CurrentWidth, double? MaxSpeed, int? MaxWidth);
