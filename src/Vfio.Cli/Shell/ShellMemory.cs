namespace Vfio.Cli;

/// <summary>Performs the shell's operations on memory for the device.</summary>
/// <param name="host">The host, which has the output.</param>
/// <param name="session">The device and its memory.</param>
/// <param name="isJson">Whether to write JSON Lines.</param>
internal sealed class ShellMemory(CliHost host, RegisterSession session, bool isJson)
{
    // A row fits into 80 columns with the longest address, and is one line of JSON.
    private const int RowBytes = 16;
    private const int RowValues = 8;

    public void Allocate(ShellOperation.Allocate operation)
    {
        DmaBuffer buffer = session.Memory.Allocate(
            operation.Length, operation.Access, operation.At, operation.AddressBits);
        if (!isJson)
        {
            host.Out.WriteLine($"{host.Terminal.Bold(buffer.Iova.ToString())}: {ByteSize.Format(buffer.Length)}, "
                + $"{DmaText.Describe(buffer.Access)}, {buffer.Mapping.Owner}");
            return;
        }

        Json.WriteLine(
            host.Out,
            new AllocationLine(
                session.Time,
                "alloc",
                buffer.Iova.ToString(),
                buffer.Length,
                DmaText.Word(buffer.Access),
                buffer.Mapping.Owner),
            CliJson.Write);
    }

    public void Free(ShellOperation.Free operation)
    {
        session.Memory.Free(operation.Iova);
        if (isJson)
        {
            Json.WriteLine(host.Out, new MemoryLine(session.Time, "free", operation.Iova.ToString()), CliJson.Write);
        }
    }

    public void Peek(ShellOperation.Peek operation, CancellationToken cancellationToken)
    {
        ulong bytes = (uint)operation.Bits / 8;
        DmaBuffer buffer = session.Memory.Find("peek", operation.Iova, bytes * (ulong)operation.Count);
        ulong offset = operation.Iova.Value - buffer.Iova.Value;
        int row = (int)Math.Min(RowValues, RowBytes / bytes);
        for (int done = 0; done < operation.Count; done += row)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string[] values = new string[Math.Min(row, operation.Count - done)];
            ulong start = offset + ((ulong)done * bytes);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = RegisterWidth.Format(
                    Read(buffer, (nuint)(start + ((ulong)i * bytes)), operation.Bits), operation.Bits);
            }

            Show(buffer.Iova + start, operation.Bits, values);
        }
    }

    public void Poke(ShellOperation.Poke operation)
    {
        DmaBuffer buffer = session.Memory.Find("poke", operation.Iova, (uint)operation.Bits / 8);
        nuint offset = (nuint)(operation.Iova.Value - buffer.Iova.Value);
        switch (operation.Bits)
        {
            case 8: buffer.Write(offset, (byte)operation.Value); break;
            case 16: buffer.Write(offset, (ushort)operation.Value); break;
            case 32: buffer.Write(offset, (uint)operation.Value); break;
            default: buffer.Write(offset, operation.Value); break;
        }

        if (isJson)
        {
            Json.WriteLine(
                host.Out,
                new PokeLine(session.Time, "poke", operation.Iova.ToString(), operation.Bits, RegisterWidth.Format(
                    operation.Value, operation.Bits)),
                CliJson.Write);
        }
    }

    private static ulong Read(DmaBuffer buffer, nuint offset, int bits) => bits switch
    {
        8 => buffer.Read<byte>(offset),
        16 => buffer.Read<ushort>(offset),
        32 => buffer.Read<uint>(offset),
        _ => buffer.Read<ulong>(offset),
    };

    private void Show(Iova iova, int bits, string[] values)
    {
        if (!isJson)
        {
            host.Out.WriteLine($"{host.Terminal.Bold(iova.ToString())}: {string.Join(' ', values)}");
            return;
        }

        Json.WriteLine(host.Out, new PeekLine(session.Time, "peek", iova.ToString(), bits, values), CliJson.Write);
    }
}

/// <summary>Describes a buffer that was allocated, as JSON.</summary>
internal sealed record AllocationLine(
    double Time, string Operation, string Iova, ulong Length, string Access, string Owner);

/// <summary>Describes a buffer that was freed, as JSON.</summary>
internal sealed record MemoryLine(double Time, string Operation, string Iova);

/// <summary>Describes memory that was read, as JSON.</summary>
internal sealed record PeekLine(double Time, string Operation, string Iova, int Width, string[] Values);

/// <summary>Describes memory that was written, as JSON.</summary>
internal sealed record PokeLine(double Time, string Operation, string Iova, int Width, string Value);
