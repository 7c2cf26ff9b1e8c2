namespace Vfio;

/// <summary>Writes a state to a stream, which the caller owns.</summary>
/// <param name="stream">The stream to write.</param>
/// <param name="isAsync">
/// Whether to await the stream; if not, the value tasks are complete when they are returned.
/// </param>
internal sealed class StateWriter(Stream stream, bool isAsync)
{
    private readonly byte[] _small = new byte[StateFormat.EndBytes];
    private uint _sum = Crc32C.Start;

    /// <summary>Gets the bytes of state written so far.</summary>
    public ulong Length { get; private set; }

    public ValueTask WriteHeader(MigrationIdentity identity, CancellationToken cancellation) =>
        Write(StateFormat.WriteHeader(identity), cancellation);

    public async ValueTask WritePart(ReadOnlyMemory<byte> part, CancellationToken cancellation)
    {
        StateFormat.WritePartHeader(_small, part.Span);
        await Write(_small.AsMemory(0, StateFormat.PartHeaderBytes), cancellation).ConfigureAwait(false);
        await Write(part, cancellation).ConfigureAwait(false);
        _sum = Crc32C.Add(_sum, part.Span);
        Length += (ulong)part.Length;
    }

    public async ValueTask WriteEnd(CancellationToken cancellation)
    {
        StateFormat.WriteEnd(_small, Length, Crc32C.End(_sum));
        await Write(_small, cancellation).ConfigureAwait(false);
        if (isAsync)
        {
            await stream.FlushAsync(cancellation).ConfigureAwait(false);
        }
        else
        {
            stream.Flush();
        }
    }

    private ValueTask Write(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        if (isAsync)
        {
            return stream.WriteAsync(data, cancellation);
        }

        stream.Write(data.Span);
        return ValueTask.CompletedTask;
    }
}
