using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>
/// A driver that performs random operations from a seed. None of them may harm the process, or reach memory that the
/// driver did not map.
/// </summary>
public sealed class HostileDriverTests
{
    private const int GuardLength = 4096;

    // The four tests together. Refusals are exceptions, so the full number takes half a minute: test.sh --soak.
    private static readonly int Steps = Vfio.Tests.Soak.Times(200_000, 5_000_000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Nothing_a_driver_does_crashes_the_edu_model_or_reaches_memory_it_was_not_given(int seed)
    {
        ModelClock clock = new();
        using EduModel model = new(clock) { ComputeTime = TimeSpan.FromMicroseconds(seed) };
        Attack(model, clock, seed, Steps / 4);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Nothing_a_driver_does_crashes_a_model_that_has_everything(int seed)
    {
        ModelClock clock = new();
        using TestModel model = new(clock);
        Attack(model, clock, seed, Steps / 4);
    }

    private static void Attack(DeviceModel model, ModelClock clock, int seed, int steps)
    {
        Random random = new(seed);
        RecordingClient client = new();
        GuardedTarget target = new(0x3000);
        ModelSession session = model.OpenSession(client);
        int refused = 0;
        for (int step = 0; step < steps; step++)
        {
            try
            {
                Step(random, session, target, clock);
            }
            catch (VfioException refusal)
                when (refusal.Errno is Errno.EINVAL or Errno.EIO or Errno.EEXIST or Errno.ENOSPC)
            {
                refused++;
            }

            if (random.Next(20_000) == 0)
            {
                session.Dispose();
                session = model.OpenSession(client);
            }

            _ = client.Take();
        }

        session.Dispose();
        target.AssertGuardsUntouched();
        Assert.InRange(refused, steps / 1000, steps - 1);
    }

    private static void Step(Random random, ModelSession session, GuardedTarget target, ModelClock clock)
    {
        switch (random.Next(100))
        {
            case < 40:
                _ = session.Read(RandomRegion(random), RandomOffset(random), RandomWidth(random));
                break;
            case < 75:
                session.Write(RandomRegion(random), RandomOffset(random), RandomWidth(random), RandomValue(random));
                break;
            case < 80:
                session.Write(RegionIndex.Config, (ulong)random.Next(0x40), RandomWidth(random), RandomValue(random));
                break;
            case < 84:
                // Bus mastering and decoding are soon enabled again, so that not everything else is refused.
                session.Write(RegionIndex.Config, 4, 2, 7);
                break;
            case < 88:
                StartTransfer(random, session);
                break;
            case < 91:
                session.Dma.Map(
                    RandomIova(random),
                    RandomLength(random),
                    (DmaAccess)random.Next(5),
                    target,
                    RandomLength(random) - 1);
                break;
            case < 93:
                _ = session.Dma.Unmap(RandomIova(random), RandomLength(random) * 4);
                break;
            case < 95:
                clock.Advance(TimeSpan.FromMilliseconds(random.Next(120)));
                break;
            case < 97:
                session.EnableInterrupts((IrqIndex)random.Next(4), random.Next(80));
                break;
            case < 98:
                session.MaskIntx(random.Next(2) == 0);
                session.MaskMsix(random.Next(2) == 0);
                break;
            case < 99:
                session.Dma.Clear();
                session.Reset();
                break;
            default:
                // Rarely really mapped, because that takes the kernel's time, not ours.
                MappableArea area = new(RandomOffset(random), RandomLength(random));
                session.Map(RandomRegion(random), area).Dispose();
                break;
        }
    }

    private static void StartTransfer(Random random, ModelSession session)
    {
        bool fromDevice = random.Next(2) == 0;
        ulong inside = random.Next(4) == 0 ? RandomValue(random) : 0x40000 + (ulong)random.Next(4200);
        ulong outside = RandomIova(random);
        session.Write(RegionIndex.Bar0, 0x80, 8, fromDevice ? inside : outside);
        session.Write(RegionIndex.Bar0, 0x88, 8, fromDevice ? outside : inside);
        session.Write(RegionIndex.Bar0, 0x90, 8, random.Next(8) == 0 ? RandomValue(random) : (ulong)random.Next(4200));
        session.Write(RegionIndex.Bar0, 0x98, 8, fromDevice ? 7u : 5u);
    }

    private static RegionIndex RandomRegion(Random random) => random.Next(10) switch
    {
        0 => (RegionIndex)random.Next(),
        1 => (RegionIndex)random.Next(-2, 12),
        < 6 => RegionIndex.Bar0,
        < 8 => RegionIndex.Bar2,
        _ => RegionIndex.Config,
    };

    private static ulong RandomOffset(Random random) => random.Next(8) switch
    {
        0 => (ulong)random.NextInt64() * 2,
        1 => ulong.MaxValue - (ulong)random.Next(16),
        2 => (ulong)random.Next(0x10000) & ~0xffful,
        < 6 => (ulong)random.Next(0x100) & ~3ul,
        _ => (ulong)random.Next(0x100000),
    };

    private static ulong RandomIova(Random random) =>
        random.Next(8) == 0 ? (ulong)random.NextInt64() * 2 : (ulong)random.Next(0x40) << 10;

    private static ulong RandomLength(Random random) => random.Next(16) switch
    {
        0 => 0,
        1 => ulong.MaxValue - (ulong)random.Next(4096),
        2 => 0x1000,
        _ => (ulong)random.Next(0x1000),
    };

    private static int RandomWidth(Random random) => random.Next(32) == 0 ? random.Next(-1, 17) : 1 << random.Next(4);

    private static ulong RandomValue(Random random) => random.Next(4) switch
    {
        0 => ulong.MaxValue,
        1 => (ulong)random.Next(256),
        _ => (ulong)random.NextInt64() * 2,
    };

    /// <summary>
    /// Represents memory with bounds checks, which reports immediately when more is requested than it has.
    /// </summary>
    private sealed class GuardedTarget : DmaTarget
    {
        private readonly byte[] _bytes;

        public GuardedTarget(int length)
        {
            _bytes = new byte[length + (2 * GuardLength)];
            _bytes.AsSpan(0, GuardLength).Fill(0xa5);
            _bytes.AsSpan(^GuardLength..).Fill(0xa5);
        }

        public override ulong Length => (ulong)(_bytes.Length - (2 * GuardLength));

        public override void Read(ulong offset, Span<byte> destination)
        {
            Check(offset, destination.Length);
            _bytes.AsSpan(GuardLength + (int)offset, destination.Length).CopyTo(destination);
        }

        public override void Write(ulong offset, ReadOnlySpan<byte> source)
        {
            Check(offset, source.Length);
            source.CopyTo(_bytes.AsSpan(GuardLength + (int)offset, source.Length));
        }

        public void AssertGuardsUntouched()
        {
            Assert.Equal(-1, _bytes.AsSpan(0, GuardLength).IndexOfAnyExcept((byte)0xa5));
            Assert.Equal(-1, _bytes.AsSpan(^GuardLength..).IndexOfAnyExcept((byte)0xa5));
        }

        private void Check(ulong offset, int length) =>
            Assert.True(offset <= Length && (ulong)length <= Length - offset, $"0x{offset:x}, {length} bytes");
    }
}
