namespace Vfio;

/// <summary>
/// The power states that a program can put a PCI device into (PCI Express Base Specification 6.0, section 5.3.1; the
/// numbers of the PowerState field, section 7.5.2.2).
/// </summary>
public enum PciPowerState
{
    /// <summary>Fully on.</summary>
    D0 = 0,

    /// <summary>Light sleep, which few devices have.</summary>
    D1 = 1,

    /// <summary>Deeper sleep, which few devices have.</summary>
    D2 = 2,

    /// <summary>Asleep, with configuration space alone to talk to.</summary>
    D3Hot = 3,
}
