using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>CTRL_EXT, the extended device control register (82574 datasheet 3.4, section 10.2.2).</summary>
public readonly record struct Intel82574ExtendedControl : IRegisterValue<Intel82574ExtendedControl>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574ExtendedControl(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>ASDCHK: start one detection of the speed.</summary>
    public bool CheckSpeed
    {
        get => RegisterBits.IsSet(Raw, 12);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, value);
    }

    /// <summary>EE_RST: load the NVM again, as after a reset; clears itself.</summary>
    public bool ResetEeprom
    {
        get => RegisterBits.IsSet(Raw, 13);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 13, value);
    }

    /// <summary>SPD_BYPS: the MAC uses the speed of CTRL, not of the PHY.</summary>
    public bool BypassesSpeedSelection
    {
        get => RegisterBits.IsSet(Raw, 15);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 15, value);
    }

    /// <summary>RO_DIS: no relaxed ordering.</summary>
    public bool IsRelaxedOrderingDisabled
    {
        get => RegisterBits.IsSet(Raw, 17);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 17, value);
    }

    /// <summary>DMA_DYN_CLK_EN: the DMA clock is gated when idle.</summary>
    public bool IsDmaClockGatingEnabled
    {
        get => RegisterBits.IsSet(Raw, 19);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 19, value);
    }

    /// <summary>PHYPDEN: the PHY may power itself down.</summary>
    public bool IsPhyPowerDownEnabled
    {
        get => RegisterBits.IsSet(Raw, 20);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 20, value);
    }

    /// <summary>EIAME: MSI-X messages mask the causes of EIAC in IMS.</summary>
    public bool IsMsixAutoMaskEnabled
    {
        get => RegisterBits.IsSet(Raw, 24);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 24, value);
    }

    /// <summary>IAME: reading or writing ICR masks the causes of IAM.</summary>
    public bool IsAutoMaskEnabled
    {
        get => RegisterBits.IsSet(Raw, 27);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 27, value);
    }

    /// <summary>DRV_LOAD: tells the firmware that a driver is loaded.</summary>
    public bool IsDriverLoaded
    {
        get => RegisterBits.IsSet(Raw, 28);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 28, value);
    }

    /// <summary>INT_TIMERS_CLEAR_ENA: clearing a cause clears its interrupt timers.</summary>
    public bool ClearsInterruptTimers
    {
        get => RegisterBits.IsSet(Raw, 29);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 29, value);
    }

    /// <summary>PBA_CLR: pending MSI-X bits are cleared by reading causes.</summary>
    public bool ClearsPendingBits
    {
        get => RegisterBits.IsSet(Raw, 31);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 31, value);
    }

    ulong IRegisterValue<Intel82574ExtendedControl>.Raw => Raw;

    static Intel82574ExtendedControl IRegisterValue<Intel82574ExtendedControl>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("ASDCHK", 12, 1, "Start one detection of the speed"),
        new("EE_RST", 13, 1, "Load the NVM again, as after a reset; clears itself"),
        new("SPD_BYPS", 15, 1, "The MAC uses the speed of CTRL, not of the PHY"),
        new("RO_DIS", 17, 1, "No relaxed ordering"),
        new("DMA_DYN_CLK_EN", 19, 1, "The DMA clock is gated when idle"),
        new("PHYPDEN", 20, 1, "The PHY may power itself down"),
        new("EIAME", 24, 1, "MSI-X messages mask the causes of EIAC in IMS"),
        new("IAME", 27, 1, "Reading or writing ICR masks the causes of IAM"),
        new("DRV_LOAD", 28, 1, "Tells the firmware that a driver is loaded"),
        new("INT_TIMERS_CLEAR_ENA", 29, 1, "Clearing a cause clears its interrupt timers"),
        new("PBA_CLR", 31, 1, "Pending MSI-X bits are cleared by reading causes"),
    ];
}
