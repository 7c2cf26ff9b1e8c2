using System.Globalization;

namespace Vfio.Tests.Pci;

/// <summary>The configuration space of every device of the QEMU machine, saved.</summary>
internal static class MachineImages
{
    public static IReadOnlyList<(string Name, byte[] Image)> All { get; } = Read();

    private static List<(string Name, byte[] Image)> Read()
    {
        List<(string Name, byte[] Image)> images = [];
        foreach (string line in File.ReadLines(
            Path.Combine(Repository.Root, "tests/Vfio.Tests/Pci/Images/machine.txt")))
        {
            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (line.EndsWith(" bytes)", StringComparison.Ordinal))
            {
                int length = int.Parse(
                    line[(line.LastIndexOf('(') + 1)..^" bytes)".Length], CultureInfo.InvariantCulture);
                images.Add((line, new byte[length]));
            }
            else if (colon is 2 or 3 && line[0] != '#')
            {
                byte[] bytes = Convert.FromHexString(line[(colon + 2)..].Replace(" ", "", StringComparison.Ordinal));
                bytes.CopyTo(images[^1].Image, Convert.ToInt32(line[..colon], 16));
            }
        }

        return images;
    }
}
