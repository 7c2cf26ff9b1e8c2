using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// One descriptor of the kernel's log for all devices of a process. Here the log is a file: appended lines are new.
/// </summary>
public sealed class FaultLogTests : IDisposable
{
    private static readonly PciAddress First = PciAddress.Parse("0000:02:00.0");
    private static readonly PciAddress Second = PciAddress.Parse("0000:03:00.0");

    private readonly FakeHost _host = new();

    public FaultLogTests() => _host.Write("dev/kmsg", "");

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Many_devices_share_one_descriptor()
    {
        int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Count(path => new FileInfo(path).LinkTarget == _host.PathOf("dev/kmsg"));
        FaultLog[] logs =
            [.. Enumerable.Range(0, 32).Select(i => new FaultLog(_host.Root, new PciAddress(0, 2, (byte)i, 0)))];
        Assert.Equal(1, Descriptors());
        Array.ForEach(logs, log => log.Dispose());
        Assert.Equal(0, Descriptors());
    }

    [Fact]
    public void Each_fault_belongs_to_its_device_and_is_reported_once()
    {
        using FaultLog first = new(_host.Root, First);
        using FaultLog second = new(_host.Root, Second);
        _host.Append("dev/kmsg", Record("02:00.0", 0x1000));
        Assert.Empty(second.TakeNew());
        Assert.Equal([0x1000ul], first.TakeNew().Select(fault => fault.Iova));
        Assert.Empty(first.TakeNew());
    }

    [Fact]
    public void Faults_before_a_device_was_opened_do_not_belong_to_it()
    {
        using FaultLog first = new(_host.Root, First);
        _host.Append("dev/kmsg", Record("02:00.0", 0x1000));
        using FaultLog later = new(_host.Root, First);
        Assert.Empty(later.TakeNew());
        Assert.Single(first.TakeNew());
    }

    [Fact]
    public void A_log_that_may_not_be_read_is_reported_by_the_first_call()
    {
        File.Delete(_host.PathOf("dev/kmsg"));
        using FaultLog log = new(_host.Root, First);
        Assert.Equal("open", Assert.Throws<VfioException>(log.TakeNew).Operation);
    }

    private static string Record(string device, ulong address) =>
        $"3,1,2,-;DMAR: [DMA Write NO_PASID] Request device [{device}] fault addr 0x{address:x} [fault reason 0x05] "
        + "PTE Write access is not set\n";
}
