using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>Mapped access to a real BAR: nothing allocated, nothing fatal.</summary>
public sealed class MappedAccessTests : HostTest
{
    [Fact]
    public void A_mapped_read_allocates_nothing()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Edu));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        Assert.True(bar0.IsMapped);
        uint sum = bar0.ReadUInt32(0);
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                sum |= bar0.ReadUInt32(0);
            }
        }));
        Assert.NotEqual(0u, sum);
    }

    [Fact]
    public void Disposing_while_another_thread_reads_ends_in_ObjectDisposedException()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Edu));
        for (int round = 0; round < 20; round++)
        {
            using VfioDevice device = VfioDevice.Open(binding.Address);
            Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            using ManualResetEventSlim started = new();
            Exception? end = null;
            void ReadForever()
            {
                while (true)
                {
                    uint value = bar0.ReadUInt32(0);
                    Assert.True(value is 0x010000ed or 0xffffffff, $"0x{value:x8}");
                    started.Set();
                }
            }

            Thread reader = new(() => end = Record.Exception(ReadForever));
            reader.Start();
            started.Wait(TestContext.Current.CancellationToken);
            device.Dispose();
            reader.Join();
            Assert.IsType<ObjectDisposedException>(end);
        }
    }

    [Fact]
    public void Disposing_a_binding_releases_the_device()
    {
        using (DriverBinding.Bind(PciAddress.Parse(Machine.Nic)))
        {
            Assert.Equal("vfio-pci", Machine.Device(Machine.Nic).Driver);
        }

        AssertHostUntouched();
    }

    [Fact]
    public void Regions_say_what_they_are()
    {
        using DriverBinding binding = DriverBinding.Bind(PciAddress.Parse(Machine.Nic));
        using VfioDevice device = VfioDevice.Open(binding.Address);
        Assert.Equal(File.Exists("/dev/iommu") ? "iommufd" : "type1v2", device.BackendName);
        Assert.Equal(0x20000ul, device.GetRegionInfo(RegionIndex.Bar0).Length);
        Assert.Empty(device.GetRegionInfo(RegionIndex.Config).MappableAreas);
        Assert.Empty(device.GetRegionInfo(RegionIndex.Bar2).MappableAreas);
        Assert.Equal(0x8086, device.OpenRegion(RegionIndex.Config).ReadUInt16(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.OpenRegion(RegionIndex.Bar0).ReadUInt32(0x20000));
        Assert.Throws<ArgumentException>(() => device.OpenRegion(RegionIndex.Bar0).ReadUInt32(2));
        Assert.Throws<VfioException>(() => device.OpenRegion(RegionIndex.Bar4));
    }
}
