namespace Vfio.Tests.Pci;

/// <summary>
/// Creates images that no device should have: with bytes changed at random, mostly in the links of lists, and truncated
/// at any length.
/// </summary>
internal static class Mutations
{
    public static IEnumerable<(string Name, byte[] Image)> Make(int seed, int count)
    {
        Random random = new(seed);
        byte[][] sources =
            [.. MachineImages.All.Select(image => image.Image), .. DerivedImages.All.Select(image => image.Image)];
        for (int i = 0; i < count; i++)
        {
            int source = random.Next(sources.Length);
            byte[] image = (byte[])sources[source].Clone();
            int reach = Math.Min(image.Length, random.Next(2) == 0 ? 0x100 : 0x800);
            for (int change = random.Next(1, 24); change > 0; change--)
            {
                int at = random.Next(5) switch
                {
                    0 => 0x34,
                    1 => 4 * random.Next(reach / 4),
                    2 => (4 * random.Next(reach / 4)) + 1,
                    3 => (4 * random.Next(reach / 4)) + 3,
                    _ => random.Next(reach),
                };
                image[at] = (byte)(random.Next(3) == 0 ? 4 * random.Next(64) : random.Next(256));
            }

            int length = random.Next(4) switch
            {
                0 => image.Length,
                1 => 64,
                2 => random.Next(64, image.Length + 1),
                _ => random.Next(64, 257),
            };
            yield return ($"mutation {i} of seed {seed}, source {source}", image[..length]);
        }
    }
}
