using Vfio.Pci;

namespace Vfio.Cli.Tests;

/// <summary>
/// Provides a device with registers of every kind, known by name, for the commands that open a device.
/// </summary>
public abstract class RegisterCommandTest : IDisposable
{
    private protected const ulong Control = 0x00;
    private protected const ulong Status = 0x08;

    private readonly string _folder = FakeHost.NewFolder("vfio-shell-tests-");

    protected RegisterCommandTest()
    {
        Directory.CreateDirectory(_folder);
        Bytes = new byte[0x100];
        Set(Status, 0x80281);
        Set(0x10, 0x1234_5678);
        Device.Add(RegionIndex.Bar0, Bytes);
        Device.Add(RegionIndex.Rom, new byte[0x800], canWrite: false);
        Config[0] = 0x86;
        Config[1] = 0x80;
        Config[2] = 0xd3;
        Config[3] = 0x10;
        Config[4] = 0x06;
        Device.Add(RegionIndex.Config, Config);
    }

    private protected FakeHost Host { get; } = FakeHost.Typical();

    private protected FakeBackend Device { get; set; } = new();

    private protected byte[] Bytes { get; }

    private protected byte[] Config { get; } = new byte[0x100];

    private protected static RegisterMap[] Maps { get; } =
    [
        new("Fake configuration", "none", RegionIndex.Config,
        [
            new(
                "COMMAND",
                4,
                2,
                "command",
                RegisterAccess.ReadWrite,
                [new("MEM", 1, 1, "memory"), new("BM", 2, 1, "bus master")]),
            new("STATUS", 6, 2, "status"),
            new("EXP.LnkSta", 0x52, 2, "link status", RegisterAccess.ReadOnly, [new("Speed", 0, 4, "speed")]),
        ]),
        new("Fake card", "none", RegionIndex.Bar0,
        [
            new(
                "CTRL",
                Control,
                4,
                "control",
                RegisterAccess.ReadWrite,
                [new("FD", 0, 1, "full duplex"), new("RST", 26, 1, "reset")]),
            new("STATUS", Status, 4, "status", RegisterAccess.ReadOnly,
            [
                new("FD", 0, 1, "full duplex"),
                new("LU", 1, 1, "link up"),
                new("SPEED", 6, 2, "speed") { Values = [new(0, "10 Mb/s"), new(1, "100 Mb/s"), new(2, "1000 Mb/s")] },
                new("LAN_ID", 8, 4, "port") { IsHexadecimal = true },
            ]),
            new("SCRATCH", 0x10, 4, "free"),
            new("DOORBELL", 0x14, 4, "doorbell", RegisterAccess.WriteOnly, []),
            new("CAUSE", 0x18, 4, "cause", RegisterAccess.WriteOneToClear, [new("LSC", 2, 1, "link")]),
            new("ICR", 0x1c, 4, "cause, cleared by reading", RegisterAccess.ReadHasSideEffects, []),
            new("CAP", 0x20, 8, "capabilities"),
        ]),
    ];

    public void Dispose()
    {
        Device.Dispose();
        Host.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected void Set(ulong offset, uint value) =>
        BitConverter.TryWriteBytes(Bytes.AsSpan((int)offset), value);

    private protected uint Get(ulong offset) => BitConverter.ToUInt32(Bytes, (int)offset);

    /// <summary>Behaves like a device that no longer exists.</summary>
    private protected static void FailIf(bool isGone)
    {
        if (isGone)
        {
            throw new VfioException("pread", "BAR0 of 0000:00:14.3", 5);
        }
    }

    /// <summary>The full path of a file of this test.</summary>
    private protected string PathOf(string name) => Path.Combine(_folder, name);

    private protected string WriteFile(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    private protected Result Run(params string[] arguments) => Run(Tool.Narrow, arguments);

    private protected Result Run(Terminal terminal, params string[] arguments) =>
        Run(terminal, host => host, arguments);

    private protected Result Run(Terminal terminal, Func<CliHost, CliHost> change, params string[] arguments)
    {
        Result result = Tool.Run(Host, terminal, host => change(host with
        {
            OpenDevice = (address, _) => new VfioDevice(Device, address),
            LoadRegisters = _ => Maps,
            Clock = new StoppedClock(),
        }), arguments);
        return result with
        {
            Output = result.Output.Replace(_folder + "/", "", StringComparison.Ordinal),
            Errors = result.Errors.Replace(_folder + "/", "", StringComparison.Ordinal),
        };
    }

    /// <summary>Returns the output for each kind of reader, one below the other, for a person to look at.</summary>
    private protected string RunForEveryReader(Action reset, params string[] arguments)
    {
        (string Name, Terminal Terminal)[] readers =
        [
            ("80 columns, NO_COLOR", new Terminal(80, HasColour: false) { IsInteractive = true }),
            ("80 columns, colour", new Terminal(80, HasColour: true) { IsInteractive = true }),
            ("200 columns, NO_COLOR", new Terminal(200, HasColour: false) { IsInteractive = true }),
            ("pipe", Terminal.None),
        ];
        string all = "";
        foreach ((string name, Terminal terminal) in readers)
        {
            reset();
            Result result = Run(terminal, arguments);
            if (!terminal.HasColour && terminal.Width is int width)
            {
                result.FitsIn(width);
            }

            all += $"== {name}\n{result.Output.Replace("\e", "\\e", StringComparison.Ordinal)}{result.Errors}";
        }

        return all;
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 22, 20, 27, 1, TimeSpan.Zero);
    }
}
