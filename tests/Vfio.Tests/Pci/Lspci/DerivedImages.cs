namespace Vfio.Tests.Pci;

/// <summary>
/// Creates images of what the machine does not have: ports, bridges of all kinds, functions with every existing
/// capability.
/// </summary>
internal static class DerivedImages
{
    private const int Seeds = 20;

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "endpoint",
        "legacy endpoint",
        "root port",
        "upstream port",
        "downstream port",
        "bridge to PCI",
        "bridge from PCI",
        "integrated endpoint",
        "event collector",
        "port of unknown type",
        "conventional device",
        "conventional bridge",
        "CardBus bridge",
        "PCI-X device",
        "PCI-X bridge",
        "HyperTransport device",
        "virtio device",
        "physical function",
        "CXL device",
        "unknown header",
    ];

    public static IReadOnlyList<(string Name, byte[] Image)> All { get; } = [.. Make()];

    /// <summary>One image.</summary>
    /// <param name="kind">The kind to build, one of <see cref="Kinds"/>.</param>
    /// <param name="seed">The seed of its fields.</param>
    public static byte[] Build(string kind, int seed) => kind switch
    {
        "endpoint" => Express(seed, headerType: 0, type: 0),
        "legacy endpoint" => Express(seed, headerType: 0, type: 1),
        "root port" => Express(seed, headerType: 1, type: 4),
        "upstream port" => Express(seed, headerType: 1, type: 5),
        "downstream port" => Express(seed, headerType: 1, type: 6),
        "bridge to PCI" => Express(seed, headerType: 1, type: 7),
        "bridge from PCI" => Express(seed, headerType: 1, type: 8),
        "integrated endpoint" => Express(seed, headerType: 0, type: 9),
        "event collector" => Express(seed, headerType: 0, type: 10),
        "port of unknown type" => Express(seed, headerType: 0, type: 11 + (seed % 5)),
        "conventional device" => Conventional(seed, headerType: 0),
        "conventional bridge" => Conventional(seed, headerType: 1),
        "CardBus bridge" => Conventional(seed, headerType: 2),
        "PCI-X device" => PciX(seed, headerType: 0),
        "PCI-X bridge" => PciX(seed, headerType: 1),
        "HyperTransport device" => HyperTransport(seed),
        "virtio device" => Virtio(seed),
        "physical function" => PhysicalFunction(seed),
        "CXL device" => CxlDevice(seed),
        _ => UnknownHeader(seed),
    };

    private static IEnumerable<(string Name, byte[] Image)> Make()
    {
        foreach (string kind in Kinds)
        {
            for (int seed = 0; seed < Seeds; seed++)
            {
                yield return ($"{kind}, seed {seed}", Build(kind, seed + (100 * kind.Length)));
            }
        }
    }

    private static byte[] Express(int seed, int headerType, int type)
    {
        ImageBuilder image = new(seed, headerType);
        AddExpress(image, type);
        AddMsi(image);
        image.Add(0x01, 8);
        image.Add(0x11, 12);
        if (headerType == 1)
        {
            image.Add(0x0d, 8);
        }

        image.Add(0x09, 12);
        ExtendedImages.AddAll(image);
        return image.Image;
    }

    private static void AddExpress(ImageBuilder image, int type)
    {
        int at = image.Add(0x10, 0x3c);
        image.SetWord(at + 2, (image.Word(at + 2) & 0xbf00) | type << 4 | (image.Next(4) == 0 ? 1 : 2));
    }

    private static void AddMsi(ImageBuilder image)
    {
        int at = image.Add(0x05, 24);
        image.SetWord(at + 2, (image.Word(at + 2) & ~0xe) | image.Next(6) << 1); // counts of 64 and 128 do not exist
        image.SetWord(at + 2, (image.Word(at + 2) & ~0x70) | image.Next(6) << 4);
    }

    private static byte[] Conventional(int seed, int headerType)
    {
        ImageBuilder image = new(seed, headerType, 256);
        image.Add(0x01, 8);
        AddMsi(image);
        foreach ((byte id, int length) in new (byte, int)[]
            {
            (0x02, 12),
            (0x03, 8),
            (0x04, 4),
            (0x06, 4),
            (0x0a, 4),
            (0x0b, 4),
            (0x0c, 4),
            (0x0d, 8),
            (0x0e, 4),
            (0x0f, 4),
            (0x12, 8),
            (0x13, 8),
            (0x15, 4),
            (0x00, 4),
            (0x77, 4),
            (0x11, 12),
            })
        {
            image.Add(id, length);
        }

        AddEnhancedAllocation(image, headerType == 1);
        return image.Image;
    }

    private static void AddEnhancedAllocation(ImageBuilder image, bool isBridge)
    {
        int entries = 1 + image.Next(2);
        int at = image.Add(0x14, 4 + (isBridge ? 4 : 0) + (20 * entries));
        if (at == 0)
        {
            return;
        }

        image.SetWord(at + 2, entries);
        at += isBridge ? 8 : 4;
        for (int i = 0; i < entries; i++)
        {
            uint length = 2u + (image.DoubleWord(at + 4) >> 1 & 1) + (image.DoubleWord(at + 8) >> 1 & 1);
            uint properties = image.Coin()
                ? (uint)image.Next(9) | (uint)image.Next(9) << 8
                : 0xfdfe - (uint)image.Next(3);
            image.SetDoubleWord(at, (image.DoubleWord(at) & 0xff0000f8) | properties << 8 | length);
            at += 4 + (4 * (int)length);
        }
    }

    private static byte[] PciX(int seed, int headerType)
    {
        ImageBuilder image = new(seed, headerType, 4096);
        image.Add(0x07, headerType == 0 ? 8 : 16);
        image.Add(0x01, 8);
        ExtendedImages.AddAll(image);
        return image.Image;
    }

    private static byte[] HyperTransport(int seed)
    {
        ImageBuilder image = new(seed, 0, 256);
        AddHyperTransport(image, 0x0000, 28, 12);
        AddHyperTransport(image, 0x2000, 24, 8);
        AddHyperTransport(image, 0xa800, 12, -1);
        foreach (int type in new[]
        {
            0x4000, 0x8000, 0x8800, 0x9000, 0x9800, 0xa000, 0xb000, 0xb800, 0xc000, 0xc800, 0xd000, 0xf800,
        })
        {
            AddHyperTransport(image, type, 4, -1);
        }

        return image.Image;
    }

    private static void AddHyperTransport(ImageBuilder image, int type, int length, int revisionAt)
    {
        int at = image.Add(0x08, length);
        image.SetWord(at + 2, (image.Word(at + 2) & (type < 0x4000 ? 0x1fff : 0x7ff)) | type);
        if (revisionAt >= 0)
        {
            byte[] revisions = [0x22, 0x23, 0x25, 0x11, 0x15];
            image.SetHeaderByte(at + revisionAt, revisions[image.Next(revisions.Length)]);
        }
    }

    private static byte[] Virtio(int seed)
    {
        ImageBuilder image = new(seed, 0, 256);
        image.SetVirtio();
        for (int type = 0; type < 7; type++)
        {
            int at = image.Add(0x09, 20);
            image.SetWord(at + 2, type << 8 | (image.Coin() ? 16 : 20));
        }

        return image.Image;
    }

    private static byte[] PhysicalFunction(int seed)
    {
        ImageBuilder image = new(seed, 0);
        AddExpress(image, 0);
        AddMsi(image);
        int at = image.AddExtended(0x10, 0x40);
        for (int i = 0; i < 6; i++)
        {
            image.RandomBaseAddress(at + 0x24 + (4 * i));
        }

        image.AddExtended(0x0e, 8);
        ExtendedImages.AddResizable(image, 0x24);
        return image.Image;
    }

    private static byte[] CxlDevice(int seed)
    {
        ImageBuilder image = new(seed, 0);
        AddExpress(image, 0);
        ExtendedImages.AddCxl(image);
        return image.Image;
    }

    private static byte[] UnknownHeader(int seed)
    {
        ImageBuilder image = new(seed, 3 + (seed % 60), 256);
        image.Add(0x01, 8);
        return image.Image;
    }
}
