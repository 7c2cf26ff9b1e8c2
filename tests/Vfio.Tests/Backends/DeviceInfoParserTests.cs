using System.Runtime.InteropServices;

namespace Vfio.Tests;

/// <summary>
/// The kernel's answer about a device: a structure with a chain of capabilities, all of which is validated.
/// </summary>
public sealed class DeviceInfoParserTests
{
    private const uint Fixed = 24;
    private const uint HasChain = VfioUapi.VFIO_DEVICE_FLAGS_CAPS;
    private const ushort Atomics = VfioUapi.VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP;

    [Fact]
    public void The_fixed_part_is_read()
    {
        DeviceInfo info = DeviceInfoParser.Parse(Answer(VfioUapi.VFIO_DEVICE_FLAGS_RESET, 0, []));
        Assert.Equal(new DeviceInfo(9, 5, true, AtomicCompletions.None), info);
        Assert.False(DeviceInfoParser.Parse(Answer(2, 0, [])).CanReset);
    }

    [Theory]
    [InlineData(1u, AtomicCompletions.Bits32)]
    [InlineData(3u, AtomicCompletions.Bits32 | AtomicCompletions.Bits64)]
    [InlineData(7u, AtomicCompletions.Bits32 | AtomicCompletions.Bits64 | AtomicCompletions.Bits128)]
    [InlineData(0xfffffff8u, AtomicCompletions.None)]
    public void Atomic_operations_are_a_capability(uint flags, AtomicCompletions expected) =>
        Assert.Equal(expected, DeviceInfoParser.Parse(
            Answer(HasChain, Fixed, [.. Header(1, Fixed + 8), .. Capability(flags, next: 0)])).AtomicCompletions);

    [Fact]
    public void Without_its_flag_a_chain_is_not_followed() =>
        Assert.Equal(
            AtomicCompletions.None, DeviceInfoParser.Parse(Answer(0, Fixed, Capability(7, 0))).AtomicCompletions);

    [Theory]
    [InlineData(Fixed)]
    [InlineData(Fixed + 1)]
    [InlineData(4096u)]
    [InlineData(0x80000000u)]
    [InlineData(uint.MaxValue)]
    public void A_chain_that_loops_or_leads_outside_ends(uint next) =>
        Assert.Equal(
            AtomicCompletions.Bits32,
            DeviceInfoParser.Parse(Answer(HasChain, Fixed, Capability(1, next))).AtomicCompletions);

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    public void An_answer_shorter_than_the_structure_is_refused(int length) =>
        Assert.Throws<VfioException>(() => DeviceInfoParser.Parse(new byte[length]));

    [Fact]
    public void Ten_thousand_changed_answers_give_an_answer_or_a_refusal()
    {
        Random random = new(20261125);
        int found = 0;
        for (int round = 0; round < 10_000; round++)
        {
            byte[] answer = Answer(
                HasChain, Fixed, [.. Header(1, Fixed + 8), .. Capability(7, next: 0), .. new byte[random.Next(40)]]);
            for (int changes = random.Next(6); changes > 0; changes--)
            {
                answer[random.Next(answer.Length)] = (byte)random.Next(256);
            }

            DeviceInfo info = DeviceInfoParser.Parse(answer.AsSpan(0, random.Next((int)Fixed, answer.Length + 1)));
            Assert.InRange((int)info.AtomicCompletions, 0, 7);
            found += info.AtomicCompletions != AtomicCompletions.None ? 1 : 0;
        }

        Assert.InRange(found, 1000, 9999);
    }

    private static byte[] Answer(uint flags, uint capOffset, byte[] chain)
    {
        VfioUapi.vfio_device_info info = new()
        {
            argsz = Fixed + (uint)chain.Length,
            flags = flags,
            num_regions = 9,
            num_irqs = 5,
            cap_offset = capOffset,
        };
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<VfioUapi.vfio_device_info>(in info)), .. chain];
    }

    private static byte[] Header(ushort id, uint next)
    {
        VfioUapi.vfio_info_cap_header header = new() { id = id, version = 1, next = next };
        return MemoryMarshal.AsBytes(new ReadOnlySpan<VfioUapi.vfio_info_cap_header>(in header)).ToArray();
    }

    private static byte[] Capability(uint flags, uint next) =>
        [.. Header(Atomics, next), .. BitConverter.GetBytes(flags), .. new byte[4]];
}
