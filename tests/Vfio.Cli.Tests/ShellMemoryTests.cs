using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Vfio.Cli.Tests;

/// <summary>Memory for a device in the shell, on the device model, which really transfers.</summary>
public sealed class ShellMemoryTests : IDisposable
{
    // edu reads eight bytes of memory into its buffer, writes them elsewhere, and is stopped at two other addresses.
    private const string Transfers = """
        alloc 4096 --at 0x100000
        alloc 100 read
        alloc 0x2000 write --bits 28
        poke 0x100000 0x12345678
        poke 0x100004 0xcafe -w 16
        set config.COMMAND 2
        write DMA_SRC 0x100000
        write DMA_DST 0x40000
        write DMA_COUNT 8
        write DMA_CMD 1
        wait DMA_CMD START 0 5s
        write DMA_SRC 0x40000
        write DMA_DST 0x100ff8
        write DMA_CMD 3
        wait DMA_CMD START 0 5s
        peek 0x100ff8 2
        peek 0x100ff0 16 -w 8
        peek 0x100ff8 -w 64
        write DMA_DST 0x10000
        write DMA_CMD 3
        wait DMA_CMD START 0 5s
        free 0x11000
        write DMA_DST 0x11000
        write DMA_CMD 3
        wait DMA_CMD START 0 5s
        write DMA_DST 0x900000
        write DMA_CMD 3
        wait DMA_CMD START 0 5s
        status
        status
        """;

    private readonly FakeHost _host = FakeHost.Typical();
    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-memory-tests-").FullName;

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void A_device_transfers_what_was_poked_and_status_reports_the_rest(int columns) => Approved.Matches(
        $"shell-memory-{columns}",
        Portable(Run(new Terminal(columns, HasColour: false), Transfers).Succeeded().FitsIn(columns).Output));

    [Fact]
    public void The_example_of_the_documentation_does_what_it_says()
    {
        string page = File.ReadAllText(Path.Combine(Approved.SourceFolder, "..", "..", "docs", "cli.md"));
        Match script = Regex.Match(
            page,
            "```\n\\$ cat dma.txt\n(?<script>.*?)\n\\$ vfio shell emu:edu dma.txt\n(?<output>.*?)```",
            RegexOptions.Singleline);
        Assert.True(script.Success, "docs/cli.md has no example of DMA");
        Assert.Equal(
            Portable(script.Groups["output"].Value),
            Portable(Run(Tool.Narrow, script.Groups["script"].Value).Succeeded().Output));
    }

    [Theory]
    [InlineData(2, "1: alloc: 'rw' is not an access", "alloc LENGTH", "alloc 4096 rw")]
    [InlineData(2, "1: alloc: 'x' is not a length", "alloc LENGTH", "alloc x")]
    [InlineData(2, "1: alloc: the length must be from 1 byte to 1 GiB", "alloc LENGTH", "alloc 0")]
    [InlineData(2, "1: alloc: the length must be from 1 byte to 1 GiB", "alloc LENGTH", "alloc 0x40000001")]
    [InlineData(2, "1: alloc: --bits must be a number from 12 to 64", "alloc LENGTH", "alloc 1 --bits 11")]
    [InlineData(2, "1: alloc: --bits must be a number from 12 to 64", "alloc LENGTH", "alloc 1 --bits 65")]
    [InlineData(2, "1: alloc: --at must be a number from 0 to", "alloc LENGTH", "alloc 1 --at here")]
    [InlineData(2, "1: alloc: --at and --bits cannot be combined", "alloc LENGTH", "alloc 1 --at 0x10000 --bits 28")]
    [InlineData(
        2, "1: alloc: no device can access 0xfffffffffffff000", "alloc LENGTH", "alloc 1 --at 0xfffffffffffff000")]
    [InlineData(2, "1: alloc: '-w' is not an option of alloc", "alloc LENGTH", "alloc 1 -w 8")]
    [InlineData(2, "1: free: an argument is missing", "free IOVA", "free")]
    [InlineData(2, "1: free: 'it' is not an address", "free IOVA", "free it")]
    [InlineData(2, "1: peek: 0x10002 is not a multiple of 4", "peek IOVA", "peek 0x10002")]
    [InlineData(2, "1: peek: the count must be from 1 to 65536", "peek IOVA", "peek 0x10000 0")]
    [InlineData(2, "1: peek: the count must be from 1 to 65536", "peek IOVA", "peek 0x10000 65537")]
    [InlineData(2, "1: poke: 0x100 does not fit into 8 bits", "poke IOVA VALUE", "poke 0x10000 0x100 -w 8")]
    [InlineData(2, "1: poke: 0x10001 is not a multiple of 2", "poke IOVA VALUE", "poke 0x10001 1 -w 16")]
    [InlineData(2, "1: status: 'now' is not expected here", "usage: status", "status now")]
    [InlineData(1, "1: peek: no buffer of this shell contains 0x10000", "alloc", "peek 0x10000")]
    [InlineData(1, "1: poke: no buffer of this shell contains 0x0", "alloc", "poke 0 1")]
    [InlineData(1, "1: free: no buffer of this shell contains 0xffffffffffffffff", "alloc", "free 0xffffffffffffffff")]
    [InlineData(1, "2: peek: no buffer of this shell contains 0x11000", "status", "alloc 1", "peek 0x11000")]
    [InlineData(
        1, "2: peek: 0x8 bytes at 0x10ffc end outside the buffer", "0x10000 to 0x10fff", "alloc 1", "peek 0x10ffc 2")]
    [InlineData(
        1, "2: peek: 0x80000 bytes at 0x10000 end outside the buffer", "status", "alloc 1", "peek 0x10000 65536 -w 64")]
    [InlineData(1, "2: free: 0x10800 is inside the buffer at 0x10000", "free 0x10000", "alloc 1", "free 0x10800")]
    [InlineData(
        1, "3: peek: no buffer of this shell contains 0x10000", "status", "alloc 1", "free 0x10000", "peek 0x10000")]
    [InlineData(
        1, "1: alloc: 0x10001 is not a multiple of the page size, 0x1000", "whole pages", "alloc 1 --at 0x10001")]
    [InlineData(1, "2: map on IOVA 0x10000 (0x1000 bytes): EEXIST", "by alloc 1", "alloc 1", "alloc 1 --at 0x10000")]
    [InlineData(
        1,
        "1: map on IOVA 0xfee00000 (0x1000 bytes): EINVAL",
        "usable addresses are 0x0 to 0xfedfffff",
        "alloc 1 --at 0xfee00000")]
    [InlineData(1, "1: map on 0x2000 bytes: ENOSPC", "no IOVA of 13 bits is free", "alloc 0x2000 --bits 13")]
    public void Errors_are_reported_with_their_line(int exitCode, string message, string hint, params string[] lines)
    {
        Result result = Run(Tool.Narrow, string.Join('\n', lines));
        result.FailedWith(exitCode, $"stdin:{message}", "");
        Assert.Contains(hint, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_failed_is_not_counted() => Assert.EndsWith(
        "alloc 2\n", Run(Tool.Narrow, "alloc 1\nfree 0x10000\nalloc 1").Succeeded().Output, StringComparison.Ordinal);

    [Fact]
    public void Undo_only_reverts_writes_of_registers() => Assert.Contains(
        "there is nothing to undo", Run(Tool.Narrow, "alloc 1\npoke 0x10000 1\nundo").Errors, StringComparison.Ordinal);

    [Fact]
    public void A_recording_only_has_the_registers()
    {
        string file = Path.Combine(_folder, "session.jsonl");
        Run(Tool.Narrow, $"record {file}\nalloc 1\npoke 0x10000 1\npeek 0x10000\nstatus\nread ID\nfree 0x10000")
            .Succeeded();
        Assert.Equal(2, File.ReadAllLines(file).Length);
    }

    [Fact]
    public void Json_contains_all_of_it_and_replay_skips_it()
    {
        string output = Run(Tool.Narrow, Transfers + "\nfree 0x10000\n", "--json").Succeeded().Output;
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] memory =
            [.. lines.Where(line => Regex.IsMatch(line, "\"operation\":\"(alloc|free|peek|poke|status)\""))];
        Approved.Matches("shell-memory-json", Portable(string.Join('\n', memory) + "\n"));

        string file = Path.Combine(_folder, "session.jsonl");
        File.WriteAllText(file, output);
        Assert.Contains(
            "reads as recorded",
            Tool.Run(_host, "replay", file, "emu:edu").Succeeded().Output,
            StringComparison.Ordinal);
        using JsonDocument status = JsonDocument.Parse(memory[^2]);
        Assert.Empty(status.RootElement.GetProperty("faults").EnumerateArray());
    }

    [Fact]
    public void Long_peeks_are_rows_of_sixteen_bytes()
    {
        string[] rows = Run(Tool.Narrow, "alloc 0x1000\npeek 0x10000 1024")
            .Succeeded()
            .FitsIn(80).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        Assert.Equal(256, rows.Length);
        Assert.Equal("0x10ff0: 0x00000000 0x00000000 0x00000000 0x00000000", rows[^1]);
    }

    // Replaces what differs between hosts and between runs.
    private static string Portable(string text)
    {
        text = Regex.Replace(text, "[0-9]+\\.[0-9] s\\b", "0.0 s");
        text = Regex.Replace(text, "locked      .*", "locked      0 bytes of 8 MiB");
        text = Regex.Replace(text, "\"(time|age|lockedBytes|lockedLimit)\":([0-9.eE-]+|null)", "\"$1\":0");
        return text;
    }

    private Result Run(Terminal terminal, string script, params string[] options) => Tool.Run(
        _host,
        terminal,
        host => host with { OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(script)) },
        ["shell", .. options, "emu:edu"]);
}
