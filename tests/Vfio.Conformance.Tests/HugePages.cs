using System.Globalization;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Provides a free huge page in the machine: one that was reserved at its start, or is reserved now. Those of the host
/// are not touched.
/// </summary>
internal sealed class HugePages : IDisposable
{
    private readonly string _file;
    private readonly string _before;

    /// <summary>Skips the test if there is no machine, or if it has no such page.</summary>
    public HugePages(ulong length)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("MACHINE") == "1",
            "huge pages are set aside in the machine only, not on this host: ./test.sh runs this there");
        string folder = string.Create(
            CultureInfo.InvariantCulture, $"/sys/kernel/mm/hugepages/hugepages-{length / 1024}kB");
        _file = $"{folder}/nr_hugepages";
        Assert.SkipUnless(File.Exists(_file), $"this processor or kernel has no pages of {length >> 20} MiB");
        _before = File.ReadAllText(_file);
        if (File.ReadAllText($"{folder}/free_hugepages").Trim() == "1")
        {
            return;
        }

        int wanted = int.Parse(_before, CultureInfo.InvariantCulture) + 1;
        File.WriteAllText(_file, wanted.ToString(CultureInfo.InvariantCulture));
        bool isThere = int.Parse(File.ReadAllText(_file), CultureInfo.InvariantCulture) == wanted;
        if (!isThere)
        {
            Dispose();
            Assert.Skip($"the machine has no {length >> 20} MiB in one piece any more: give it more --memory");
        }
    }

    public void Dispose() => File.WriteAllText(_file, _before);
}
