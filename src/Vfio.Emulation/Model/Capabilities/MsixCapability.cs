using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents the MSI-X capability, with up to 2048 vectors, whose table and pending bits are in a BAR (PCI Express
/// Base Specification 6.0, section 7.7.2). The library handles accesses to them; the BAR's handlers are not called.
/// </summary>
/// <remarks>
/// The driver enables MSI-X through VFIO, and the enable bit then shows that. As with vfio-pci, the capability's own
/// bits cannot be written. A driver masks a vector in the table.
/// </remarks>
public sealed class MsixCapability : ModelCapability
{
    private const byte Enable = 1 << 7;
    private const byte FunctionMask = 1 << 6;

    /// <summary>Declares the capability.</summary>
    /// <param name="vectors">The number of vectors: 1 to 2048.</param>
    /// <param name="bar">
    /// A memory BAR with handlers, which <see cref="DeviceModel.AddBar"/> has added before. It can contain memory
    /// beside the table and the pending bits (<see cref="ModelBar.AddMemory"/>). A BAR of
    /// <see cref="DeviceModel.AddMemoryBar"/> is refused: it is memory from end to end, which a driver can map.
    /// </param>
    /// <param name="tableOffset">The offset of the table in the BAR: 16 bytes per vector; a multiple of 8.</param>
    /// <param name="pendingOffset">The offset of the pending bits in the BAR: 8 bytes per 64 vectors; a multiple of
    /// 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of vectors is out of range, or an offset is not a
    /// multiple of 8 or is above 4 GiB.</exception>
    public MsixCapability(int vectors, RegionIndex bar, ulong tableOffset, ulong pendingOffset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vectors, 2048);
        Vectors = vectors;
        Bar = bar;
        TableOffset = Checked(tableOffset, nameof(tableOffset));
        PendingOffset = Checked(pendingOffset, nameof(pendingOffset));
    }

    /// <summary>Gets the number of vectors.</summary>
    public int Vectors { get; }

    /// <summary>Gets the BAR that contains the table and the pending bits.</summary>
    public RegionIndex Bar { get; }

    /// <summary>Gets the offset of the table in bytes from the start of the BAR.</summary>
    public ulong TableOffset { get; }

    /// <summary>Gets the offset of the pending bits in bytes from the start of the BAR.</summary>
    public ulong PendingOffset { get; }

    internal override int Length => 12;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 1, 0x11);
        config.Declare(Start + 2, 2, (uint)(Vectors - 1), isKept: true);
        config.Declare(Start + 4, 4, (uint)TableOffset | (uint)Bar);
        config.Declare(Start + 8, 4, (uint)PendingOffset | (uint)Bar);
    }

    internal void Show(ModelConfigSpace config, bool isEnabled, bool isMasked)
    {
        config.Show(Start + 3, Enable, isEnabled);
        config.Show(Start + 3, FunctionMask, isMasked);
    }

    private static ulong Checked(ulong offset, string name) => offset % 8 == 0 && offset <= uint.MaxValue
        ? offset
        : throw new ArgumentOutOfRangeException(name, offset, "a multiple of 8 below 4 GiB");
}
