namespace Vfio.Emulation;

/// <summary>
/// Specifies the kind of a PCI Express function (PCI Express Base Specification 6.0, section 7.5.3.2).
/// </summary>
public enum ExpressType
{
    /// <summary>An endpoint.</summary>
    Endpoint = 0,

    /// <summary>An endpoint that also has features that only old software needs, such as I/O ports.</summary>
    LegacyEndpoint = 1,

    /// <summary>An endpoint inside the root complex, which has no link.</summary>
    RootComplexIntegratedEndpoint = 9,
}
