using System.Text;

namespace Vfio.Tests;

/// <summary>Names of any bytes, converted in both directions.</summary>
public sealed class FileNameTests : IDisposable
{
    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    public static TheoryData<byte[]> Names =>
    [
        "eth0"u8.ToArray(),
        "größe"u8.ToArray(),
        (byte[])[0xff, 0xfe, (byte)'e', (byte)'t', (byte)'h'],
        (byte[])[0xc3],
        (byte[])[0xed, 0xb2, 0x80], // a lone surrogate, as UTF-8 forbids it
        (byte[])[0xf0, 0x9f, 0x98, 0x80, 0x80],
        (byte[])[.. Enumerable.Range(1, 255).Select(value => (byte)value)],
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_name_round_trips(byte[] bytes)
    {
        string text = FileName.Decode(bytes);
        Assert.Equal(bytes, FileName.Encode(text));
        bool isUtf8 = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes)).AsSpan().SequenceEqual(bytes);
        Assert.Equal(isUtf8, FileName.IsText(text));
    }

    [Fact]
    public void Files_with_such_names_are_listed_read_and_their_links_followed()
    {
        byte[] name = [0xff, 0xfe, (byte)'e', (byte)'t', (byte)'h'];
        string folder = _host.PathOf("sys/class/net");
        Directory.CreateDirectory(folder);
        // A shell creates it, because .NET cannot.
        using (System.Diagnostics.Process shell = System.Diagnostics.Process.Start(
            "/bin/sh",
            [
                "-c",
                "cd \"$1\" && n=$(printf '\\377\\376eth') && mkdir \"$n\" && echo 0x1003 > "
                + "\"$n/flags\" && ln -s \"$n\" link",
                "test",
                folder,
            ]))
        {
            Assert.True(shell.WaitForExit(Eventually.Limit));
            Assert.Equal(0, shell.ExitCode);
        }

        string found = Assert.Single(SysfsFile.Names(folder), entry => entry != "link");
        Assert.Equal(name, FileName.Encode(found));
        Assert.Equal("0x1003", SysfsFile.Read(Path.Combine(folder, found, "flags")));
        Assert.Equal(found, SysfsFile.ReadLink(Path.Combine(folder, "link")));
        Assert.NotNull(FileStatus.Of(Path.Combine(folder, found)));
        using System.Diagnostics.Process end = System.Diagnostics.Process.Start("/bin/rm", ["-rf", folder]);
        Assert.True(end.WaitForExit(Eventually.Limit));
    }
}
