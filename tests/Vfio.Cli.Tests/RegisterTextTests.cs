using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class RegisterTextTests
{
    private static readonly RegisterField Payload =
        new("MaxPayload", 0, 3, "bytes of a packet") { Values = [new(0, "128 bytes"), new(1, "256 bytes")] };

    private static readonly RegisterDescription DeviceCapabilities = new(
        "DevCap", 4, 4, "what the device can", RegisterAccess.ReadOnly,
        [
            Payload,
            new("PhantFunc", 3, 2, "phantom functions"),
            new("ExtTag", 5, 1, "extended tags"),
            new("RBE", 15, 1, "role-based errors"),
            new("FLReset", 28, 1, "reset"),
        ]);

    [Theory]
    [InlineData(200, "  DevCap MaxPayload 128 bytes, PhantFunc 0, ExtTag+ RBE+ FLReset-\n")]
    [InlineData(40, "  DevCap MaxPayload 128 bytes,\n         PhantFunc 0, ExtTag+ RBE+\n         FLReset-\n")]
    [InlineData(20, "  DevCap\n    MaxPayload 128…,\n    PhantFunc 0,\n    ExtTag+ RBE+\n    FLReset-\n")]
    public void Flags_are_separated_by_spaces_and_values_by_commas(int columns, string expected) =>
        Assert.Equal(expected, Write(columns, new RegisterReading(DeviceCapabilities, 0x8020)));

    [Fact]
    public void Registers_without_fields_share_lines()
    {
        RegisterReading[] readings = [.. Enumerable.Range(0, 4)
            .Select(i => new RegisterReading(new($"HDR{i}", (ulong)(4 * i), 4, "a header"), (ulong)i))];
        Assert.Equal("  HDR0 0x00000000, HDR1 0x00000001,\n  HDR2 0x00000002, HDR3 0x00000003\n", Write(40, readings));
    }

    [Fact]
    public void Untrusted_names_cannot_control_the_terminal() =>
        Assert.Equal("  A?B 0x01\n", Write(40, new RegisterReading(new("A\eB", 0, 1, "odd"), 1)));

    private static string Write(int columns, params RegisterReading[] readings)
    {
        using StringWriter output = new() { NewLine = "\n" };
        RegisterText.Write(
            Tool.MakeHost(HostRoot.Default, new Terminal(columns, HasColour: false), output, output),
            readings,
            2,
            isVerbose: false);
        return output.ToString();
    }
}
