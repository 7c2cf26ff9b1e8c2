namespace Vfio.Emulation;

/// <summary>
/// Represents memory of a client that a device may access. It is called under the table's lock, and must not call back.
/// </summary>
internal abstract class DmaTarget
{
    public abstract ulong Length { get; }

    public abstract void Read(ulong offset, Span<byte> destination);

    public abstract void Write(ulong offset, ReadOnlySpan<byte> source);
}
