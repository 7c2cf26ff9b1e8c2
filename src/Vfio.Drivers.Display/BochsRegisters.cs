using Vfio.Pci;

namespace Vfio.Drivers.Display;

/// <summary>
/// Defines the registers of QEMU's bochs-display and of its standard VGA in BAR2 (QEMU documentation, 'QEMU Standard
/// VGA' (docs/specs/standard-vga)).
/// </summary>
/// <remarks>BAR0 is the framebuffer. Only the VGA has the ports of a VGA at 400h.</remarks>
public static class BochsRegisters
{
    /// <summary>The vendor ID.</summary>
    public const ushort VendorId = 0x1234;

    /// <summary>The device ID.</summary>
    public const ushort DeviceId = 0x1111;

    /// <summary>The value of <see cref="ByteOrder"/> if pixels are little-endian.</summary>
    public const uint LittleEndian = 0x1e1e1e1e;

    /// <summary>The value of <see cref="ByteOrder"/> if pixels are big-endian.</summary>
    public const uint BigEndian = 0xbebebebe;

    /// <summary>The names and fields of the registers in BAR2, for tools.</summary>
    public static RegisterMap Map { get; } = new(
        "QEMU bochs display", "QEMU documentation, 'QEMU Standard VGA' (docs/specs/standard-vga)", RegionIndex.Bar2,
    [
        new("EDID_HEADER", 0x0, 8, "EDID: always 00 ff ff ff ff ff ff 00", RegisterAccess.ReadOnly, []),
        new(
            "EDID_VENDOR",
            0x8,
            2,
            "EDID: manufacturer, three letters of 5 bits, big-endian",
            RegisterAccess.ReadOnly,
            []),
        new("EDID_PRODUCT", 0xa, 2, "EDID: product code", RegisterAccess.ReadOnly, []),
        new("EDID_SERIAL", 0xc, 4, "EDID: serial number", RegisterAccess.ReadOnly, []),
        new("EDID_WEEK", 0x10, 1, "EDID: week of manufacture", RegisterAccess.ReadOnly, []),
        new("EDID_YEAR", 0x11, 1, "EDID: year of manufacture, from 1990", RegisterAccess.ReadOnly, []),
        new("EDID_VERSION", 0x12, 1, "EDID: version", RegisterAccess.ReadOnly, []),
        new("EDID_REVISION", 0x13, 1, "EDID: revision", RegisterAccess.ReadOnly, []),
        new(
            "VGA_ATT_INDEX_DATA",
            0x400,
            1,
            "Attribute controller index and data, in turn",
            RegisterAccess.WriteHasSideEffects,
            []),
        new("VGA_ATT_DATA_READ", 0x401, 1, "Attribute controller data", RegisterAccess.ReadOnly, []),
        new(
            "VGA_INPUT_STATUS0",
            0x402,
            1,
            "Input status 0; writing: miscellaneous output",
            RegisterAccess.WriteHasSideEffects,
            []),
        new("VGA_SEQ_INDEX", 0x404, 1, "Sequencer index", RegisterAccess.ReadWrite, []),
        new("VGA_SEQ_DATA", 0x405, 1, "Sequencer data", RegisterAccess.ReadWrite, []),
        new("VGA_DAC_MASK", 0x406, 1, "Palette mask", RegisterAccess.ReadWrite, []),
        new("VGA_DAC_READ_INDEX", 0x407, 1, "Palette index for reads", RegisterAccess.WriteHasSideEffects, []),
        new("VGA_DAC_WRITE_INDEX", 0x408, 1, "Palette index for writes", RegisterAccess.WriteHasSideEffects, []),
        new("VGA_DAC_DATA", 0x409, 1, "Palette data; moves on", RegisterAccess.ReadHasSideEffects, []),
        new("VGA_MISC_READ", 0x40c, 1, "Miscellaneous output", RegisterAccess.ReadOnly, []),
        new("VGA_GFX_INDEX", 0x40e, 1, "Graphics controller index", RegisterAccess.ReadWrite, []),
        new("VGA_GFX_DATA", 0x40f, 1, "Graphics controller data", RegisterAccess.ReadWrite, []),
        new("VGA_CRTC_INDEX", 0x414, 1, "CRT controller index", RegisterAccess.ReadWrite, []),
        new("VGA_CRTC_DATA", 0x415, 1, "CRT controller data", RegisterAccess.ReadWrite, []),
        new(
            "VGA_INPUT_STATUS1",
            0x41a,
            1,
            "Input status 1; resets the turn of ATT_INDEX_DATA",
            RegisterAccess.ReadHasSideEffects,
            []),
        new("ID", 0x500, 2, "Version of the interface: 0xb0c0 to 0xb0c5"),
        new("XRES", 0x502, 2, "Width in pixels"),
        new("YRES", 0x504, 2, "Height in lines"),
        new("BPP", 0x506, 2, "Bits a pixel"),
        new("ENABLE", 0x508, 2, "Switches", RegisterAccess.WriteHasSideEffects, BochsEnable.Fields),
        new("BANK", 0x50a, 2, "64 KiB of memory that the VGA window shows"),
        new("VIRT_WIDTH", 0x50c, 2, "Pixels from one line to the next"),
        new("VIRT_HEIGHT", 0x50e, 2, "Lines in memory"),
        new("X_OFFSET", 0x510, 2, "First pixel shown"),
        new("Y_OFFSET", 0x512, 2, "First line shown"),
        new("VIDEO_MEMORY_64K", 0x514, 2, "Memory in units of 64 KiB", RegisterAccess.ReadOnly, []),
        new("QEXT_SIZE", 0x600, 4, "Bytes of QEMU's extended registers", RegisterAccess.ReadOnly, []),
        new("QEXT_BYTE_ORDER", 0x604, 4, "Byte order of the framebuffer", RegisterAccess.ReadWrite,
        [
            new("ORDER", 0, 32, "Byte order")
            {
                IsHexadecimal = true,
                Values = [new(LittleEndian, "little-endian"), new(BigEndian, "big-endian")],
            },
        ]),
    ]);

    /// <summary>ID: the version of the interface: 0xb0c5.</summary>
    public static Register<RawUInt16> Identification => new(0x500);

    /// <summary>XRES: the width in pixels.</summary>
    public static Register<RawUInt16> Width => new(0x502);

    /// <summary>YRES: the height in lines.</summary>
    public static Register<RawUInt16> Height => new(0x504);

    /// <summary>BPP: bits per pixel: 32, and on a VGA also 8, 15, 16 and 24.</summary>
    public static Register<RawUInt16> BitsPerPixel => new(0x506);

    /// <summary>ENABLE: enables and disables the mode.</summary>
    public static Register<BochsEnable> Enable => new(0x508);

    /// <summary>BANK: the 64 KiB of memory that the VGA window shows.</summary>
    public static Register<RawUInt16> Bank => new(0x50a);

    /// <summary>VIRT_WIDTH: pixels from the start of one line to the next.</summary>
    public static Register<RawUInt16> VirtualWidth => new(0x50c);

    /// <summary>VIRT_HEIGHT: the number of lines that fit into memory.</summary>
    public static Register<RawUInt16> VirtualHeight => new(0x50e);

    /// <summary>X_OFFSET: the first pixel of a line that is shown.</summary>
    public static Register<RawUInt16> XOffset => new(0x510);

    /// <summary>Y_OFFSET: the first line that is shown.</summary>
    public static Register<RawUInt16> YOffset => new(0x512);

    /// <summary>VIDEO_MEMORY_64K: the memory in units of 64 KiB.</summary>
    public static Register<RawUInt16> VideoMemory => new(0x514);

    /// <summary>QEXT_SIZE: the size of QEMU's extended registers in bytes.</summary>
    public static Register<RawUInt32> ExtensionSize => new(0x600);

    /// <summary>QEXT_BYTE_ORDER: <see cref="LittleEndian"/> or <see cref="BigEndian"/>.</summary>
    public static Register<RawUInt32> ByteOrder => new(0x604);
}
