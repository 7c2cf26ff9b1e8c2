using Vfio.Pci;

namespace Vfio.Drivers.Net;

// Intel 82574 GbE Controller Family Datasheet 3.4, chapter 10; the comment above each table names its section.
/// <summary>General, PCI Express and interrupt registers.</summary>
internal static partial class Intel82574Map
{
    // Section 10.2.2: general.
    private static RegisterDescription[] General =>
    [
        new("CTRL", 0x0, 4, "Device control", RegisterAccess.WriteHasSideEffects, Intel82574Control.Fields),
        new("STATUS", 0x8, 4, "Device status", RegisterAccess.ReadOnly, Intel82574Status.Fields),
        new("EECD", 0x10, 4, "NVM control", RegisterAccess.ReadWrite,
        [
            new("SK", 0, 1, "Clock"),
            new("CS", 1, 1, "Chip select"),
            new("DI", 2, 1, "Data to the NVM"),
            new("DO", 3, 1, "Data from the NVM"),
            new("FWE", 4, 2, "Flash writes") { Values = [new(1, "disabled"), new(2, "enabled")] },
            new("EE_REQ", 6, 1, "Software requests the NVM"),
            new("EE_GNT", 7, 1, "The NVM is granted"),
            new("EE_PRES", 8, 1, "An NVM is present"),
            new("AUTO_RD", 9, 1, "The NVM was loaded"),
            new("NVSIZE", 11, 4, "Size of the NVM: 128 << n bytes"),
            new("FLUPD", 19, 1, "Update the flash"),
            new("AUPDEN", 20, 1, "The flash is updated by itself"),
            new("SEC1VAL", 22, 1, "Sector 1 is the valid one"),
        ]),
        new("EERD", 0x14, 4, "NVM read", RegisterAccess.WriteHasSideEffects, Intel82574EepromRead.Fields),
        new(
            "CTRL_EXT",
            0x18,
            4,
            "Extended device control",
            RegisterAccess.WriteHasSideEffects,
            Intel82574ExtendedControl.Fields),
        new("FLA", 0x1c, 4, "Flash access", RegisterAccess.WriteHasSideEffects, []),
        new(
            "MDIC",
            0x20,
            4,
            "MDI control: the PHY's registers",
            RegisterAccess.WriteHasSideEffects,
            Intel82574MdiControl.Fields),
        new("FCAL", 0x28, 4, "Flow control address, low"),
        new("FCAH", 0x2c, 4, "Flow control address, high", RegisterAccess.ReadWrite,
        [
            new("FCAH", 0, 16, "Last two bytes of the address") { IsHexadecimal = true },
        ]),
        new("FCT", 0x30, 4, "Flow control type", RegisterAccess.ReadWrite,
        [
            new("FCT", 0, 16, "EtherType of pause frames: 0x8808") { IsHexadecimal = true },
        ]),
        new("VET", 0x38, 4, "VLAN EtherType", RegisterAccess.ReadWrite,
        [
            new("VET", 0, 16, "EtherType of VLAN tags: 0x8100") { IsHexadecimal = true },
        ]),
        new("FCTTV", 0x170, 4, "Flow control transmit timer value", RegisterAccess.ReadWrite,
        [
            new("TTV", 0, 16, "Pause time, in units of 512 bit times"),
        ]),
        new("LEDCTL", 0xe00, 4, "LED control", RegisterAccess.ReadWrite,
        [
            new("LED0_MODE", 0, 4, "LED0: what lights it"),
            new("GLOBAL_BLINK_MODE", 5, 1, "Blinks every 83 ms, not 200 ms"),
            new("LED0_IVRT", 6, 1, "LED0: inverted"),
            new("LED0_BLINK", 7, 1, "LED0: blinks"),
            new("LED1_MODE", 8, 4, "LED1: what lights it"),
            new("LED1_IVRT", 14, 1, "LED1: inverted"),
            new("LED1_BLINK", 15, 1, "LED1: blinks"),
            new("LED2_MODE", 16, 4, "LED2: what lights it"),
            new("LED2_IVRT", 22, 1, "LED2: inverted"),
            new("LED2_BLINK", 23, 1, "LED2: blinks"),
        ]),
        new("EXTCNF_CTRL", 0xf00, 4, "Extended configuration control", RegisterAccess.ReadWrite,
        [
            new("LCD_WRITE_ENABLE", 0, 1, "The PHY is configured from the NVM"),
            new("MDIO_SW_OWNERSHIP", 5, 1, "Software has the MDIO"),
            new("MDIO_HW_OWNERSHIP", 6, 1, "Hardware has the MDIO"),
            new("MDIO_MNG_OWNERSHIP", 7, 1, "Firmware has the MDIO"),
            new("EXT_CNF_POINTER", 16, 12, "Start of the extended configuration in the NVM") { IsHexadecimal = true },
        ]),
        new("EXTCNF_SIZE", 0xf08, 4, "Extended configuration size"),
        new("PHY_CTRL", 0xf10, 4, "PHY power control", RegisterAccess.ReadWrite,
        [
            new("D0LPLU", 1, 1, "Low power link-up in D0"),
            new("LPLU", 2, 1, "Low power link-up outside of D0"),
            new("GBE_DIS_NOND0", 3, 1, "No 1000 Mb/s outside of D0"),
            new("GBE_DIS", 6, 1, "No 1000 Mb/s"),
        ]),
        new("PBA", 0x1000, 4, "Packet buffer allocation", RegisterAccess.ReadWrite,
        [
            new("RXA", 0, 16, "KiB for reception"),
            new("TXA", 16, 16, "KiB for transmission"),
        ]),
        new("PBS", 0x1008, 4, "Packet buffer size", RegisterAccess.ReadWrite,
        [
            new("PBS", 0, 6, "KiB"),
        ]),
        new("EEMNGCTL", 0x1010, 4, "Manageability NVM control", RegisterAccess.WriteHasSideEffects, []),
        new("EEMNGDATA", 0x1014, 4, "Manageability NVM data"),
        new("FLMNGCTL", 0x1018, 4, "Manageability flash control", RegisterAccess.WriteHasSideEffects, []),
        new("FLMNGDATA", 0x101c, 4, "Manageability flash data", RegisterAccess.ReadHasSideEffects, []),
        new("FLMNGCNT", 0x1020, 4, "Manageability flash counter"),
        new("EEARBC", 0x1024, 4, "NVM auto read bus control"),
        new("EEWR", 0x102c, 4, "NVM write", RegisterAccess.WriteHasSideEffects,
        [
            new("START", 0, 1, "Start writing DATA to ADDR"),
            new("DONE", 1, 1, "The word is written"),
            new("ADDR", 2, 14, "Which word") { IsHexadecimal = true },
            new("DATA", 16, 16, "The word to write") { IsHexadecimal = true },
        ]),
        new("FLSWCTL", 0x1030, 4, "Software flash burst control", RegisterAccess.WriteHasSideEffects, []),
        new("FLSWDATA", 0x1034, 4, "Software flash burst data", RegisterAccess.ReadHasSideEffects, []),
        new("FLSWCNT", 0x1038, 4, "Software flash burst counter"),
        new("FLOP", 0x103c, 4, "Flash opcodes"),
        new("PBA_ECC", 0x1100, 4, "Packet buffer ECC", RegisterAccess.ReadWrite,
        [
            new("CORR_EN", 0, 1, "Errors are corrected"),
            new("STAT_CLR", 1, 1, "Clear the counter"),
            new("INT_EN", 2, 1, "An error raises an interrupt"),
            new("COUNTER", 20, 12, "Errors"),
        ]),
    ];

    // Section 10.2.3: PCI Express.
    private static RegisterDescription[] PciExpress =>
    [
        new("GCR", 0x5b00, 4, "PCI Express control", RegisterAccess.ReadWrite,
        [
            new("RXD_NO_SNOOP", 0, 1, "Received data is not snooped"),
            new("RXDSCW_NO_SNOOP", 1, 1, "Written receive descriptors are not snooped"),
            new("RXDSCR_NO_SNOOP", 2, 1, "Read receive descriptors are not snooped"),
            new("TXD_NO_SNOOP", 3, 1, "Data to transmit is not snooped"),
            new("TXDSCW_NO_SNOOP", 4, 1, "Written transmit descriptors are not snooped"),
            new("TXDSCR_NO_SNOOP", 5, 1, "Read transmit descriptors are not snooped"),
        ]),
        new("FUNCTAG", 0x5b08, 4, "Function tag"),
        new("GSCL_1", 0x5b10, 4, "PCI Express statistics control 1"),
        new("GSCL_2", 0x5b14, 4, "PCI Express statistics control 2"),
        new("GSCL_3", 0x5b18, 4, "PCI Express statistics control 3"),
        new("GSCL_4", 0x5b1c, 4, "PCI Express statistics control 4"),
        new("GSCN_0", 0x5b20, 4, "PCI Express statistics counter 0"),
        new("GSCN_1", 0x5b24, 4, "PCI Express statistics counter 1"),
        new("GSCN_2", 0x5b28, 4, "PCI Express statistics counter 2"),
        new("GSCN_3", 0x5b2c, 4, "PCI Express statistics counter 3"),
        new("FACTPS", 0x5b30, 4, "Function active and power state"),
        new("SWSM", 0x5b50, 4, "Software semaphore; reading takes SMBI", RegisterAccess.ReadHasSideEffects,
        [
            new("SMBI", 0, 1, "Taken by a driver"),
            new("SWESMBI", 1, 1, "Owned by software, not by firmware"),
            new("DRV_LOAD", 3, 1, "A driver is loaded"),
        ]),
        new("FWSM", 0x5b54, 4, "Firmware semaphore", RegisterAccess.ReadWrite,
        [
            new("EEP_FW_SEMAPHORE", 0, 1, "Taken by firmware"),
            new("FW_MODE", 1, 3, "Firmware mode"),
            new("FW_VAL_BIT", 15, 1, "This register is valid"),
        ]),
        new("SWSM2", 0x5b58, 4, "Second software semaphore", RegisterAccess.ReadHasSideEffects,
        [
            new("LOCK", 1, 1, "Taken by a driver"),
        ]),
        new("GCR2", 0x5b64, 4, "PCI Express control 2"),
        new("PBACLR", 0x5b68, 4, "MSI-X pending bits clear", RegisterAccess.WriteOneToClear, []),
    ];

    // Section 10.2.4: interrupts.
    private static RegisterDescription[] Interrupts =>
    [
        new(
            "ICR",
            0xc0,
            4,
            "Interrupt causes; reading clears",
            RegisterAccess.ReadHasSideEffects,
            Intel82574Interrupts.Fields),
        new("ITR", 0xc4, 4, "Interrupt throttling", RegisterAccess.ReadWrite,
        [
            new("INTERVAL", 0, 16, "Least time between interrupts, in units of 256 ns"),
        ]),
        new("ICS", 0xc8, 4, "Interrupt causes set", RegisterAccess.WriteOnly, Intel82574Interrupts.Fields),
        new("IMS", 0xd0, 4, "Interrupt mask set", RegisterAccess.WriteOneToSet, Intel82574Interrupts.Fields),
        new("IMC", 0xd8, 4, "Interrupt mask clear", RegisterAccess.WriteOnly, Intel82574Interrupts.Fields),
        new(
            "EIAC",
            0xdc,
            4,
            "Causes that an MSI-X message clears",
            RegisterAccess.ReadWrite,
            Intel82574Interrupts.Fields),
        new("IAM", 0xe0, 4, "Causes that ICR masks", RegisterAccess.ReadWrite, Intel82574Interrupts.Fields),
        new(
            "IVAR",
            0xe4,
            4,
            "Vectors of interrupt causes",
            RegisterAccess.ReadWrite,
            Intel82574InterruptVectors.Fields),
        new("EITR0", 0xe8, 4, "Throttling of MSI-X vector 0", RegisterAccess.ReadWrite,
        [
            new("INTERVAL", 0, 16, "Least time between interrupts, in units of 256 ns"),
        ]),
        new("EITR1", 0xec, 4, "Throttling of MSI-X vector 1", RegisterAccess.ReadWrite,
        [
            new("INTERVAL", 0, 16, "Least time between interrupts, in units of 256 ns"),
        ]),
        new("EITR2", 0xf0, 4, "Throttling of MSI-X vector 2", RegisterAccess.ReadWrite,
        [
            new("INTERVAL", 0, 16, "Least time between interrupts, in units of 256 ns"),
        ]),
        new("EITR3", 0xf4, 4, "Throttling of MSI-X vector 3", RegisterAccess.ReadWrite,
        [
            new("INTERVAL", 0, 16, "Least time between interrupts, in units of 256 ns"),
        ]),
        new("EITR4", 0xf8, 4, "Throttling of MSI-X vector 4", RegisterAccess.ReadWrite,
        [
            new("INTERVAL", 0, 16, "Least time between interrupts, in units of 256 ns"),
        ]),
    ];
}
