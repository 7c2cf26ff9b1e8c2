using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class LifetimeTests
{
    [Fact]
    public void One_driver_at_a_time()
    {
        using TestModel model = new();
        Assert.False(model.IsOpen);
        VfioDevice first = model.Open();
        Assert.True(model.IsOpen);
        VfioException refusal = Assert.Throws<VfioException>(model.Open);
        Assert.Equal(Errno.EBUSY, refusal.Errno);
        Assert.NotNull(refusal.Hint);
        first.Dispose();
        model.Open().Dispose();
    }

    [Fact]
    public void Opening_closing_and_resetting_reset_the_model()
    {
        using TestModel model = new();
        using (VfioDevice device = model.Open())
        {
            Assert.Equal(1, model.Resets);
            device.OpenRegion(RegionIndex.Bar0).WriteUInt32(0, 1);
            device.Reset();
            Assert.Equal((2, 0u), (model.Resets, device.OpenRegion(RegionIndex.Bar0).ReadUInt32(0)));
        }

        Assert.Equal(3, model.Resets);
    }

    [Fact]
    public void A_model_may_have_no_reset()
    {
        using TestModel model = new() { CanReset = false };
        VfioDevice device = model.Open();
        Assert.False(device.CanReset);
        Assert.Throws<NotSupportedException>(device.Reset);
        device.OpenRegion(RegionIndex.Bar0).WriteUInt32(8, 5);
        device.Dispose();
        using VfioDevice again = model.Open();
        Assert.Equal((1, 5u), (model.Resets, again.OpenRegion(RegionIndex.Bar0).ReadUInt32(8)));
    }

    [Fact]
    public void A_closed_device_does_not_answer()
    {
        using TestModel model = new();
        VfioDevice device = model.Open();
        Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        Region memory = device.OpenRegion(RegionIndex.Bar4);
        device.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bar0.ReadUInt32(0));
        Assert.Throws<ObjectDisposedException>(() => memory.ReadUInt32(0));
        Assert.Throws<ObjectDisposedException>(() => device.OpenRegion(RegionIndex.Bar0));
        Assert.Throws<ObjectDisposedException>(device.Reset);
    }

    [Fact]
    public void A_former_session_cannot_access_the_next_one()
    {
        using TestModel model = new();
        ModelSession first = model.OpenSession(client: null);
        first.Dispose();
        using ModelSession second = model.OpenSession(client: null);
        Assert.Throws<ObjectDisposedException>(() => first.Read(RegionIndex.Bar0, 0, 4));
        Assert.Throws<ObjectDisposedException>(() => first.Write(RegionIndex.Bar0, 0, 4, 1));
        Assert.Throws<ObjectDisposedException>(() => first.Map(RegionIndex.Bar4, new MappableArea(0, 0x1000)));
        Assert.Throws<ObjectDisposedException>(first.Reset);
        first.Dispose();
        Assert.True(model.IsOpen);
        Assert.Equal(0ul, second.Read(RegionIndex.Bar0, 0, 4));
    }

    [Fact]
    public void A_disposed_model_is_a_removed_device()
    {
        TestModel model = new();
        using VfioDevice device = model.Open();
        Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        Region memory = device.OpenRegion(RegionIndex.Bar4);
        memory.WriteUInt32(0, 5);
        model.Dispose();
        model.Dispose();
        Assert.Equal((uint.MaxValue, uint.MaxValue), (bar0.ReadUInt32(0), memory.ReadUInt32(0)));
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(() => device.OpenRegion(RegionIndex.Bar4)).Errno);
        Assert.Throws<ObjectDisposedException>(() => model.WholeMemory.ReadUInt32(0));
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(new Action(() => model.Open())).Errno);
    }

    [Fact]
    public void The_address_is_the_models() =>
        Assert.Equal(
            PciAddress.Parse("0000:00:03.0"),
            new TestModel { Address = PciAddress.Parse("0000:00:03.0") }.Open().Address);

    [Fact]
    public void The_exception_of_a_handler_is_thrown_to_the_driver_and_the_model_still_works()
    {
        using Faulty model = new() { IsBroken = true };
        Assert.Throws<InvalidTimeZoneException>(new Action(() => model.Open()));
        model.IsBroken = false;
        using VfioDevice device = model.Open();
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        model.IsBroken = true;
        Assert.Throws<InvalidTimeZoneException>(() => bar0.ReadUInt32(0));
        model.IsBroken = false;
        Assert.Equal(7u, bar0.ReadUInt32(0));
    }

    private sealed class Faulty : DeviceModel
    {
        public Faulty()
            : base("faulty", new PciIdentity(1, 2)) => AddBar(RegionIndex.Bar0, 4096, Read, static (_, _, _) => { });

        public bool IsBroken { get; set; }

        protected override void OnReset() => Check();

        private ulong Read(ulong offset, int width)
        {
            Check();
            return 7;
        }

        private void Check()
        {
            if (IsBroken)
            {
                throw new InvalidTimeZoneException();
            }
        }
    }
}
