using Vfio.Pci;

namespace Vfio.Tests.Pci;

public sealed class PciConfigSpaceTests
{
    private static byte[] Port => (byte[])MachineImages.All
        .Single(image => image.Name.StartsWith("00:10.0", StringComparison.Ordinal)).Image
        .Clone();

    [Fact]
    public void An_image_without_fault_has_no_warnings() =>
        Assert.All(MachineImages.All, image => Assert.Empty(PciConfigSpace.Parse(image.Image).Warnings));

    [Fact]
    public void Too_few_bytes_and_too_many_are_refused()
    {
        Assert.Throws<FormatException>(() => PciConfigSpace.Parse(new byte[63]));
        Assert.Throws<FormatException>(() => PciConfigSpace.Parse(new byte[4097]));
    }

    [Fact]
    public void Sixty_four_bytes_give_the_header_and_say_that_the_rest_is_missing()
    {
        PciConfigSpace config = PciConfigSpace.Parse(Port.AsSpan(0, 64));
        Assert.Empty(config.Capabilities);
        Assert.Contains(config.HeaderRegisters, reading => reading.Register.Name == "BRIDGE_CONTROL");
        Assert.Equal(
            "the capability pointer at 34h leads to 54h, beyond the image's 64 bytes (only root can read more than 64)",
            Assert.Single(config.Warnings));
    }

    [Fact]
    public void A_device_that_no_longer_answers_is_reported()
    {
        byte[] image = new byte[256];
        image.AsSpan().Fill(0xff);
        PciConfigSpace config = PciConfigSpace.Parse(image);
        Assert.Empty(config.Capabilities);
        Assert.Contains("the device does not answer", Assert.Single(config.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x04, "the capability pointer at 34h leads to 04h, into the header", 0)]
    [InlineData(0x56, "the capability pointer at 34h is 56h, not a multiple of 4; its two lowest bits are ignored", 3)]
    [InlineData(0x02, "the capability pointer at 34h is 02h, not a multiple of 4; its two lowest bits are ignored", 0)]
    public void An_invalid_pointer_is_named(byte start, string warning, int capabilities)
    {
        byte[] image = Port;
        image[0x34] = start;
        PciConfigSpace config = PciConfigSpace.Parse(image);
        Assert.Equal(warning, config.Warnings[0]);
        Assert.Equal(capabilities, config.Capabilities.Count(capability => !capability.IsExtended));
    }

    [Fact]
    public void A_loop_ends_where_it_closes()
    {
        byte[] image = Port;
        image[0x41] = 0x54;
        PciConfigSpace config = PciConfigSpace.Parse(image);
        Assert.Equal(
            ["EXP", "MSIX", "SSVID", "AER", "ACS"], config.Capabilities.Select(capability => capability.ShortName));
        Assert.Equal(
            "the capability pointer at 41h leads to 54h, to a capability that was read before: the list is a loop",
            Assert.Single(config.Warnings));
    }

    [Fact]
    public void An_extended_list_can_loop_too()
    {
        byte[] image = Port;
        image[0x14b] = 0x10;
        Assert.Equal(
            "the capability pointer at 148h leads to 100h, to a capability that was read before: the list is a loop",
            Assert.Single(PciConfigSpace.Parse(image).Warnings));
    }

    [Fact]
    public void An_extended_pointer_below_its_list_is_named()
    {
        byte[] image = Port;
        image[0x14b] = 0x04;
        Assert.Equal(
            "the capability pointer at 148h leads to 40h, below 100h, into the standard list",
            Assert.Single(PciConfigSpace.Parse(image).Warnings));
    }

    [Fact]
    public void A_list_that_ends_in_ones_is_broken()
    {
        byte[] image = Port;
        image[0x40] = 0xff;
        Assert.Equal(
            "the capability at 40h has ID FFh: the list is broken there",
            Assert.Single(PciConfigSpace.Parse(image).Warnings));
    }

    [Fact]
    public void A_capability_that_the_image_cuts_has_what_is_left_of_it()
    {
        PciConfigSpace config = PciConfigSpace.Parse(Port.AsSpan(0, 0x62));
        PciCapability express = config.Capabilities[0];
        Assert.Equal(
            ["Flags", "DevCap", "DevCtl", "DevSta"], express.Registers.Select(reading => reading.Register.Name));
        Assert.Contains(
            "the Express capability at 54h reaches beyond the image's 98 bytes: the rest of it is not decoded",
            config.Warnings);
    }

    [Fact]
    public void An_unknown_header_type_gives_what_all_types_share()
    {
        byte[] image = Port;
        image[0x0e] = 0x05;
        PciConfigSpace config = PciConfigSpace.Parse(image);
        Assert.Equal(
            "header type 05h is unknown: only the registers that all types share are decoded",
            Assert.Single(config.Warnings));
        Assert.DoesNotContain(config.HeaderRegisters, reading => reading.Register.Name == "BASE_ADDRESS_0");
    }

    [Fact]
    public void Registers_are_found_by_name_at_their_place_in_configuration_space()
    {
        PciConfigSpace config = PciConfigSpace.Parse(Port);
        RegisterReading status = config.Find("exp")!.Find("lnksta")!.Value;
        Assert.Equal((0x66UL, 2), (status.Register.Offset, status.Register.Width));
        Assert.Equal(1UL, status.GetField("Speed"));
        Assert.Null(config.Find("EXP")!.Find("nothing"));
        Assert.Null(config.Find("nothing"));
        RegisterMap map = config.ToRegisterMap();
        Assert.Equal(RegionIndex.Config, map.Region);
        Assert.Equal(0x66UL, map.Find("EXP.LnkSta")!.Offset);
        Assert.Equal(0x04UL, map.Find("COMMAND")!.Offset);
    }

    [Fact]
    public void Several_capabilities_of_a_kind_are_counted()
    {
        byte[] virtio = MachineImages.All.Single(
            image => image.Name.StartsWith("00:08.0", StringComparison.Ordinal)).Image;
        RegisterMap map = PciConfigSpace.Parse(virtio).ToRegisterMap();
        Assert.Equal(
            (0x87UL, 0x73UL, 0x43UL),
            (map.Find("VNDR.Type")!.Offset, map.Find("VNDR2.Type")!.Offset, map.Find("VNDR5.Type")!.Offset));
        Assert.Null(map.Find("VNDR6.Type"));
    }

    [Fact]
    public void Every_id_of_the_lists_has_a_name_and_a_short_name_of_its_own()
    {
        CapabilityKind[] kinds =
        [
            .. Enumerable.Range(0, 0x16).Select(id => CapabilityKind.OfStandard((ushort)id)),
            .. Enumerable.Range(0, 0x3b).Where(id => id != 0x14).Select(id => CapabilityKind.OfExtended((ushort)id)),
        ];
        Assert.All(kinds, kind => Assert.DoesNotContain("unknown", kind.Name, StringComparison.Ordinal));
        Assert.Equal(kinds.Length, kinds.Select(kind => kind.ShortName).Distinct().Count());
        Assert.Equal("unknown, ID 7abch", CapabilityKind.OfExtended(0x7abc).Name);
    }

    [Fact]
    public void Names_of_registers_and_fields_are_short_and_their_places_within_the_register()
    {
        foreach (RegisterReading reading in DerivedImages.All
            .SelectMany(image => PciConfigSpace.Parse(image.Image).Capabilities)
            .SelectMany(capability => capability.Registers))
        {
            RegisterDescription register = reading.Register;
            Assert.Matches("^[^ ]{1,32}$", register.Name);
            Assert.Equal(
                register.Fields.Count,
                register.Fields.Select(field => field.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
            Assert.All(register.Fields, field => Assert.Matches("^[^ ]{1,32}$", field.Name));
            Assert.All(register.Fields, field => Assert.True(
                field.LowBit + field.BitCount <= register.Width * 8, $"{register.Name}.{field.Name}"));
        }
    }
}
