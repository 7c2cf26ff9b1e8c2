using System.Text;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class PciNamesTests
{
    private const string Sample = """
        # A comment, then a blank line

        10de  NVIDIA Corporation
        	20b0  GA100 [A100 SXM4 40GB]
        8086  Intel Corporation
        # one in between ends nothing
        	10d3  82574L Gigabit Network Connection
        		103c 1785  NC112i 1-port Ethernet Server Adapter
        	10d4  Next
        		103c 1786  Another
        8087  Somebody
        C 01  Mass storage controller
        	08  Non-Volatile memory controller
        		02  NVM Express
        C 02  Network controller
        	00  Ethernet controller
        C 13  Non-Essential Instrumentation
        """;

    [Fact]
    public void Vendor_device_and_subsystem_have_names()
    {
        PciNames names = Parse(Sample);
        Assert.Equal("Intel Corporation", names.GetVendor(0x8086));
        Assert.Equal("82574L Gigabit Network Connection", names.GetDevice(0x8086, 0x10d3));
        Assert.Equal("NC112i 1-port Ethernet Server Adapter", names.GetSubsystem(0x8086, 0x10d3, 0x103c, 0x1785));
        Assert.Equal("memory", names.Source);
    }

    [Fact]
    public void Unknown_vendor_has_no_name()
    {
        PciNames names = Parse(Sample);
        Assert.Null(names.GetVendor(0x1af4));
        Assert.Null(names.GetDevice(0x1af4, 0x10d3));
        Assert.Null(names.GetSubsystem(0x1af4, 0x10d3, 0x103c, 0x1785));
    }

    [Fact]
    public void Names_belong_to_their_own_parent_only()
    {
        PciNames names = Parse(Sample);
        Assert.Null(names.GetDevice(0x10de, 0x10d3));
        Assert.Null(names.GetDevice(0x8086, 0x20b0));
        Assert.Null(names.GetDevice(0x8087, 0x10d3));
        Assert.Null(names.GetSubsystem(0x8086, 0x10d3, 0x103c, 0x1786));
        Assert.Null(names.GetSubsystem(0x8086, 0x10d4, 0x103c, 0x1785));
        Assert.Null(names.GetClass(new PciClassCode(0x030000)));
        Assert.Equal("Network controller", names.GetClass(new PciClassCode(0x020800)));
    }

    [Fact]
    public void Subsystem_that_repeats_the_ids_of_the_device_has_its_name() =>
        Assert.Equal("82574L Gigabit Network Connection", Parse(Sample).GetSubsystem(0x8086, 0x10d3, 0x8086, 0x10d3));

    [Fact]
    public void Class_is_named_by_its_subclass_else_by_its_base_class()
    {
        PciNames names = Parse(Sample);
        Assert.Equal("Non-Volatile memory controller", names.GetClass(PciClassCode.NvmExpress));
        Assert.Equal("Mass storage controller", names.GetClass(PciClassCode.SataAhci));
        Assert.Equal("Mass storage controller", names.GetBaseClass(PciClassCode.NvmExpress));
        Assert.Equal("NVM Express", names.GetProgrammingInterface(PciClassCode.NvmExpress));
        Assert.Null(names.GetProgrammingInterface(PciClassCode.Ethernet));
        Assert.Equal("Non-Essential Instrumentation", names.GetClass(new PciClassCode(0x130000)));
    }

    [Fact]
    public void Of_two_lines_for_one_class_the_first_counts() =>
        Assert.Equal("First", Parse("C 02  First\nC 02  Second\n").GetClass(PciClassCode.Ethernet));

    [Fact]
    public void Answer_is_the_same_the_second_time()
    {
        PciNames names = Parse(Sample);
        Assert.Same(names.GetDevice(0x8086, 0x10d3), names.GetDevice(0x8086, 0x10d3));
        Assert.Null(names.GetVendor(1));
        Assert.Null(names.GetVendor(1));
    }

    [Theory]
    [InlineData("\uFEFF8086  Intel\n\t10d3  Card\n")]
    [InlineData("8086  Intel\r\n\t10d3  Card\r\n")]
    [InlineData("8086\tIntel \t\n\n   \n\t# comment\n\t10d3 Card")]
    [InlineData("8086  Intel\n\t10D3  Card")]
    [InlineData("8086  Intel\n\t10d3  Card\n\t10d3  Other\n8086  Other\n\t10d3  Other")]
    [InlineData("8086  Intel\n\t10d3x  No\n\t\t10d3  No\n\t10d 3  No\n\t10d3  Card\n")]
    [InlineData("8086x No\n8086\n80 86 No\nC 8086  No\n8086  Intel\n\t10d3  Card\n")]
    public void Odd_lines_are_read_as_far_as_they_make_sense(string text)
    {
        PciNames names = Parse(text);
        Assert.Equal("Intel", names.GetVendor(0x8086));
        Assert.Equal("Card", names.GetDevice(0x8086, 0x10d3));
    }

    [Theory]
    [InlineData("8087")]
    [InlineData("nonsense")]
    [InlineData("C 01  Storage")]
    [InlineData("S 02  Something new")]
    public void Any_line_without_a_tab_ends_the_lines_before_it(string line) =>
        Assert.Null(Parse($"8086  Intel\n{line}\n\t10d3  Card\n").GetDevice(0x8086, 0x10d3));

    [Theory]
    [InlineData("\t\t0103c1785  No")]
    [InlineData("\t\t103c1785  No")]
    [InlineData("\t\t103c 178  No")]
    [InlineData("\t\t103c 1785No")]
    [InlineData("\t\t103c\t1785  No")]
    [InlineData("\t103c 1785  No")]
    public void Malformed_subsystem_has_no_name(string line) =>
        Assert.Null(Parse($"8086  Intel\n\t10d3  Card\n{line}\n").GetSubsystem(0x8086, 0x10d3, 0x103c, 0x1785));

    [Theory]
    [InlineData("8086  ")]
    [InlineData("8086  \t\r\n")]
    [InlineData("8086  \u0007\u001b\n")]
    [InlineData("8086  \u202e\u0085\n")]
    public void Unknown_names_are_null(string text) => Assert.Null(Parse(text).GetVendor(0x8086));

    [Theory]
    [InlineData("\u001b]0;owned\u0007Intel\u001b[2J", "]0;ownedIntel[2J")]
    [InlineData("Int\0el\u007f", "Intel")]
    [InlineData("\u009b31mIntel\u0085", "31mIntel")]
    [InlineData("\u202eletnI\u2066\u200b\ufeff", "letnI")]
    [InlineData("In\u2028tel", "Intel")]
    [InlineData("Société Générale \U0001F600", "Société Générale \U0001F600")]
    public void Characters_that_control_a_terminal_are_left_out(string raw, string clean) =>
        Assert.Equal(clean, Parse($"8086  {raw}\n").GetVendor(0x8086));

    [Fact]
    public void Invalid_utf8_is_replaced() =>
        Assert.Equal("In\ufffdtel\ufffd", PciNames.Parse([.. "8086  In"u8, 0xff, .. "tel"u8, 0xe2]).GetVendor(0x8086));

    [Fact]
    public void Huge_line_has_no_name_and_still_ends_the_lines_before_it()
    {
        PciNames names = Parse($"8086  Intel\n8087  {new string('x', 100_000)}\n\t10d3  Card of 8087\n8088  Next\n");
        Assert.Equal("Intel", names.GetVendor(0x8086));
        Assert.Null(names.GetVendor(0x8087));
        Assert.Null(names.GetDevice(0x8086, 0x10d3));
        Assert.Equal("Next", names.GetVendor(0x8088));
    }

    [Fact]
    public void Text_after_16_MiB_is_not_read()
    {
        byte[] text = new byte[PciNames.MaxBytes + 100];
        "8086  Intel\n"u8.CopyTo(text);
        "\n8087  Late\n"u8.CopyTo(text.AsSpan(PciNames.MaxBytes - 1));
        PciNames names = PciNames.Parse(text);
        Assert.Equal("Intel", names.GetVendor(0x8086));
        Assert.Null(names.GetVendor(0x8087));
    }

    [Fact]
    public void More_vendor_lines_than_ids_do_no_harm()
    {
        PciNames names = Parse(string.Concat(Enumerable.Range(0, 70_000).Select(i => $"{i & 0xffff:x4}  V{i}\n")));
        Assert.Equal("V0", names.GetVendor(0));
        Assert.Equal("V65535", names.GetVendor(0xffff));
    }

    [Fact]
    public void Caller_that_asks_for_everything_gets_right_answers()
    {
        PciNames names = Parse(Sample);
        int named = Enumerable.Range(0, 0x1_0000).Count(device => names.GetDevice(0x8086, (ushort)device) is not null);
        Assert.Equal(2, named);
        Assert.Equal("82574L Gigabit Network Connection", names.GetDevice(0x8086, 0x10d3));
    }

    [Fact]
    public void No_bytes_make_it_throw_or_return_a_control_character()
    {
        byte[] sample = Encoding.UTF8.GetBytes(Sample);
        Random random = new(20260101);
        for (int round = 0; round < 3000; round++)
        {
            byte[] text = sample[..random.Next(sample.Length + 1)];
            for (int change = random.Next(20); change > 0 && text.Length > 0; change--)
            {
                // Mostly bytes that mean something to the format.
                text[random.Next(text.Length)] = random.Next(3) == 0
                    ? (byte)random.Next(256)
                    : "\t\n\r #C08\u001b"u8[random.Next(9)];
            }

            AssertHarmless(PciNames.Parse(text));
        }
    }

    [Fact]
    public void May_be_asked_from_several_threads()
    {
        PciNames names = PciNames.LoadBuiltIn();
        Parallel.For(0, 1000, _ =>
        {
            Assert.Equal("82574L Gigabit Network Connection", names.GetDevice(0x8086, 0x10d3));
            Assert.Equal("Red Hat, Inc.", names.GetVendor(0x1af4));
            Assert.Null(names.GetSubsystem(0x8086, 0x10d3, 1, 1));
            Assert.Equal("Ethernet controller", names.GetClass(PciClassCode.Ethernet));
        });
    }

    // The devices of the QEMU machine that the tests run in.
    [Theory]
    [InlineData(0x8086, 0x10d3, "82574L Gigabit Network Connection")]
    [InlineData(0x8086, 0x10c9, "82576 Gigabit Network Connection")]
    [InlineData(0x8086, 0x29c0, "82G33/G31/P35/P31 Express DRAM Controller")]
    [InlineData(0x1b36, 0x0005, "QEMU PCI Test Device")]
    [InlineData(0x1b36, 0x000c, "QEMU PCIe Root port")]
    [InlineData(0x1b36, 0x000e, "QEMU PCIe-to-PCI bridge")]
    [InlineData(0x1b36, 0x0010, "QEMU NVM Express Controller")]
    [InlineData(0x1234, 0x1111, "QEMU Standard VGA / Bochs display")]
    [InlineData(0x1234, 0x11e8, "QEMU edu educational device")]
    [InlineData(0x1af4, 0x1000, "Virtio network device")]
    [InlineData(0x1af4, 0x1041, "Virtio 1.0 network device")]
    [InlineData(0x1af4, 0x1110, "Inter-VM shared memory")]
    public void Built_in_selection_names_the_devices_of_the_machine(int vendor, int device, string name)
    {
        PciNames names = PciNames.LoadBuiltIn();
        Assert.NotNull(names.GetVendor((ushort)vendor));
        Assert.Equal(name, names.GetDevice((ushort)vendor, (ushort)device));
    }

    [Fact]
    public void Built_in_selection_has_all_base_classes_but_carries_no_subsystem()
    {
        PciNames names = PciNames.LoadBuiltIn();
        Assert.All(
            Enum.GetValues<PciClass>(),
            baseClass => Assert.NotNull(names.GetBaseClass(new PciClassCode(baseClass, 0))));
        Assert.Equal("NVM Express", names.GetProgrammingInterface(PciClassCode.NvmExpress));
        Assert.Null(names.GetSubsystem(0x1b36, 0x0010, 0x1af4, 0x1100));
    }

    [Fact]
    public void Built_in_selection_carries_its_licence()
    {
        using StreamReader reader = new(typeof(PciNames).Assembly.GetManifestResourceStream("Vfio.pci.ids")!);
        string text = reader.ReadToEnd();
        Assert.Contains("Copyright (c) 1997-2023 Martin Mares", text);
        Assert.Contains("Redistributions in binary form must reproduce", text);
    }

    private static PciNames Parse(string text) => PciNames.Parse(Encoding.UTF8.GetBytes(text));

    private static void AssertHarmless(PciNames names)
    {
        string?[] answers =
        [
            names.GetVendor(0x8086),
            names.GetVendor(0x0808),
            names.GetDevice(0x8086, 0x10d3),
            names.GetDevice(0x10de, 0x20b0),
            names.GetSubsystem(0x8086, 0x10d3, 0x103c, 0x1785),
            names.GetClass(PciClassCode.NvmExpress),
            names.GetBaseClass(PciClassCode.Ethernet),
            names.GetProgrammingInterface(PciClassCode.NvmExpress),
        ];
        Assert.All(answers, answer => Assert.False(answer is "" || (answer?.Any(char.IsControl) ?? false), answer));
    }
}
