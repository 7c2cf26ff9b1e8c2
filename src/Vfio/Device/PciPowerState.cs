namespace Vfio;

/// <summary>
/// Specifies the power states that a program can set a PCI device to (PCI Express Base Specification 6.0, section
/// 5.3.1). The values are those of the PowerState field (section 7.5.2.2).
/// </summary>
public enum PciPowerState
{
    /// <summary>The device is fully on.</summary>
    D0 = 0,

    /// <summary>A light sleep state, which few devices have.</summary>
    D1 = 1,

    /// <summary>A deeper sleep state, which few devices have.</summary>
    D2 = 2,

    /// <summary>The device is suspended; only its configuration space answers.</summary>
    D3Hot = 3,
}
