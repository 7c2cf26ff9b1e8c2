using System.Buffers.Binary;

namespace Vfio;

/// <summary>
/// Reads a state from a stream, which stays the caller's. What is damaged or ends early is an
/// <see cref="InvalidDataException"/>.
/// </summary>
/// <param name="stream">Where from.</param>
/// <param name="isAsync">
/// Whether to await the stream; if not, the value tasks are complete when they are returned.
/// </param>
internal sealed class StateReader(Stream stream, bool isAsync)
{
    private readonly byte[] _small = new byte[StateFormat.FixedHeaderBytes];
    private uint _sum = Crc32C.Start;

    /// <summary>Bytes of state until now.</summary>
    public ulong Length { get; private set; }

    public async ValueTask<MigrationIdentity> ReadHeader(CancellationToken cancellation)
    {
        await Read(_small, cancellation).ConfigureAwait(false);
        byte[] header = new byte[StateFormat.HeaderBytes(_small)];
        _small.CopyTo(header, 0);
        await Read(header.AsMemory(StateFormat.FixedHeaderBytes), cancellation).ConfigureAwait(false);
        return StateFormat.ReadHeader(header);
    }

    /// <summary>The next part, in a buffer of <see cref="StateFormat.MostPartBytes"/>.</summary>
    /// <returns>How long it is; 0 at the end, where all was right.</returns>
    public async ValueTask<int> ReadPart(byte[] buffer, CancellationToken cancellation)
    {
        await Read(_small.AsMemory(0, StateFormat.PartHeaderBytes), cancellation).ConfigureAwait(false);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_small);
        uint sum = BinaryPrimitives.ReadUInt32LittleEndian(_small.AsSpan(4));
        if (length == 0)
        {
            await Read(
                _small.AsMemory(StateFormat.PartHeaderBytes, StateFormat.EndBytes - StateFormat.PartHeaderBytes),
                cancellation).ConfigureAwait(false);
            StateFormat.CheckEnd(_small.AsSpan(0, StateFormat.EndBytes), Length, Crc32C.End(_sum));
            return 0;
        }

        if (length > StateFormat.MostPartBytes)
        {
            throw StateFormat.Damaged(At());
        }

        Memory<byte> part = buffer.AsMemory(0, (int)length);
        await Read(part, cancellation).ConfigureAwait(false);
        if (Crc32C.Of(part.Span) != sum)
        {
            throw StateFormat.Damaged(At());
        }

        _sum = Crc32C.Add(_sum, part.Span);
        Length += length;
        return (int)length;
    }

    /// <summary>Begins with the first part again; the stream stands there.</summary>
    public void Restart()
    {
        _sum = Crc32C.Start;
        Length = 0;
    }

    private string At() => $"the part that begins at byte {Length}";

    private async ValueTask Read(Memory<byte> place, CancellationToken cancellation)
    {
        int done = isAsync
            ? await stream.ReadAtLeastAsync(place, place.Length, throwOnEndOfStream: false, cancellation)
                .ConfigureAwait(false)
            : stream.ReadAtLeast(place.Span, place.Length, throwOnEndOfStream: false);
        if (done != place.Length)
        {
            throw new InvalidDataException(
                $"the saved state is truncated after {Length} bytes");
        }
    }
}
