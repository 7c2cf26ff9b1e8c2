using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PciNamesLoadTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("vfio-names-");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData("usr/share/misc/pci.ids")]
    [InlineData("usr/share/hwdata/pci.ids")]
    [InlineData("usr/share/misc/pci.ids.gz")]
    [InlineData("usr/share/hwdata/pci.ids.gz")]
    public void File_of_the_host_is_found(string place)
    {
        string path = Write(place, "8086  From the host\n");
        PciNames names = PciNames.Load(_root.FullName);
        Assert.Equal("From the host", names.GetVendor(0x8086));
        Assert.Equal(path, names.Source);
    }

    [Fact]
    public void File_behind_a_symbolic_link_is_found()
    {
        string target = Write("var/lib/pciutils/pci.ids", "8086  From the host\n");
        string link = Place("usr/share/misc/pci.ids");
        File.CreateSymbolicLink(link, target);
        Assert.Equal(link, PciNames.Load(_root.FullName).Source);
    }

    [Fact]
    public void What_the_file_of_the_host_lacks_is_looked_for_in_the_built_in_selection()
    {
        Write("usr/share/misc/pci.ids", "8086  From the host\n");
        PciNames names = PciNames.Load(_root.FullName);
        Assert.Equal("From the host", names.GetVendor(0x8086));
        Assert.Equal("82574L Gigabit Network Connection", names.GetDevice(0x8086, 0x10d3));
        Assert.Equal("Ethernet controller", names.GetClass(PciClassCode.Ethernet));
    }

    [Fact]
    public void Without_a_file_the_names_are_built_in()
    {
        PciNames names = PciNames.Load(_root.FullName);
        Assert.Equal("built in", names.Source);
        Assert.Equal("Intel Corporation", names.GetVendor(0x8086));
    }

    [Fact]
    public void File_that_is_not_pci_ids_is_skipped()
    {
        Write("usr/share/misc/pci.ids", "");
        Write("usr/share/hwdata/pci.ids", "<html>not found</html>\n");
        AssertBuiltIn();
    }

    [Fact]
    public void File_over_16_MiB_is_skipped()
    {
        string path = Write("usr/share/misc/pci.ids", "8086  Big\n");
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(PciNames.MaxBytes + 1);
        }

        AssertBuiltIn();
    }

    [Fact]
    public void Packed_file_that_unpacks_to_over_16_MiB_is_skipped()
    {
        Write("usr/share/misc/pci.ids.gz", "8086  Bomb\n" + new string('\n', PciNames.MaxBytes));
        AssertBuiltIn();
    }

    [Fact]
    public void Broken_packed_file_is_skipped()
    {
        File.WriteAllText(Place("usr/share/misc/pci.ids.gz"), "8086  Not packed\n");
        AssertBuiltIn();
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/nonexistent/pci.ids")]
    [InlineData("/proc/self/mem")]
    [InlineData("pci.ids")]
    [InlineData("/")]
    public void Link_to_something_other_than_a_file_is_skipped(string target)
    {
        File.CreateSymbolicLink(Place("usr/share/misc/pci.ids"), target);
        AssertBuiltIn();
    }

    [Fact]
    public void Folder_in_place_of_the_file_is_skipped()
    {
        Directory.CreateDirectory(Place("usr/share/misc/pci.ids"));
        AssertBuiltIn();
    }

    [Fact]
    public async Task Pipe_in_place_of_the_file_is_skipped_without_waiting_for_a_writer()
    {
        using (Process mkfifo = Process.Start("mkfifo", [Place("usr/share/misc/pci.ids")]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, mkfifo.ExitCode);
        }

        await Task.Run(AssertBuiltIn, TestContext.Current.CancellationToken)
            .WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Root_is_required() => Assert.Throws<ArgumentNullException>(() => PciNames.Load(null!));

    private void AssertBuiltIn() => Assert.Equal("built in", PciNames.Load(_root.FullName).Source);

    private string Place(string place)
    {
        string path = Path.Combine(_root.FullName, place);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    private string Write(string place, string text)
    {
        string path = Place(place);
        using Stream file = File.Create(path);
        using Stream stream = place.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(file, CompressionLevel.Fastest)
            : file;
        stream.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }
}
