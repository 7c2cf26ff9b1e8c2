using Microsoft.Win32.SafeHandles;

namespace Vfio.Tests;

[Collection(nameof(AloneInTheProcess))]
public sealed class MappingBudgetTests
{
    private const ulong OneGiB = 1UL << 30;

    [Fact]
    public void Revoking_hundreds_of_large_mappings_that_are_kept_leaves_mappings_for_others()
    {
        // At 256 mappings each, kept alive, these would take 76,800: more than the kernel gives a process.
        List<MappedMemory> kept = [];
        for (int i = 0; i < 300; i++)
        {
            MappedMemory memory = MapSparseFile(OneGiB);
            memory.Revoke();
            kept.Add(memory);
        }

        int mappings = File.ReadLines("/proc/self/maps").Count();
        Assert.True(mappings < 20_000, $"{mappings} mappings");
        kept.ForEach(memory => memory.Dispose());
    }

    [Fact]
    public void A_mapping_too_large_for_ones_still_releases_the_device()
    {
        using MappedMemory memory = MapSparseFile(32 * OneGiB);
        string mapped = $"{Address(memory):x}-";
        Assert.Contains(
            File.ReadLines("/proc/self/maps"),
            line => line.StartsWith(mapped, StringComparison.Ordinal)
                && line.Contains("memfd:test", StringComparison.Ordinal));
        memory.Revoke();
        Assert.DoesNotContain(
            File.ReadLines("/proc/self/maps"),
            line => line.StartsWith(mapped, StringComparison.Ordinal)
                && line.Contains("memfd:test", StringComparison.Ordinal));
    }

    private static nint Address(MappedMemory memory) => memory.DangerousGetHandle();

    private static MappedMemory MapSparseFile(ulong length)
    {
        using SafeFileHandle file = Libc.MemfdCreate("test", Libc.MFD_CLOEXEC);
        RandomAccess.SetLength(file, (long)length);
        return MappedMemory.Map(file, 0, (nuint)length, read: true, write: true, "a test");
    }
}
