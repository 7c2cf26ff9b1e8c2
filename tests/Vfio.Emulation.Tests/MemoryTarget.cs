namespace Vfio.Emulation.Tests;

/// <summary>Represents memory of a client.</summary>
internal sealed class MemoryTarget(int length) : DmaTarget
{
    public byte[] Bytes { get; } = new byte[length];

    public override ulong Length => (ulong)Bytes.Length;

    public override void Read(ulong offset, Span<byte> destination) =>
        Bytes.AsSpan(checked((int)offset), destination.Length).CopyTo(destination);

    public override void Write(ulong offset, ReadOnlySpan<byte> source) =>
        source.CopyTo(Bytes.AsSpan(checked((int)offset), source.Length));
}
