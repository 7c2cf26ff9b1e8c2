using Vfio.Pci;

namespace Vfio.Tests.Pci;

/// <summary>
/// Compares our decoding of configuration space with that of lspci: the texts must be the same, line by line and word
/// by word.
/// </summary>
public sealed class PciConfigSpaceLspciTests
{
    // Each of another kind; together they have every capability except those of CXL, whose flipped bits lspci looks up
    // beyond its tables.
    private static readonly string[] Flipped =
    [
        "root port", "physical function", "conventional bridge", "conventional device", "CardBus bridge",
        "PCI-X bridge", "HyperTransport device", "virtio device",
    ];

    // Zero watts are zero in any scale; several transmit margins have one name; of possible speeds the fastest is
    // named.
    private static readonly string[] Unseen = ["PowerLimitScale", "TransmitMargin", "Speeds"];

    [Fact]
    public void Every_device_of_the_machine_reads_as_lspci_reads_it()
    {
        Assert.True(MachineImages.All.Count >= 22);
        AssertAgree(MachineImages.All);
    }

    [Fact]
    public void Ports_bridges_and_functions_with_every_capability_read_as_lspci_reads_them()
    {
        Assert.True(DerivedImages.All.Count >= 40);
        AssertAgree(DerivedImages.All);
    }

    [Fact]
    public void Functions_other_than_the_first_read_as_lspci_reads_them() =>
        AssertAgree([.. MachineImages.All, .. DerivedImages.All], device: 3);

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(300)]
    public void What_a_shorter_image_still_has_reads_as_lspci_reads_it(int length) => AssertAgree(
    [
        .. MachineImages.All.Concat(DerivedImages.All)
            .Where(image => image.Image.Length >= length)
            .Select(image => ($"{image.Name}, {length} bytes", image.Image[..length])),
    ]);

    /// <summary>A bit of every few bytes; with VFIO_TEST_EVERY_BIT=1 all of them, which takes minutes.</summary>
    [Fact]
    public void Any_bit_flipped_reads_as_lspci_reads_it()
    {
        List<(string Name, byte[] Image)> images = [];
        // prime to 8: every bit number comes
        int step = Environment.GetEnvironmentVariable("VFIO_TEST_EVERY_BIT") is null ? Soak.Times(41, 23) : 1;
        foreach (string kind in Flipped)
        {
            byte[] image = DerivedImages.Build(kind, 1)[..Math.Min(DerivedImages.Build(kind, 1).Length, 0x800)];
            for (int bit = 0; bit < image.Length * 8; bit += step)
            {
                images.Add(($"{kind}, byte {bit / 8:x3}h bit {bit % 8}", Flip(image, bit)));
            }
        }

        AssertAgree([.. images.Where(image => IsComparable(image.Image))]);
    }

    [Fact]
    public void A_bit_that_only_one_side_has_is_found_and_named()
    {
        byte[] image = MachineImages.All.Single(
            image => image.Name.StartsWith("00:10.0", StringComparison.Ordinal)).Image;
        string theirs = Lspci.Show([image])[0]!;
        PciCapability express = PciConfigSpace.Parse(image).Find("EXP")!;
        Assert.Null(Difference(theirs, image));
        foreach (string register in new[]
        {
            "DevCap", "DevCtl", "DevSta", "LnkCap", "LnkSta", "SltCap", "RootCtl", "LnkCtl2", "LnkSta2",
        })
        {
            int at = (int)express.Find(register)!.Value.Register.Offset;
            string? difference = Difference(theirs, Flip(image, 8 * at));
            Assert.NotNull(difference);
            Assert.Contains(register, difference, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// The comparison covers every bit of every field that it includes: if a bit changes only on our side, the texts
    /// differ.
    /// </summary>
    [Fact]
    public void No_bit_of_a_compared_field_can_differ_unseen()
    {
        byte[] image = MachineImages.All.Single(
            image => image.Name.StartsWith("00:10.0", StringComparison.Ordinal)).Image;
        string theirs = Lspci.Show([image])[0]!;
        PciConfigSpace config = PciConfigSpace.Parse(image);
        HashSet<string> used = [];
        _ = LspciText.Of(config, "", 0, used);
        int bits = 0;
        foreach (PciCapability capability in config.Capabilities)
        {
            foreach (RegisterReading reading in capability.Registers)
            {
                foreach (RegisterField field in reading.Register.Fields.Where(field =>
                    used.Contains($"{capability.ShortName}.{LspciPart.Letters(reading.Register.Name)}.{field.Name}")
                    && !Unseen.Contains(field.Name)))
                {
                    for (int bit = field.LowBit; bit < field.LowBit + field.BitCount; bit++, bits++)
                    {
                        byte[] flipped = Flip(image, (8 * (int)reading.Register.Offset) + bit);
                        Assert.True(
                            Difference(theirs, flipped) is not null,
                            $"{capability.ShortName}.{reading.Register.Name}.{field.Name} bit {bit}");
                    }
                }
            }
        }

        Assert.True(bits > 300, $"{bits} bits");
    }

    [Fact]
    public void Mutated_images_read_as_lspci_reads_them()
    {
        (string Name, byte[] Image)[] images =
            [.. Mutations.Make(seed: 11, count: 1200).Where(image => IsComparable(image.Image))];
        Assert.True(images.Length > 800, $"{images.Length} images are left");
        AssertAgree(images, mayDie: true);
    }

    private static string? Difference(string theirs, byte[] image) =>
        Compare(theirs, LspciText.Of(PciConfigSpace.Parse(image), Lspci.Place(0, 0), 0, used: null));

    // The list of known differences excludes lists through the header, tables that lspci reads beyond their ends (CXL),
    // and entries that it reads without having fetched them (Enhanced Allocation).
    private static bool IsComparable(byte[] image)
    {
        PciConfigSpace config = PciConfigSpace.Parse(image);
        return !config.Warnings.Any(warning => warning.Contains("into the header", StringComparison.Ordinal)
                || warning.Contains("below 100h", StringComparison.Ordinal)
                || warning.Contains("every byte", StringComparison.Ordinal))
            && !config.Capabilities.Any(
                capability => capability.Summary?.EndsWith(": CXL", StringComparison.Ordinal) == true
                    || (capability.Id == 0x14 && !capability.IsExtended));
    }

    private static byte[] Flip(byte[] image, int bit)
    {
        byte[] flipped = (byte[])image.Clone();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private static void AssertAgree(
        IReadOnlyList<(string Name, byte[] Image)> images, int device = 0, bool mayDie = false)
    {
        string?[] theirs = Lspci.Show([.. images.Select(image => image.Image)], device);
        List<string> differences = [];
        int died = 0;
        for (int i = 0; i < images.Count; i++)
        {
            string? difference = theirs[i] is string text
                ? Compare(
                    text,
                    LspciText.Of(PciConfigSpace.Parse(images[i].Image), Lspci.Place(i, device), device, used: null))
                : mayDie ? null : "lspci died";
            died += theirs[i] is null ? 1 : 0;
            if (difference is not null)
            {
                differences.Add($"{images[i].Name}: {difference}");
            }
        }

        Assert.True(died * 20 <= images.Count, $"lspci died of {died} of {images.Count}");
        Assert.True(
            differences.Count == 0,
            $"{differences.Count} of {images.Count} differ:\n"
            + $"{string.Join('\n', differences.DistinctBy(FirstWords).Take(12))}");
    }

    private static string FirstWords(string difference) =>
        difference.Split("lspci:")[^1].TrimStart() is string line ? line[..Math.Min(12, line.Length)] : "";

    /// <summary>The first line that differs, or null.</summary>
    private static string? Compare(string theirs, string ours)
    {
        string[] expected = theirs.Split('\n');
        string[] actual = ours.Split('\n');
        for (int i = 0; i < Math.Max(expected.Length, actual.Length); i++)
        {
            string one = i < expected.Length ? expected[i] : "(end)";
            string other = i < actual.Length ? actual[i] : "(end)";
            if (one != other)
            {
                return $"line {i + 1}\n  lspci: {one.Trim()}\n  ours:  {other.Trim()}";
            }
        }

        return null;
    }
}
