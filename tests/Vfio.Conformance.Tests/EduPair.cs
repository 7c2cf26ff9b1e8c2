using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Pairs the device model of edu with QEMU's edu: every operation is performed on both, and the answers are compared.
/// </summary>
internal sealed partial class EduPair(EduModel model, KernelEdu kernel) : IDisposable
{
    private const ulong Command = 4;
    private const ushort MemorySpace = 2;
    private const ushort BusMaster = 4;
    private const ushort IntxDisable = 0x0400;
    private const uint InterruptWhenComputed = 0x80;
    private const int MostFactor = 100; // QEMU really multiplies: a large number would take it minutes
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The number of accesses before the devices are closed and opened again.</summary>
    public const int AccessesToAnOpening = 5_000;

    private static readonly ulong[] Registers =
        [0x00, 0x04, 0x08, 0x20, 0x24, 0x60, 0x64, 0x80, 0x84, 0x88, 0x90, 0x98, 0x9c];

    private readonly VfioDevice[] _devices = new VfioDevice[2];
    private readonly Region[] _trapped = new Region[2];
    private readonly Region[] _mapped = new Region[2];
    private readonly Region[] _config = new Region[2];
    private bool _interrupts;

    /// <summary>Counts the accesses that failed with the same error on both.</summary>
    public int Failures { get; private set; }

    public void Dispose() => Array.ForEach(_devices, device => device?.Dispose());

    /// <summary>
    /// Opens both: in turn with INTx, with MSI, and twice without the interrupt of a factorial. QEMU computes in a
    /// thread, which checks the bit for that interrupt a moment after the result is available, and if the bit is off,
    /// nothing shows when it has checked. So the bit is set only with a new device, whose thread has nothing to check
    /// yet, and cleared when the last interrupt has been seen.
    /// </summary>
    public void Reopen(Random random)
    {
        Dispose();
        bool isOn = _openings++ % 4 < 2;
        bool isNew = isOn && !_interrupts;
        _interrupts = isOn;
        if (isNew)
        {
            kernel.Replace();
        }

        for (int i = 0; i < 2; i++)
        {
            _devices[i] = i == 0 ? model.Open() : kernel.Open();
            _trapped[i] = _devices[i].OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
            _mapped[i] = _devices[i].OpenRegion(RegionIndex.Bar0);
            _config[i] = _devices[i].OpenRegion(RegionIndex.Config);
            // The firmware's addresses differ on purpose.
            _config[i].WriteUInt32(0x10, 0);
            _config[i].WriteUInt16(Command, IntxDisable | MemorySpace);
            // QEMU's edu keeps its interrupt causes across resets.
            _mapped[i].WriteUInt32(0x64, uint.MaxValue);
            _mapped[i].WriteUInt32(0x20, isOn ? InterruptWhenComputed : 0);
            GiveMemory(i);
            EnableInterrupts(i);
            _config[i].WriteUInt16(Command, (ushort)(Quiet | MemorySpace));
        }

        if (isNew)
        {
            Settle(random.Next());
        }
    }

    // Sets registers that no reset clears to the same state, because QEMU's device is new and the device model has been
    // used.
    private void Settle(int value)
    {
        for (int i = 0; i < 2; i++)
        {
            // The region is mapped, because old kernels split 8-byte accesses through the descriptor.
            Region bar0 = _mapped[i];
            bar0.WriteUInt32(0x04, (uint)value);
            bar0.WriteUInt32(0x08, 1);
            Assert.True(SpinWait.SpinUntil(() => IsComputed(bar0), Patience));
            bar0.WriteUInt32(0x64, uint.MaxValue);
            // A transfer fills the device's buffer, and leaves its bits in the command register.
            _config[i].WriteUInt16(Command, (ushort)(Quiet | MemorySpace | BusMaster));
            bar0.WriteUInt64(0x80, Memory);
            bar0.WriteUInt64(0x88, EduRegisters.BufferAddress);
            bar0.WriteUInt64(0x90, Page);
            bar0.WriteUInt64(0x98, 1);
            for (ulong at = 0x50; at < 0x100; at += 4)
            {
                _config[i].WriteUInt32(at, 0);
            }

            _config[i].WriteUInt16(0x4e, 0);
            Assert.True(SpinWait.SpinUntil(() => IsIdle(bar0), Patience));
        }

        CompareInterrupts("settled");
    }

    public void Step(Random random, int number)
    {
        if (number % AccessesToAnOpening == AccessesToAnOpening - 1)
        {
            Reopen(random);
        }
        else if (number % 1_000 == 999)
        {
            Array.ForEach(_devices, device => device.Reset());
            Array.ForEach(_config, config => config.WriteUInt16(Command, (ushort)(Quiet | MemorySpace)));
        }

        if (random.Next(20) == 0)
        {
            Unmask($"{number}: unmask");
        }
        else if (random.Next(100) < 80)
        {
            AccessBar(random, number);
        }
        else
        {
            AccessConfig(random, number);
        }
    }

    private void AccessBar(Random random, int number)
    {
        ulong offset = random.Next(10) switch
        {
            < 7 => Registers[random.Next(Registers.Length)],
            < 9 => (ulong)random.Next(0xc0), // odd ones too
            _ => (ulong)random.Next(0x100000 + 8),
        };
        int width = random.Next(4) switch { 0 => 1 << random.Next(4), 1 => 8, _ => 4 };
        bool isWrite = random.Next(2) == 0;
        ulong value = BarValue(random, offset, width);
        bool isDecoded = (_config[0].ReadUInt16(Command) & MemorySpace) != 0;
        // A mapped access that nothing decodes would be a bus error of the kernel.
        bool isMapped = random.Next(4) == 0 && isDecoded;
        if (width == 8 && !isMapped && kernel.SplitsEightBytes is not null)
        {
            return;
        }

        bool isFactorial = isWrite && offset == 0x08 && width == 4 && isDecoded;
        if (isFactorial)
        {
            Array.ForEach(_trapped, bar0 => bar0.WriteUInt32(0x64, 1));
        }

        Access(isMapped ? _mapped : _trapped, $"{number}: BAR0+0x{offset:x}", isWrite, offset, width, value);
        if (isFactorial)
        {
            Assert.All(_trapped, bar0 => Assert.True(SpinWait.SpinUntil(() => IsComputed(bar0), Patience)));
            CompareInterrupts($"{number}: factorial");
        }
    }

    private void AccessConfig(Random random, int number)
    {
        ulong offset = (ulong)random.Next(random.Next(8) == 0 ? 0x108 : 0x60);
        int width = 1 << random.Next(4);
        offset = random.Next(16) == 0 ? offset : offset & ~((ulong)width - 1);
        bool isWrite = random.Next(2) == 0;
        ulong value = RandomValue(random);
        if (isWrite && offset < Command + 2 && offset + (ulong)width > Command)
        {
            // INTx is disabled while no vector is enabled; memory decoding is mostly enabled.
            int shift = 8 * ((int)Command - (int)offset);
            ulong command = Quiet | (random.Next(8) == 0 ? 0ul : MemorySpace) | (random.Next(2) == 0 ? 0ul : BusMaster);
            ulong keep = ~(shift >= 0 ? 0xfffful << shift : 0xfffful >> -shift);
            value = (value & keep) | (shift >= 0 ? command << shift : command >> -shift);
        }

        Access(_config, $"{number}: config+0x{offset:x}", isWrite, offset, width, value);
    }

    private ulong BarValue(Random random, ulong offset, int width) => offset switch
    {
        0x20 => (RandomValue(random) & ~(ulong)InterruptWhenComputed) | (_interrupts ? InterruptWhenComputed : 0),
        0x08 => (ulong)random.Next(MostFactor) + (width == 8 ? (ulong)random.NextInt64() << 32 : 0),
        0x98 => RandomValue(random) & ~1ul, // Transfer starts those
        _ => RandomValue(random),
    };

    private static ulong RandomValue(Random random) => random.Next(4) switch
    {
        0 => ulong.MaxValue,
        1 => 0,
        _ => (ulong)random.NextInt64() * 2,
    };

    private static bool IsIdle(Region bar0) => (bar0.ReadUInt32(0x20) & 1) == 0 && (bar0.ReadUInt64(0x98) & 1) == 0;

    private bool IsComputed(Region bar0) => IsIdle(bar0) && (!_interrupts || (bar0.ReadUInt32(0x24) & 1) != 0);

    private void Access(
        Region[] regions, string place, bool isWrite, ulong offset, int width, ulong value, bool interrupts = true)
    {
        string expected = Describe(regions[1], isWrite, offset, width, value);
        string actual = Describe(regions[0], isWrite, offset, width, value);
        Assert.True(
            expected == actual,
            $"{place}, {width} bytes, {(isWrite ? $"write of 0x{value:x}" : "read")}: QEMU's edu gives "
            + $"{expected}, the model {actual}");
        if (interrupts)
        {
            CompareInterrupts(place);
        }

        Failures += expected.StartsWith("0x", StringComparison.Ordinal) || expected == "done" ? 0 : 1;
    }

    private static string Describe(Region region, bool isWrite, ulong offset, int width, ulong value)
    {
        try
        {
            if (!isWrite)
            {
                return $"0x{Read(region, offset, width):x}";
            }

            Write(region, offset, width, value);
            return "done";
        }
        catch (VfioException failure)
        {
            return $"{failure.Operation}: errno {failure.Errno}";
        }
        catch (ArgumentException failure)
        {
            return failure.Message;
        }
    }

    private static ulong Read(Region region, ulong offset, int width) => width switch
    {
        1 => region.ReadByte(offset),
        2 => region.ReadUInt16(offset),
        4 => region.ReadUInt32(offset),
        _ => region.ReadUInt64(offset),
    };

    private static void Write(Region region, ulong offset, int width, ulong value)
    {
        switch (width)
        {
            case 1: region.WriteByte(offset, (byte)value); break;
            case 2: region.WriteUInt16(offset, (ushort)value); break;
            case 4: region.WriteUInt32(offset, (uint)value); break;
            default: region.WriteUInt64(offset, value); break;
        }
    }
}
