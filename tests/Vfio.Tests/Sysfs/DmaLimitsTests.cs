using Vfio.Host;

namespace Vfio.Tests;

public sealed class DmaLimitsTests : IDisposable
{
    private const string EntryLimit = "sys/module/vfio_iommu_type1/parameters/dma_entry_limit";

    // The format of Linux 6.12.
    private const string Status =
        "Name:\tqemu\nUid:\t1000\t1000\t1000\t1000\nGroups:\t4 24 27\nVmPeak:\t 4194304 kB\nVmLck:\t   65536 kB\n"
        + "VmPin:\t    2048 kB\nVmRSS:\t    9000 kB\n";

    private const string Limits =
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        + "Max processes             31337                31337                processes \n"
        + "Max locked memory         8388608              16777216             bytes     \n"
        + "Max address space         unlimited            unlimited            bytes     \n";

    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    private LockedMemoryUse? Read(string? status, string? limits)
    {
        if (status is not null)
        {
            _host.Write("proc/4711/status", status);
        }

        if (limits is not null)
        {
            _host.Write("proc/4711/limits", limits);
        }

        return new DmaLimits(_host.Root).ReadLockedMemory(4711);
    }

    [Fact]
    public void What_a_process_has_locked_and_pinned_and_may() =>
        Assert.Equal(
            new LockedMemoryUse { LockedBytes = 64ul << 20, PinnedBytes = 2ul << 20, Limit = 8ul << 20 },
            Read(Status, Limits));

    [Fact]
    public void An_unlimited_limit_is_null() =>
        Assert.Equal(
            new LockedMemoryUse { LockedBytes = 64ul << 20, PinnedBytes = 2ul << 20, Limit = null },
            Read(Status, Limits.Replace("8388608 ", "unlimited ", StringComparison.Ordinal)));

    [Fact]
    public void A_kernel_that_counts_no_pinned_memory() =>
        Assert.Equal(0ul, Read(Status.Replace("VmPin", "VmOther", StringComparison.Ordinal), Limits)?.PinnedBytes);

    [Theory]
    [InlineData(null, Limits)]
    [InlineData(Status, null)]
    [InlineData("", Limits)]
    [InlineData("Name:\tzombie\n", Limits)]
    [InlineData("VmLck:\n", Limits)]
    [InlineData("VmLck:kB\n", Limits)]
    [InlineData("VmLck:\t-1 kB\n", Limits)]
    [InlineData("VmLck:\t18446744073709551615 kB\n", Limits)]
    [InlineData("VmLck:\t99999999999999999999999 kB\n", Limits)]
    [InlineData("VmLck:\t64 MB\n", Limits)]
    [InlineData(" VmLck:\t64 kB\n", Limits)]
    [InlineData(Status, "")]
    [InlineData(Status, "Max locked memory")]
    [InlineData(Status, "Max locked memory         \n")]
    [InlineData(Status, "Max locked memory         -1    8388608  bytes\n")]
    [InlineData(Status, "Max locked memory         99999999999999999999999  8388608  bytes\n")]
    [InlineData(Status, "Max locked memory         0x1000  8388608  bytes\n")]
    [InlineData(Status, "max locked memory         4096  8388608  bytes\n")]
    public void Incomplete_values_are_not_returned(string? status, string? limits) => Assert.Null(Read(status, limits));

    [Fact]
    public void Bytes_that_are_not_text_are_ignored()
    {
        _host.Write("proc/4711/status", [.. Enumerable.Repeat((byte)0xff, 100_000), .. "\nVmLck:\t64 kB\n"u8]);
        _host.Write("proc/4711/limits", [0, 0xff, 0x0a, .. "Max locked memory 4096 4096 bytes\n"u8]);
        Assert.Equal(new LockedMemoryUse { LockedBytes = 64 << 10, PinnedBytes = 0, Limit = 4096 }, Read(null, null));
    }

    [Theory]
    [InlineData("65535\n", 65535u)]
    [InlineData("0\n", 0u)]
    [InlineData("4294967295\n", uint.MaxValue)]
    [InlineData("4294967296\n", null)]
    [InlineData("-1\n", null)]
    [InlineData("many\n", null)]
    [InlineData("", null)]
    public void The_containers_entry_limit(string text, uint? limit)
    {
        Assert.Null(new DmaLimits(_host.Root).ReadEntryLimit());
        _host.Write(EntryLimit, text);
        Assert.Equal(limit, new DmaLimits(_host.Root).ReadEntryLimit());
    }

    [Fact]
    public void The_values_of_this_process_agree()
    {
        LockedMemory own = LockedMemory.Read();
        LockedMemoryUse? seen = new DmaLimits().ReadLockedMemory(Environment.ProcessId);
        Assert.Equal(own.Limit, seen?.Limit);
        Assert.Equal(own.Used, seen?.LockedBytes + seen?.PinnedBytes);
    }
}
