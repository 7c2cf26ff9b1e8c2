using System.Buffers.Binary;
using System.Globalization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Represents a saved dump, written by <c>vfio dump</c>, or by <c>lspci -xxxx</c> for one device. The file is
/// untrusted: every row is validated as it is read.
/// </summary>
internal sealed class DumpFile : IDisposable
{
    private const int MaxLineLength = 4096;
    private const string WhatIsRead = "use a dump that 'vfio dump' or 'lspci -s ADDRESS -xxxx' wrote";

    private readonly string _path;
    private readonly Stream _stream;
    private LineReader _reader;

    private DumpFile(string path, Stream stream)
    {
        _path = path;
        _stream = stream;
        _reader = new LineReader(stream, MaxLineLength);
        string first = NextLine() ?? throw Mistake("is empty");
        // With -v, lspci writes more lines before the bytes. Its dump is recognized because the second line is not
        // vfio's.
        if (NextLine() is string second && second.StartsWith(DumpHeader.Mark, StringComparison.Ordinal))
        {
            Header = DumpHeader.Parse(first, second) ?? throw Mistake("is not a header of this version of vfio");
            _ = ReadRows().LastOrDefault();
            Rewind();
            _ = NextLine();
            _ = NextLine();
            Rows = ReadRows();
        }
        else
        {
            Rewind();
            DumpRow[] rows = [.. ReadLspci(out PciAddress address)];
            Header = DescribeConfig(address, rows);
            Rows = rows;
            IsOfLspci = true;
        }
    }

    public DumpHeader Header { get; }

    /// <summary>
    /// Gets whether lspci wrote the dump. It then ends where lspci stopped, which can be before the end of the region.
    /// </summary>
    public bool IsOfLspci { get; }

    /// <summary>Gets the rows, without gaps. They can be enumerated once.</summary>
    public IEnumerable<DumpRow> Rows { get; private set; }

    /// <summary>Opens a dump and validates all of it.</summary>
    /// <exception cref="CliException">The file cannot be read, or is not a dump.</exception>
    public static DumpFile Open(string path) =>
        new(path, InputFile.Open(DiffCommand.Name, path, WhatIsRead, DiffCommand.Trouble));

    /// <summary>
    /// Reads a whole dump of configuration space into memory; after that, <see cref="Rows"/> can be enumerated again.
    /// </summary>
    public ReadOnlySpan<byte> ReadConfig()
    {
        DumpRow[] rows = [.. Rows.Take(PciConfigSpace.MaxLength / DumpRow.Width)];
        Rows = rows;
        byte[] bytes = new byte[rows.Sum(row => row.Length)];
        Span<byte> sixteen = stackalloc byte[DumpRow.Width];
        foreach (DumpRow row in rows)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(sixteen, row.Bytes);
            sixteen[..row.Length].CopyTo(bytes.AsSpan((int)row.Offset));
        }

        return bytes;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    private void Rewind()
    {
        _stream.Position = 0;
        _reader = new LineReader(_stream, MaxLineLength);
    }

    private IEnumerable<DumpRow> ReadRows()
    {
        DumpRow? last = null;
        bool isRepeated = false;
        for (ulong next = 0; ;)
        {
            string line = NextLine() ?? throw Mistake("the dump is incomplete: it ends here, without its last line");
            if (line == DumpWriter.Repeated && last is not null && !isRepeated)
            {
                isRepeated = true;
                continue;
            }

            DumpRow? row = line == DumpHeader.End ? null : ParseRow(line, Header.Length);
            ulong until = row?.Offset ?? Header.Length;
            if (isRepeated ? until <= next : until != next)
            {
                throw Mistake(string.Create(CultureInfo.InvariantCulture, $"the row at 0x{next:x} is missing"));
            }

            for (; next < until; next += DumpRow.Width)
            {
                yield return last!.Value with { Offset = next };
            }

            if (row is not DumpRow read)
            {
                yield break;
            }

            yield return read;
            last = read;
            isRepeated = false;
            next += DumpRow.Width;
            // The last row of a region may be short, because it ends where the region ends.
            next = Math.Min(next, Header.Length);
        }
    }

    private List<DumpRow> ReadLspci(out PciAddress address)
    {
        List<DumpRow> rows = [];
        bool hasDevice = false;
        address = default;
        while (NextLine() is string line)
        {
            if (line.Length == 0 || char.IsWhiteSpace(line[0]))
            {
                continue;
            }

            if (PciAddress.TryParse(line.Split(' ')[0], out PciAddress found))
            {
                address = hasDevice
                    ? throw Mistake("a second device begins here; lspci -s ADDRESS -xxxx writes only one")
                    : found;
                hasDevice = true;
            }
            else if (!hasDevice)
            {
                throw Mistake("is not the beginning of a dump");
            }
            else
            {
                DumpRow row = ParseRow(line, PciConfigSpace.MaxLength);
                rows.Add(row.Offset == (ulong)rows.Count * DumpRow.Width
                    ? row
                    : throw Mistake($"the row at 0x{rows.Count * DumpRow.Width:x} is missing"));
            }
        }

        return rows;
    }

    private DumpHeader DescribeConfig(PciAddress address, DumpRow[] rows)
    {
        ulong length = (ulong)rows.Length * DumpRow.Width;
        return length < PciConfigHeader.Length
            ? throw Mistake($"the dump ends here, with 0x{length:x} bytes; a header has 0x{PciConfigHeader.Length:x}")
            : new DumpHeader(
                address,
                (ushort)rows[0].Number(0, 2),
                (ushort)rows[0].Number(2, 2),
                RegionIndex.Config,
                length,
                RegisterWidth.Default);
    }

    private DumpRow ParseRow(string line, ulong length)
    {
        int colon = line.IndexOf(':');
        if (colon is < 2 or > 16
            || !ulong.TryParse(
                line.AsSpan(0, colon), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong offset))
        {
            throw Mistake("is not a row of a dump");
        }

        if (offset >= length || offset % DumpRow.Width != 0)
        {
            throw Mistake(string.Create(
                CultureInfo.InvariantCulture, $"0x{offset:x} is not the offset of a row in 0x{length:x} bytes"));
        }

        string[] words = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        DumpRow row = new(offset, 0, 0, (int)Math.Min(DumpRow.Width, length - offset));
        if (words.Length != row.Length)
        {
            throw Mistake($"the row has {words.Length} bytes, not {row.Length}");
        }

        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] == DumpWriter.Unread)
            {
                continue;
            }

            row = words[i].Length == 2
                && byte.TryParse(words[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
                ? row.With(i, 1, value)
                : throw Mistake($"'{Symbols.Quote(words[i])}' is not a byte");
        }

        return row;
    }

    private string? NextLine()
    {
        try
        {
            return _reader.Next();
        }
        catch (FormatException e)
        {
            throw Mistake(e.Message);
        }
    }

    private CliException Mistake(string what) =>
        new(
            $"{DiffCommand.Name}: {InputFile.Show(_path)}:{Math.Max(1, _reader.Line)}: {what}",
            WhatIsRead,
            DiffCommand.Trouble);
}
