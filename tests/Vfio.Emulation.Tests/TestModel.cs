using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>Represents a device with one of everything that a device model can have.</summary>
internal sealed class TestModel : DeviceModel
{
    public const int MsixVectors = 70;
    public const ulong MemoryOffset = 0x4000;
    public const ulong MemoryLength = 0x2000;
    public const ulong TableOffset = 0x1000;
    public const ulong PendingOffset = 0x2000;

    private static readonly byte[] RomContent = [0x55, 0xaa, 1, 2, 3];

    private readonly uint[] _registers = new uint[16];

    public TestModel(TimeProvider? clock = null, bool keepsStateInD3 = false)
        : base("test", new PciIdentity(0xabcd, 0x1234)
        {
            SubsystemVendorId = 0x5678,
            SubsystemId = 0x9abc,
            Class = new PciClassCode(0x020000),
            Revision = 7,
            InterruptPin = 2,
        }, clock)
    {
        AddBar(RegionIndex.Bar0, 0x1000, Read, Write);
        AddBar(RegionIndex.Bar1, 64, static (offset, _) => offset, Write, BarKind.IoPorts);
        ModelBar bar2 = AddBar(RegionIndex.Bar2, 0x10000, static (_, width) => (ulong)width, Write, BarKind.Memory64);
        SparseMemory = bar2.AddMemory(MemoryOffset, MemoryLength);
        SmallMemory = bar2.AddMemory(0x8008, 0x10);
        WholeMemory = AddMemoryBar(RegionIndex.Bar4, 0x10000, BarKind.PrefetchableMemory64);
        AddRom(RomContent);
        Power = AddCapability(new PowerManagementCapability { HasD1 = true, KeepsStateInD3 = keepsStateInD3 });
        Express = AddCapability(new ExpressCapability { HasFunctionLevelReset = true, LinkSpeed = 3, LinkWidth = 4 });
        Msi = AddCapability(new MsiCapability(4) { IsMaskable = true });
        Msix = AddCapability(new MsixCapability(MsixVectors, RegionIndex.Bar2, TableOffset, PendingOffset));
        Vendor = AddCapability(new VendorSpecificCapability([0x11, 0x22], [0x0f]));
        Raw = AddCapability(new RawCapability(0x13, [0x06, 0x03, 0xff, 0x00], [0, 0, 0, 0xff], [0, 0, 0xf0]));
        AddCapability(new SerialNumberCapability(0x0102030405060708));
        AddCapability(new RawExtendedCapability(0x000b, 1, [1, 2, 3, 4], [0xff]));
        AddConfigRegisters(0xf0, [0xaa, 0xbb], [0xff, 0x0f]);
        AddConfigRegisters(0xf8, [0x00], [0xff], isSticky: true);
        Timer = CreateTimer(() => Ticks++);
    }

    public ModelMemory SparseMemory { get; }

    public ModelMemory SmallMemory { get; }

    public ModelMemory WholeMemory { get; }

    public PowerManagementCapability Power { get; }

    public ExpressCapability Express { get; }

    public MsiCapability Msi { get; }

    public MsixCapability Msix { get; }

    public VendorSpecificCapability Vendor { get; }

    public RawCapability Raw { get; }

    public ModelTimer Timer { get; }

    public int Ticks { get; set; }

    public int Resets { get; private set; }

    public List<string> Log { get; } = [];

    public List<string> ConfigLog { get; } = [];

    public int HandlersInside { get; private set; }

    public int MostHandlersInside { get; private set; }

    public void RunInside(Action action) => Run(action);

    protected override void OnReset()
    {
        _registers.AsSpan().Clear();
        Resets++;
    }

    protected override void OnConfigWritten(int offset, int width) => ConfigLog.Add($"{offset:x} {width}");

    private ulong Read(ulong offset, int width)
    {
        Enter();
        ulong value = offset < 64 ? _registers[offset / 4] : ulong.MaxValue;
        HandlersInside--;
        return value;
    }

    private void Write(ulong offset, int width, ulong value)
    {
        Enter();
        if (Log.Count < 100)
        {
            Log.Add($"{offset:x} {width} {value:x}");
        }

        if (offset < 64)
        {
            _registers[offset / 4] = (uint)value;
        }

        HandlersInside--;
    }

    private void Enter()
    {
        HandlersInside++;
        MostHandlersInside = Math.Max(MostHandlersInside, HandlersInside);
    }
}
