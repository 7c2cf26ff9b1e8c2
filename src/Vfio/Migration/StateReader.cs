using System.Buffers.Binary;

namespace Vfio;

/// <summary>
/// Reads a state from a stream, which the caller owns. If the state is damaged or truncated, it throws
/// <see cref="InvalidDataException"/>.
/// </summary>
/// <param name="stream">The stream to read.</param>
/// <param name="isAsync">
/// Whether to await the stream; if not, the value tasks are complete when they are returned.
/// </param>
internal sealed class StateReader(Stream stream, bool isAsync)
{
    private readonly byte[] _small = new byte[StateFormat.FixedHeaderBytes];
    private uint _sum = Crc32C.Start;

    /// <summary>Gets the bytes of state read so far.</summary>
    public ulong Length { get; private set; }

    public async ValueTask<MigrationIdentity> ReadHeader(CancellationToken cancellation)
    {
        await Read(_small, cancellation).ConfigureAwait(false);
        byte[] header = new byte[StateFormat.HeaderBytes(_small)];
        _small.CopyTo(header, 0);
        await Read(header.AsMemory(StateFormat.FixedHeaderBytes), cancellation).ConfigureAwait(false);
        return StateFormat.ReadHeader(header);
    }

    /// <summary>Reads the next part into a buffer of <see cref="StateFormat.MostPartBytes"/>.</summary>
    /// <returns>Its length; 0 at the end, if everything was valid.</returns>
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

    /// <summary>Starts again with the first part, where the stream is positioned.</summary>
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
