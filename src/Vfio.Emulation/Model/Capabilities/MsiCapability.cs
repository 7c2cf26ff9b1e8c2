using System.Numerics;

namespace Vfio.Emulation;

/// <summary>
/// Represents the MSI capability, with up to 32 vectors (PCI Express Base Specification 6.0, section 7.7.1).
/// </summary>
/// <remarks>
/// The driver enables MSI through VFIO. As with vfio-pci, the enable bit does not show that: it reads as the driver
/// last wrote it, and cannot be set before MSI is enabled. When a driver writes the control register afterwards, the
/// enable bit switches the device's MSI on and off.
/// </remarks>
public sealed class MsiCapability : ModelCapability
{
    private const int ControlOffset = 2;
    private const byte Enable = 1;

    /// <summary>Declares the capability.</summary>
    /// <param name="vectors">The number of vectors: 1, 2, 4, 8, 16 or 32.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="vectors"/> is another number.</exception>
    public MsiCapability(int vectors)
    {
        if (vectors is < 1 or > 32 || !BitOperations.IsPow2(vectors))
        {
            throw new ArgumentOutOfRangeException(nameof(vectors), vectors, "MSI has 1, 2, 4, 8, 16 or 32 vectors");
        }

        Vectors = vectors;
    }

    /// <summary>Gets the number of vectors.</summary>
    public int Vectors { get; }

    /// <summary>Gets whether each vector has a mask bit and a pending bit.</summary>
    public bool IsMaskable { get; init; }

    /// <summary>Gets whether the message address has 64 bits; <see langword="true"/> by default.</summary>
    public bool Is64Bit { get; init; } = true;

    internal override int Length => (Is64Bit ? 14 : 10) + (IsMaskable ? 10 : 0);

    /// <summary>Returns the vectors that the driver has masked.</summary>
    internal uint Mask(ModelConfigSpace config) => IsMaskable ? config.DwordAt(MaskOffset) : 0;

    internal uint Pending(ModelConfigSpace config) => IsMaskable ? config.DwordAt(PendingOffset) : 0;

    internal void SetPending(ModelConfigSpace config, uint pending) => config.SetDword(PendingOffset, pending);

    private int DataOffset => Start + (Is64Bit ? 12 : 8);

    private int MaskOffset => DataOffset + 4;

    private int PendingOffset => DataOffset + 8;

    internal override void Declare(ModelConfigSpace config)
    {
        uint control = ((uint)BitOperations.Log2((uint)Vectors) << 1)
            | (Is64Bit ? 1u << 7 : 0)
            | (IsMaskable ? 1u << 8 : 0);
        config.Declare(Start, 1, 0x05);
        // vfio-pci keeps a copy of the lower control byte for the user, and all of its bits can be written.
        config.Declare(Start + ControlOffset, 2, control, writable: 0xff, isKept: true);
        config.Declare(Start + 4, 4, 0, writable: uint.MaxValue, isKept: true);
        if (Is64Bit)
        {
            config.Declare(Start + 8, 4, 0, writable: uint.MaxValue, isKept: true);
        }

        config.Declare(DataOffset, 2, 0, writable: 0xffff, isKept: true);
        if (IsMaskable)
        {
            uint vectors = (uint)((1ul << Vectors) - 1);
            config.Declare(MaskOffset, 4, 0, writable: vectors, isKept: true);
            config.Declare(PendingOffset, 4, 0);
        }
    }

    internal override void Written(DeviceModel model, int offset, int width)
    {
        // The driver may enable fewer vectors than the capability has, but not more.
        int asked = (model.Config.ValueAt(Start + ControlOffset) >> 4) & 7;
        int most = BitOperations.Log2((uint)Vectors);
        if (asked > most)
        {
            model.Config.Show(Start + ControlOffset, 7 << 4, isSet: false);
            model.Config.Show(Start + ControlOffset, (byte)(most << 4), isSet: true);
        }

        if (!model.Interrupts.IsEnabled(IrqIndex.Msi))
        {
            model.Config.Show(Start + ControlOffset, Enable, isSet: false);
        }
        else if (offset <= ControlOffset && offset + width >= ControlOffset)
        {
            // The kernel writes its copy to the device after each write that touches the control register or ends just
            // before it.
            model.Interrupts.SwitchMsi((model.Config.ValueAt(Start + ControlOffset) & Enable) != 0);
        }

        model.Interrupts.OnMsiMaskWritten();
    }
}
