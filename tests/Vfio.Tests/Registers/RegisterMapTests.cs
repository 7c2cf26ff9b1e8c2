using Vfio.Pci;

namespace Vfio.Tests;

public sealed class RegisterMapTests
{
    private static readonly RegisterDescription Status = new(
        "STATUS", 0x8, 4, "Status", RegisterAccess.ReadOnly, [new("LU", 1, 1, "Link up")]);
    private static readonly RegisterDescription Control = new("CTRL", 0x0, 4, "Control");
    private static readonly RegisterDescription Doorbell = new(
        "BELL", 0x8, 4, "Doorbell", RegisterAccess.WriteOnly, []);

    private static readonly RegisterMap Map = new("device", "its book", RegionIndex.Bar2, [Status, Control, Doorbell]);

    [Fact]
    public void Registers_are_in_the_order_of_their_offsets() =>
        Assert.Equal([Control, Status, Doorbell], Map.Registers);

    [Theory]
    [InlineData("STATUS")]
    [InlineData("status")]
    [InlineData("Status")]
    public void A_register_is_found_by_its_name_in_any_case(string name) => Assert.Same(Status, Map.Find(name));

    [Fact]
    public void An_unknown_name_or_offset_is_not_a_register()
    {
        Assert.Null(Map.Find("STAT"));
        Assert.Null(Map.Find(""));
        Assert.Null(Map.FindAt(4));
        Assert.Null(Map.FindAt(0x9));
    }

    [Fact]
    public void Of_two_registers_at_one_offset_the_first_is_found()
    {
        Assert.Same(Status, Map.FindAt(8));
        Assert.Same(Doorbell, Map.Find("bell"));
    }

    [Fact]
    public void Two_registers_of_one_name_are_refused() =>
        Assert.Throws<ArgumentException>(
            () => new RegisterMap("device", "its book", RegionIndex.Bar0, [Control, new("ctrl", 4, 4, "Another")]));

    [Fact]
    public void A_map_names_its_device_and_source()
    {
        Assert.Equal("device", Map.Name);
        Assert.Equal("its book", Map.Source);
        Assert.Equal(RegionIndex.Bar2, Map.Region);
    }

    [Theory]
    [InlineData(RegisterAccess.ReadWrite, true)]
    [InlineData(RegisterAccess.ReadOnly, true)]
    [InlineData(RegisterAccess.WriteOnly, false)]
    [InlineData(RegisterAccess.ReadHasSideEffects, false)]
    [InlineData(RegisterAccess.WriteOneToClear, true)]
    [InlineData(RegisterAccess.WriteOneToSet, true)]
    [InlineData(RegisterAccess.WriteHasSideEffects, true)]
    public void Registers_with_read_side_effects_are_not_read_by_default(RegisterAccess access, bool canPeek) =>
        Assert.Equal(canPeek, (Status with { Access = access }).CanPeek);

    [Fact]
    public void A_register_without_more_is_read_and_written_and_has_no_fields()
    {
        Assert.Equal(RegisterAccess.ReadWrite, Control.Access);
        Assert.Empty(Control.Fields);
    }

    [Fact]
    public void A_reading_knows_its_fields_by_name()
    {
        RegisterReading reading = new(Status, 0b10);
        Assert.Equal(1ul, reading.GetField("LU"));
        Assert.Equal(1ul, reading.GetField("lu"));
        Assert.Null(reading.GetField("FD"));
        Assert.Equal(0ul, new RegisterReading(Status, 0b01).GetField("LU"));
    }

    [Fact]
    public void The_registers_of_an_array_are_a_stride_apart()
    {
        Register<RawUInt32> first = new(0x1000);
        Assert.Equal(0x1000ul, first.At(0, 8).Offset);
        Assert.Equal(0x1018ul, first.At(3, 8).Offset);
        Assert.Equal(0x1000ul + ((ulong)uint.MaxValue * uint.MaxValue), first.At(uint.MaxValue, uint.MaxValue).Offset);
        Assert.Throws<OverflowException>(() => new Register<RawUInt32>(ulong.MaxValue - 7).At(1, 8));
        Assert.Equal("0x1000 (32 bits)", first.ToString());
    }
}
