using System.Globalization;

namespace Vfio.Cli.Tests;

// Hosts that are hard to draw: large groups, deep trees, many functions, hostile text.
internal static partial class PictureHosts
{
    private static FakeHost LargeGroup()
    {
        FakeHost host = new();
        host.Add(new("0000:00:1c.0", 0x1b36, 0x000e, Bridge) { Group = 7 });
        for (int i = 0; i < 29; i++)
        {
            host.Add(new(string.Create(CultureInfo.InvariantCulture, $"0000:05:{i:x2}.0"), 0x1234, 0x11e8, "00ff00")
            {
                Parent = "0000:00:1c.0",
                Group = 7,
                Driver = i == 3 ? "vfio-pci" : null,
            });
        }

        return host;
    }

    /// <summary>
    /// Creates groups whose members are not neighbours in the tree; one of the groups is on two root buses.
    /// </summary>
    private static FakeHost SplitGroups()
    {
        FakeHost host = new();
        for (int i = 0; i < 8; i++)
        {
            string port = string.Create(CultureInfo.InvariantCulture, $"0000:00:1c.{i}");
            host.Add(new(port, 0x1b36, 0x000c, Bridge) { Driver = "pcieport", Group = 5 + (i % 2), Link = Fast });
            host.Add(new(string.Create(CultureInfo.InvariantCulture, $"0000:{i + 1:x2}:00.0"), 0x8086, 0x10d3, Network)
            {
                Parent = port,
                Driver = i == 0 ? "vfio-pci" : "e1000e",
                Group = i == 3 ? 5 : 20 + i,
                Link = Slow,
            });
        }

        host.Add(new("0000:80:01.0", 0x1234, 0x11e8, "00ff00") { RootBus = "pci0000:80", Group = 6 });
        return host;
    }

    private static FakeHost NoIommu()
    {
        FakeHost host = new();
        host.Add(new("0000:00:00.0", 0x8086, 0x29c0, "060000"));
        host.Add(new("0000:00:1c.0", 0x1b36, 0x000c, Bridge) { Driver = "pcieport", Link = Fast });
        host.Add(
            new("0000:01:00.0", 0x8086, 0x10d3, Network) { Parent = "0000:00:1c.0", Driver = "e1000e", Link = Four });
        return host;
    }

    /// <summary>Creates switches below switches.</summary>
    private static FakeHost Deep(int levels)
    {
        FakeHost host = new();
        string? parent = null;
        for (int i = 0; i < levels; i++)
        {
            string address = string.Create(CultureInfo.InvariantCulture, $"0000:{i:x2}:01.0");
            host.Add(
                new(address, 0x10b5, 0x8747, Bridge) { Parent = parent, Driver = "pcieport", Group = i, Link = Four });
            host.Add(new(string.Create(CultureInfo.InvariantCulture, $"0000:{i:x2}:02.0"), 0x8086, 0x10d3, Network)
            {
                Parent = parent,
                Group = 100 + i,
                Link = Slow,
            });
            parent = address;
        }

        return host;
    }

    private static FakeHost Functions(int count, bool isShared)
    {
        FakeHost host = new();
        host.Add(new("0000:80:01.0", 0x1b36, 0x000c, Bridge)
        {
            RootBus = "pci0000:80",
            Driver = "pcieport",
            Group = 1,
            Link = Fast,
        });
        host.Add(new("0000:81:00.0", 0x8086, 0x10d3, Network)
        {
            Parent = "0000:80:01.0",
            Driver = "ice",
            Group = 2,
            Link = Fast,
        });
        for (int i = 0; i < count; i++)
        {
            string address = string.Create(CultureInfo.InvariantCulture, $"0000:81:{1 + (i / 8):x2}.{i % 8}");
            host.Add(new(address, 0x8086, 0x1889, Network)
            {
                Parent = "0000:80:01.0",
                PhysicalFunction = "0000:81:00.0",
                Driver = i is 5 or 9 or 17 ? "vfio-pci" : "iavf",
                Group = isShared ? 2 : 10 + i,
                Link = FakeLink.BuiltIn,
            });
        }

        return host;
    }

    private static FakeHost Hostile()
    {
        const string Evil = "</text><script>alert(1)</script>\e[2J\u202e\ufffe\"'&]]>\u4e2d\u6587\ud83d\ude00\ufdfd";
        FakeHost host = FakeHost.Typical();
        FakeDevice device = new("0000:07:00.0", 0x8086, 0x10d3, Network)
        {
            Group = 40,
            Link = new(Evil, "99999999999999999999", "1e308 GT/s", "-4"),
        };
        host.Add(device);
        host.WriteIdentity(
            device.Address,
            device with { Driver = Evil.Replace("/", "", StringComparison.Ordinal) + new string('W', 3000) });
        host.AddInterface(device.Address, "\u4e2d\ufdfd<b>&amp;" + new string('M', 100));
        // The device is above itself, and its own virtual function.
        host.Add(new("0000:08:00.0", 0x1b36, 0x000c, Bridge)
        {
            Parent = "0000:09:00.0",
            PhysicalFunction = "0000:08:00.0",
            Group = 41,
        });
        host.Add(new("0000:09:00.0", 0x1b36, 0x000c, Bridge)
        {
            Parent = "0000:08:00.0",
            PhysicalFunction = "0000:08:00.0",
            Group = 41,
        });
        host.Write("sys/kernel/iommu_groups/40/type", Evil);
        return host;
    }
}
