namespace Vfio.Emulation;

/// <summary>Memory of a client's that a device may reach. Called under the table's lock: it must not call back.</summary>
internal abstract class DmaTarget
{
    public abstract ulong Length { get; }

    public abstract void Read(ulong offset, Span<byte> destination);

    public abstract void Write(ulong offset, ReadOnlySpan<byte> source);
}
