using Vfio.Pci;

namespace Vfio.Tests.Pci;

public sealed class PciConfigSpaceMutationTests
{
    [Fact]
    public void Thousands_of_mutated_images_are_decoded_without_an_exception_and_within_their_bytes()
    {
        int count = Soak.Times(2_000, 10_000);
        int warned = 0;
        foreach ((string name, byte[] image) in Mutations.Make(seed: 7, count))
        {
            PciConfigSpace config = PciConfigSpace.Parse(image);
            warned += config.Warnings.Count != 0 ? 1 : 0;
            AssertSound(name, config);
        }

        Assert.InRange(warned, count / 5, count * 99 / 100);
    }

    [Fact]
    public void Images_of_every_length_are_decoded()
    {
        foreach ((string name, byte[] image) in DerivedImages.All.Where(
            image => image.Name.EndsWith("seed 3", StringComparison.Ordinal)))
        {
            for (int length = 64; length <= image.Length; length += length < 0x180 ? 1 : 29)
            {
                AssertSound($"{name}, {length} bytes", PciConfigSpace.Parse(image.AsSpan(0, length)));
            }
        }
    }

    [Fact]
    public void Images_of_one_byte_value_are_decoded()
    {
        for (int value = 0; value < 256; value++)
        {
            byte[] image = new byte[4096];
            image.AsSpan().Fill((byte)value);
            AssertSound($"all {value:x2}", PciConfigSpace.Parse(image));
        }
    }

    private static void AssertSound(string name, PciConfigSpace config)
    {
        IEnumerable<RegisterReading> readings = config.HeaderRegisters.Concat(
            config.Capabilities.SelectMany(capability => capability.Registers));
        ReadOnlySpan<byte> bytes = config.Bytes.Span;
        foreach ((RegisterDescription register, ulong raw) in readings.Select(
            reading => (reading.Register, reading.Raw)))
        {
            int at = (int)register.Offset;
            if (at + register.Width > bytes.Length || at % register.Width != 0)
            {
                Assert.Fail($"{name}: {register.Name} at {at:x}h is outside {bytes.Length} bytes, or not aligned");
            }

            ulong expected = 0;
            for (int i = register.Width - 1; i >= 0; i--)
            {
                expected = (expected << 8) | bytes[at + i];
            }

            if (expected != raw)
            {
                Assert.Fail($"{name}: {register.Name} is {raw:x}, not {expected:x}");
            }
        }

        // A name that occurs twice would throw.
        Assert.Equal(readings.Count(), config.ToRegisterMap().Registers.Count);
        Assert.All(config.Warnings, warning => Assert.InRange(warning.Length, 10, 160));
    }
}
