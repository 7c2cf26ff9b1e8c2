using System.Text;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>The protocol of a program that writes kernel attributes for another one.</summary>
public sealed class BindingHelperTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vfio-helper-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string NewFile(string content)
    {
        string path = Path.Combine(_folder.FullName, "attribute");
        File.WriteAllText(path, content);
        return path;
    }

    private static string[] Serve(params string[] lines)
    {
        using MemoryStream input = new(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
        using MemoryStream output = new();
        BindingHelper.Run(input, output);
        return Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n').Split('\n');
    }

    [Fact]
    public void It_writes_and_reads_and_answers_errno()
    {
        string path = NewFile("before\n");
        Assert.Equal(
            ["ready", "=before", "0", "0", "=behind", "0", "0", "2", "?", "21"],
            Serve(
                "read", path, "", "write", path, "behind", "read", path, "", "write", path, "", "write", path + "x",
                "x", "read", path + "x", "", "write", _folder.FullName, "x"));
        Assert.Equal("\nehind\n", File.ReadAllText(path));
    }

    [Fact]
    public void Unknown_requests_change_nothing()
    {
        string path = NewFile("before\n");
        Assert.Equal(["ready", "22"], Serve("remove", path, "x"));
        Assert.Equal(["ready"], Serve("write", path));
        Assert.Equal("before\n", File.ReadAllText(path));
    }
}
