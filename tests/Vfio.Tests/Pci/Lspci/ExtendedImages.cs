namespace Vfio.Tests.Pci;

/// <summary>Adds the extended capabilities of images: every existing one.</summary>
internal static class ExtendedImages
{
    private const ushort Unknown = 0x7abc;

    public static void AddAll(ImageBuilder image)
    {
        image.AddExtended(0x01, 0x48);
        image.AddExtended(0x00, 4);
        AddVirtualChannel(image, 0x02);
        image.AddExtended(0x03, 12);
        image.AddExtended(0x04, 16);
        AddRootComplexLink(image);
        image.AddExtended(0x07, 12, 1 + image.Next(3));
        AddVirtualChannel(image, 0x09);
        image.AddExtended(0x0b, 12);
        foreach (ushort id in new ushort[]
        {
            0x06, 0x08, 0x0a, 0x0c, 0x11, 0x14, 0x16, 0x1a, 0x1c, 0x20, 0x21, 0x22, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d,
            Unknown,
        })
        {
            image.AddExtended(id, 8);
        }

        for (ushort id = 0x2f; id <= 0x3b; id++)
        {
            image.AddExtended(id, 8);
        }

        foreach (ushort id in new ushort[] { 0x0d, 0x0e, 0x0f, 0x18, 0x1b, 0x27 })
        {
            image.AddExtended(id, 8);
        }

        foreach (ushort id in new ushort[] { 0x13, 0x17, 0x1d, 0x1e, 0x1f, 0x25 })
        {
            image.AddExtended(id, 0x20);
        }

        image.AddExtended(0x12, 0x34);
        image.AddExtended(0x19, 0x4c);
        image.AddExtended(0x26, 0x40);
        image.AddExtended(0x2e, 0x18);
        AddResizable(image, 0x15);
        int at = image.AddExtended(0x10, 0x40);
        for (int i = 0; i < 6; i++)
        {
            image.RandomBaseAddress(at + 0x24 + (4 * i));
        }

        image.AddExtended(0x23, 16);
    }

    public static void AddResizable(ImageBuilder image, ushort id)
    {
        int count = image.Next(8);
        int at = image.AddExtended(id, 4 + (8 * 6));
        image.SetDoubleWord(at + 8, (image.DoubleWord(at + 8) & ~0xe0u) | (uint)count << 5);
    }

    public static void AddCxl(ImageBuilder image)
    {
        foreach ((ushort id, int length) in new (ushort, int)[]
        {
            (0, 0x38),
            (2, 0x2c),
            (3, 0x28),
            (4, 0x10),
            (5, 0x10),
            (7, 0x20),
            (8, 0x24),
            (9, 0x10),
            (6, 0x10),
        })
        {
            int at = image.AddExtended(0x23, length);
            image.SetDoubleWord(at + 4, 0x1e98u | (uint)image.Next(4) << 16 | (uint)length << 20);
            image.SetWord(at + 8, id);
            if (id == 0)
            {
                // Values that lspci looks up in tables without a check must be in those tables.
                foreach (int range in new[] { 0x1c, 0x2c })
                {
                    uint known = (uint)image.Next(3) << 2 | (uint)image.Next(3) << 5 | (uint)image.Next(8) << 8;
                    image.SetDoubleWord(at + range, (image.DoubleWord(at + range) & ~0x1ffcu) | known);
                }
            }

            if (id == 9)
            {
                image.SetWord(at + 0x0a, image.Next(20));
            }

            if (id is 4 or 5 && image.Coin())
            {
                image.SetDoubleWord(at + 0x0c, image.DoubleWord(at + 0x0c) & 0xf7fff7ff);
                image.SetWord(at + 0x0a, image.Word(at + 0x0a) & 0xf7ff);
            }

            if (id == 8)
            {
                image.SetDoubleWord(at + 0x0c, (image.DoubleWord(at + 0x0c) & 0xffff00ff) | (uint)image.Next(6) << 8);
                image.SetDoubleWord(at + 0x14, (image.DoubleWord(at + 0x14) & 0xffff00ff) | 0xff00);
            }
        }
    }

    private static void AddVirtualChannel(ImageBuilder image, ushort id)
    {
        int at = image.AddExtended(id, 0x10 + (12 * 8));
        image.SetDoubleWord(at + 4, (image.DoubleWord(at + 4) & ~7u) | (uint)image.Next(8));
    }

    private static void AddRootComplexLink(ImageBuilder image)
    {
        int at = image.AddExtended(0x05, 0x10 + (16 * 3));
        image.SetDoubleWord(
            at + 4, (image.DoubleWord(at + 4) & ~0xffffu) | (uint)image.Next(4) << 8 | (uint)image.Next(4));
    }
}
