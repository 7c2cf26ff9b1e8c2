namespace Vfio.Pci;

// The summaries have the sections of PCI Code and ID Assignment Specification 1.12. CXL is from revision 1.13.
public readonly partial record struct PciClassCode
{
    /// <summary>010601: a SATA controller with the AHCI 1.0 register interface (section 1.2).</summary>
    public static PciClassCode SataAhci => new(PciClass.Storage, 0x06, 0x01);

    /// <summary>010802: an NVM Express I/O controller (section 1.2).</summary>
    public static PciClassCode NvmExpress => new(PciClass.Storage, 0x08, 0x02);

    /// <summary>020000: an Ethernet controller (section 1.3).</summary>
    public static PciClassCode Ethernet => new(PciClass.Network, 0x00);

    /// <summary>
    /// 030000: a VGA-compatible display controller (section 1.4), the kind that can be the boot display.
    /// </summary>
    public static PciClassCode Vga => new(PciClass.Display, 0x00);

    /// <summary>030200: a 3D controller (section 1.4), reported by accelerators without a screen connector.</summary>
    public static PciClassCode ThreeDController => new(PciClass.Display, 0x02);

    /// <summary>038000: a display controller of another kind (section 1.4), such as QEMU's bochs-display.</summary>
    public static PciClassCode OtherDisplay => new(PciClass.Display, 0x80);

    /// <summary>040300: High Definition Audio (section 1.5).</summary>
    public static PciClassCode HighDefinitionAudio => new(PciClass.Multimedia, 0x03);

    /// <summary>050000: RAM (section 1.6), reported by QEMU's ivshmem.</summary>
    public static PciClassCode Ram => new(PciClass.Memory, 0x00);

    /// <summary>050210: a CXL memory device with the CXL 2.0 register interface (section 1.6).</summary>
    public static PciClassCode CxlMemory => new(PciClass.Memory, 0x02, 0x10);

    /// <summary>060000: a host bridge (section 1.7).</summary>
    public static PciClassCode HostBridge => new(PciClass.Bridge, 0x00);

    /// <summary>
    /// 060400: a PCI-to-PCI bridge (section 1.7), including root ports and switch ports of PCI Express.
    /// </summary>
    public static PciClassCode PciBridge => new(PciClass.Bridge, 0x04);

    /// <summary>070002: a serial port compatible with the 16550 (section 1.8).</summary>
    public static PciClassCode Serial16550 => new(PciClass.Communication, 0x00, 0x02);

    /// <summary>0c0330: a USB host controller with the xHCI register interface (section 1.13).</summary>
    public static PciClassCode UsbXhci => new(PciClass.SerialBus, 0x03, 0x30);

    /// <summary>120000: a processing accelerator (section 1.19).</summary>
    public static PciClassCode ProcessingAccelerator => new(PciClass.Accelerator, 0x00);
}
