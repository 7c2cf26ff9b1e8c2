namespace Vfio.Cli;

/// <summary>Performs the shell's operations on memory for the device.</summary>
/// <param name="host">Where results go.</param>
/// <param name="session">The device and its memory.</param>
/// <param name="isJson">Whether results are JSON Lines.</param>
internal sealed class ShellMemory(CliHost host, RegisterSession session, bool isJson)
{
    // A row fits 80 columns with the longest address, and is told whole in one line of JSON.
    private const int RowBytes = 16;
    private const int RowValues = 8;

    public void Allocate(ShellOperation.Allocate operation)
    {
        DmaBuffer buffer = session.Memory.Allocate(operation.Length, operation.Access, operation.At, operation.AddressBits);
        if (!isJson)
        {
            host.Out.WriteLine($"{host.Terminal.Bold(buffer.Iova.ToString())}: {ByteSize.Format(buffer.Length)}, {DmaText.Describe(buffer.Access)}, {buffer.Mapping.Owner}");
            return;
        }

        using JsonLine line = Begin("alloc", buffer.Iova);
        line.Writer.WriteNumber("length", buffer.Length);
        line.Writer.WriteString("access", DmaText.Word(buffer.Access));
        line.Writer.WriteString("owner", buffer.Mapping.Owner);
    }

    public void Free(ShellOperation.Free operation)
    {
        session.Memory.Free(operation.Iova);
        if (isJson)
        {
            Begin("free", operation.Iova).Dispose();
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
                values[i] = RegisterWidth.Format(Read(buffer, start + ((ulong)i * bytes), operation.Bits), operation.Bits);
            }

            Show(buffer.Iova + start, operation.Bits, values);
        }
    }

    public void Poke(ShellOperation.Poke operation)
    {
        DmaBuffer buffer = session.Memory.Find("poke", operation.Iova, (uint)operation.Bits / 8);
        ulong offset = operation.Iova.Value - buffer.Iova.Value;
        switch (operation.Bits)
        {
            case 8: buffer.Write(offset, (byte)operation.Value); break;
            case 16: buffer.Write(offset, (ushort)operation.Value); break;
            case 32: buffer.Write(offset, (uint)operation.Value); break;
            default: buffer.Write(offset, operation.Value); break;
        }

        if (isJson)
        {
            using JsonLine line = Begin("poke", operation.Iova);
            line.Writer.WriteNumber("width", operation.Bits);
            line.Writer.WriteString("value", RegisterWidth.Format(operation.Value, operation.Bits));
        }
    }

    private static ulong Read(DmaBuffer buffer, ulong offset, int bits) => bits switch
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

        using JsonLine line = Begin("peek", iova);
        line.Writer.WriteNumber("width", bits);
        line.Writer.WriteNames("values", values);
    }

    private JsonLine Begin(string operation, Iova iova)
    {
        JsonLine line = DmaText.Begin(host, session, operation);
        line.Writer.WriteString("iova", iova.ToString());
        return line;
    }
}
