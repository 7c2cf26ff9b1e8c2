using Vfio.Pci;

namespace Vfio.Emulation.Tests;

public sealed class IdentityTests
{
    private static readonly PciIdentity Known = new(0x1234, 0x5678)
    {
        SubsystemVendorId = 0x1af4,
        SubsystemId = 0x1100,
        Class = new PciClassCode(0x010802),
        Revision = 3,
        InterruptPin = 2,
    };

    [Fact]
    public void A_device_has_the_identity_of_its_model()
    {
        using AnyModel model = new();
        using VfioDevice device = model.Open();
        Assert.Equal(Known, device.Identity);
        Assert.Same(device.Identity, device.Identity);
    }

    [Fact]
    public void A_device_that_is_gone_has_no_identity_unless_it_was_read_before()
    {
        using AnyModel model = new();
        using VfioDevice device = model.Open();
        model.Faults.Remove();
        Assert.Contains(
            "removed", Assert.Throws<VfioException>(() => device.Identity).Message, StringComparison.Ordinal);
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Identity);
    }

    [Fact]
    public void Registers_are_dumped_by_name_with_their_fields()
    {
        using AnyModel model = new();
        using VfioDevice device = model.Open();
        RegisterMap map = new("any", "none", RegionIndex.Bar0,
        [
            new("ID", 0, 4, "Identification", RegisterAccess.ReadOnly,
            [
                new("MINOR", 0, 8, "Minor version"), new("READY", 31, 1, "Ready"),
            ]),
            new("LIVENESS", 8, 8, "Liveness", RegisterAccess.ReadWrite, []),
            new("DOORBELL", 16, 4, "Doorbell", RegisterAccess.WriteOnly, []),
            new("CAUSE", 20, 2, "Cause", RegisterAccess.ReadHasSideEffects, []),
            new("FAR", 8192, 4, "Outside", RegisterAccess.ReadWrite, []),
        ]);
        string text = device.Dump(map);
        string[] lines = text.Split('\n');
        Assert.Equal("ID       0x80000010  MINOR 16, READY+", lines[0]);
        Assert.Equal("LIVENESS 0x0000000000000008", lines[1]);
        Assert.Equal("DOORBELL not read: it can only be written", lines[2]);
        Assert.Equal("CAUSE    not read: a read would change it", lines[3]);
        Assert.StartsWith("FAR      not read: 0x2000 is outside BAR0", lines[4], StringComparison.Ordinal);
        Assert.Equal(5, lines.Length);
        model.Faults.StopAnswering(RegionIndex.Bar0);
        Assert.StartsWith("ID       not read: ", device.Dump(map), StringComparison.Ordinal);
        Assert.Equal("", device.Dump(new RegisterMap("none", "none", RegionIndex.Bar0, [])));
    }

    [Fact]
    public void A_reading_formats_itself()
    {
        RegisterReading reading = new(new("ID", 0, 1, "", RegisterAccess.ReadOnly, [new("LOW", 0, 4, "")]), 0x12);
        Assert.Equal("ID 0x12  LOW 2", reading.ToString());
    }

    private sealed class AnyModel : DeviceModel
    {
        public AnyModel()
            : base("any", Known) =>
            AddBar(RegionIndex.Bar0, 4096, (offset, _) => offset == 0 ? 0x80000010 : offset, (_, _, _) => { });
    }
}
