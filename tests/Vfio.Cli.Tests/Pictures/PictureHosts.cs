using System.Globalization;

namespace Vfio.Cli.Tests;

/// <summary>Creates hosts to draw: small, large, and deliberately hostile ones.</summary>
internal static partial class PictureHosts
{
    private const string Bridge = "060400";
    private const string Network = "020000";
    private const string Nvme = "010802";

    private static readonly FakeLink Slow = FakeLink.Of("2.5", 1, "16.0", 16);
    private static readonly FakeLink Fast = FakeLink.Of("16.0", 16, "16.0", 16);
    private static readonly FakeLink Four = FakeLink.Of("8.0", 4, "8.0", 4);

    public static IReadOnlyList<string> Names { get; } =
    [
        "machine", "typical", "laptop", "server", "large-group", "split-groups", "no-iommu", "empty", "deep", "chain",
        "many", "functions", "shared-functions", "hostile",
    ];

    public static FakeHost Make(string name) => name switch
    {
        "machine" => Machine(),
        "typical" => FakeHost.Typical(),
        "laptop" => Laptop(),
        "server" => Server(),
        "large-group" => LargeGroup(),
        "split-groups" => SplitGroups(),
        "no-iommu" => NoIommu(),
        "empty" => new FakeHost(),
        "deep" => Deep(40),
        "chain" => Deep(200),
        "many" => FakeHost.WithDevices(600),
        "functions" => Functions(128, isShared: false),
        "shared-functions" => Functions(64, isShared: true),
        "hostile" => Hostile(),
        _ => throw new ArgumentException(name),
    };

    /// <summary>Creates the QEMU machine with three virtual functions and some bound devices: 26 devices.</summary>
    private static FakeHost Machine()
    {
        FakeHost host = new();
        (string Address, ushort Vendor, ushort Device, string Class, string? Driver, int Group)[] onBus =
        [
            ("00.0", 0x8086, 0x29c0, "060000", null, 0),
            ("01.0", 0x1234, 0x1111, "030000", "bochs-drm", 1),
            ("02.0", 0x1234, 0x1111, "038000", "bochs-drm", 2),
            ("03.0", 0x1234, 0x11e8, "00ff00", "vfio-pci", 3),
            ("04.0", 0x1b36, 0x0005, "00ff00", null, 4),
            ("05.0", 0x1af4, 0x1110, "050000", null, 5),
            ("06.0", 0x1b36, 0x0010, Nvme, "nvme", 6),
            ("07.0", 0x1b36, 0x0010, Nvme, "nvme", 7),
            ("08.0", 0x1af4, 0x1041, Network, "virtio-pci", 8),
            ("09.0", 0x8086, 0x10d3, Network, "e1000e", 9),
            ("14.3", 0x8086, 0x10d3, Network, "e1000e", 12),
            ("1d.0", 0x1af4, 0x1003, "078000", "virtio-pci", 14),
            ("1e.0", 0x1af4, 0x1009, "000200", "virtio-pci", 15),
            ("1e.1", 0x1af4, 0x1009, "000200", "virtio-pci", 15),
            ("1f.0", 0x8086, 0x2918, "060100", null, 16),
            ("1f.2", 0x8086, 0x2922, "010601", null, 16),
            ("1f.3", 0x8086, 0x2930, "0c0500", null, 16),
        ];
        foreach ((string address, ushort vendor, ushort device, string code, string? driver, int group) in onBus)
        {
            host.Add(new($"0000:00:{address}", vendor, device, code)
            {
                Driver = driver,
                Group = group,
                IsBootDisplay = address == "01.0",
            });
        }

        host.Add(new("0000:00:10.0", 0x1b36, 0x000c, Bridge)
        {
            Driver = "pcieport",
            Group = 10,
            Link = FakeLink.Of("2.5", 1, "16.0", 32),
        });
        host.Add(new("0000:00:14.0", 0x1b36, 0x000c, Bridge)
        {
            Driver = "pcieport",
            Group = 11,
            Link = FakeLink.Of("16.0", 32, "16.0", 32),
        });
        host.Add(new("0000:00:1c.0", 0x1b36, 0x000e, Bridge) { Group = 13, Link = FakeLink.Of("2.5", 1, "2.5", 1) });
        host.Add(new("0000:01:00.0", 0x8086, 0x10c9, Network)
        {
            Parent = "0000:00:10.0",
            Driver = "igb",
            Group = 17,
            Link = FakeLink.Of("2.5", 1, "2.5", 1),
        });
        for (int i = 0; i < 3; i++)
        {
            host.Add(new($"0000:01:10.{2 * i}", 0x8086, 0x10ca, Network)
            {
                Parent = "0000:00:10.0",
                PhysicalFunction = "0000:01:00.0",
                Group = 18 + i,
                Link = FakeLink.BuiltIn,
            });
        }

        host.Add(
            new("0000:03:01.0", 0x1234, 0x11e8, "00ff00") { Parent = "0000:00:1c.0", Driver = "vfio-pci", Group = 13 });
        host.Add(new("0000:03:02.0", 0x1af4, 0x1041, Network)
        {
            Parent = "0000:00:1c.0",
            Driver = "virtio-pci",
            Group = 13,
        });
        host.AddInterface("0000:00:08.0", "eth0");
        host.AddInterface("0000:03:02.0", "eth1");
        host.AddDisk("0000:00:06.0", "nvme0n1", mountPoint: "/srv");
        return host;
    }

    private static FakeHost Laptop()
    {
        FakeHost host = new();
        host.Add(new("0000:00:00.0", 0x8086, 0x9b61, "060000") { Group = 0, Driver = "skl_uncore" });
        host.Add(new("0000:00:02.0", 0x8086, 0x9b41, "030000")
        {
            Group = 1,
            Driver = "i915",
            IsBootDisplay = true,
            Link = FakeLink.BuiltIn,
        });
        host.Add(new("0000:00:14.0", 0x8086, 0x02ed, "0c0330") { Group = 2, Driver = "xhci_hcd" });
        host.Add(new("0000:00:14.2", 0x8086, 0x02ef, "050000") { Group = 2 });
        host.Add(new("0000:00:1d.0", 0x8086, 0x02b0, Bridge)
        {
            Group = 3,
            Driver = "pcieport",
            Link = FakeLink.Of("8.0", 4, "8.0", 4),
        });
        host.Add(new("0000:03:00.0", 0x144d, 0xa808, Nvme)
        {
            Parent = "0000:00:1d.0",
            Group = 4,
            Driver = "nvme",
            Link = FakeLink.Of("8.0", 2, "8.0", 4),
        });
        host.Add(new("0000:00:1f.0", 0x8086, 0x0284, "060100") { Group = 5 });
        host.Add(new("0000:00:1f.3", 0x8086, 0x02c8, "040380") { Group = 5, Driver = "snd_hda_intel" });
        host.Add(new("0000:00:1f.6", 0x8086, 0x0d4f, Network) { Group = 5, Driver = "e1000e" });
        host.AddDisk("0000:03:00.0", "nvme0n1", mountPoint: "/");
        return host;
    }

    /// <summary>Four domains, two root buses each, 25 devices on each: 200.</summary>
    private static FakeHost Server()
    {
        FakeHost host = new();
        int group = 0;
        for (int i = 0; i < 8; i++)
        {
            string domain = (i / 2).ToString("x4", CultureInfo.InvariantCulture);
            int bus = (i % 2) * 0x80;
            string rootBus = string.Create(CultureInfo.InvariantCulture, $"pci{domain}:{bus:x2}");
            string At(int offset, int device, int function = 0) =>
                string.Create(CultureInfo.InvariantCulture, $"{domain}:{bus + offset:x2}:{device:x2}.{function}");
            host.Add(new(At(0, 0), 0x8086, 0x29c0, "060000") { RootBus = rootBus, Group = group++ });
            for (int port = 0; port < 4; port++)
            {
                host.Add(new(At(0, port + 1), 0x1b36, 0x000c, Bridge)
                {
                    RootBus = rootBus,
                    Driver = "pcieport",
                    Group = group++,
                    Link = Fast,
                });
                string? driver = port == 1 ? "vfio-pci" : port == 2 ? null : "mlx5_core";
                for (int function = 0; function < (port == 3 ? 1 : 2); function++)
                {
                    host.Add(new(At(port + 1, 0, function), 0x8086, 0x10d3, Network)
                    {
                        Parent = At(0, port + 1),
                        Driver = driver,
                        Group = function == 0 ? group++ : group - 1,
                        Link = port == 0 ? Slow : Fast,
                    });
                }
            }

            AddSwitch(host, At, rootBus, ref group);
        }

        return host;
    }

    // A root port, a switch with four ports, a disk on each, an empty downstream port, two accelerators: 13 devices.
    private static void AddSwitch(FakeHost host, Func<int, int, int, string> at, string rootBus, ref int group)
    {
        host.Add(new(at(0, 9, 0), 0x1b36, 0x000c, Bridge)
        {
            RootBus = rootBus,
            Driver = "pcieport",
            Group = group++,
            Link = Fast,
        });
        host.Add(new(at(16, 0, 0), 0x10b5, 0x9765, Bridge)
        {
            Parent = at(0, 9, 0),
            Driver = "pcieport",
            Group = group++,
            Link = Fast,
        });
        for (int port = 0; port < 5; port++)
        {
            host.Add(new(at(17, port, 0), 0x10b5, 0x9765, Bridge)
            {
                Parent = at(16, 0, 0),
                Driver = "pcieport",
                Group = group++,
                Link = Four,
            });
            if (port < 4)
            {
                host.Add(new(at(18 + port, 0, 0), 0x1b36, 0x0010, Nvme)
                {
                    Parent = at(17, port, 0),
                    Driver = port == 2 ? "vfio-pci" : "nvme",
                    Group = group++,
                    Link = Four,
                });
            }
        }

        host.Add(new(at(0, 10, 0), 0x1002, 0x73bf, "030000") { RootBus = rootBus, Group = group, Driver = "vfio-pci" });
        host.Add(new(at(0, 10, 1), 0x1002, 0xab28, "040300")
        {
            RootBus = rootBus,
            Group = group++,
            Driver = "snd_hda_intel",
        });
    }
}
