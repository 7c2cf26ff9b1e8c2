namespace Vfio.Pci;

/// <summary>
/// The base class of a PCI function: the upper byte of its class code, a broad description of its purpose.
/// </summary>
/// <remarks>
/// PCI Code and ID Assignment Specification 1.12, section 1 "Class Codes": base class <c>nn</c> is section 1.(nn+1). A
/// device may report any byte, including one without a name here; print that as a number.
/// </remarks>
public enum PciClass : byte
{
    /// <summary>
    /// 00h: built before class codes were defined, or not covered by any (such as QEMU's edu and pci-testdev).
    /// </summary>
    Unclassified = 0x00,

    /// <summary>01h: mass storage: SCSI, IDE, RAID, SATA, NVMe.</summary>
    Storage = 0x01,

    /// <summary>02h: network: Ethernet, InfiniBand, fabrics, and most Wi-Fi cards (as 0280h).</summary>
    Network = 0x02,

    /// <summary>03h: display: VGA and other graphics adapters, 3D controllers.</summary>
    Display = 0x03,

    /// <summary>04h: multimedia: audio and video.</summary>
    Multimedia = 0x04,

    /// <summary>05h: memory: RAM, flash, CXL memory devices.</summary>
    Memory = 0x05,

    /// <summary>06h: bridges, among them root ports. VFIO does not give programs access to these.</summary>
    Bridge = 0x06,

    /// <summary>07h: simple communication: serial ports, parallel ports, modems.</summary>
    Communication = 0x07,

    /// <summary>
    /// 08h: base system peripherals: interrupt and DMA controllers, timers, SD host controllers, IOMMUs.
    /// </summary>
    SystemPeripheral = 0x08,

    /// <summary>09h: input: keyboard, mouse, gameport.</summary>
    Input = 0x09,

    /// <summary>0Ah: docking stations.</summary>
    DockingStation = 0x0a,

    /// <summary>0Bh: processors, co-processors (0B40h) among them.</summary>
    Processor = 0x0b,

    /// <summary>0Ch: serial buses: USB, FireWire, Fibre Channel, SMBus, I3C.</summary>
    SerialBus = 0x0c,

    /// <summary>0Dh: wireless: Bluetooth, infrared, cellular.</summary>
    Wireless = 0x0d,

    /// <summary>0Eh: intelligent I/O (I2O).</summary>
    IntelligentIo = 0x0e,

    /// <summary>0Fh: satellite communication.</summary>
    Satellite = 0x0f,

    /// <summary>10h: encryption and decryption.</summary>
    Encryption = 0x10,

    /// <summary>11h: data acquisition and signal processing.</summary>
    SignalProcessing = 0x11,

    /// <summary>12h: processing accelerators.</summary>
    Accelerator = 0x12,

    /// <summary>13h: non-essential instrumentation, such as debug functions.</summary>
    Instrumentation = 0x13,

    /// <summary>40h: co-processors.</summary>
    Coprocessor = 0x40,

    /// <summary>FFh: not covered by a defined class, according to the vendor.</summary>
    Unassigned = 0xff,
}
