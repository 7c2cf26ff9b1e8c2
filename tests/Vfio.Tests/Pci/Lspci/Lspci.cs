using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Vfio.Tests.Pci;

/// <summary>Runs Debian's lspci on images instead of devices.</summary>
internal static class Lspci
{
    private const string Path = "/usr/bin/lspci";
    private const int PerDomain = 256;

    /// <summary>Returns the text of each image; <see langword="null"/> if lspci crashed on it.</summary>
    /// <param name="images">The images; each becomes a device on its own bus.</param>
    /// <param name="device">Their device number.</param>
    public static string?[] Show(IReadOnlyList<byte[]> images, int device = 0)
    {
        Assert.SkipUnless(File.Exists(Path), "pciutils is missing: eng/setup installs it");
        string?[] texts = new string?[images.Count];
        Show(images, 0, images.Count, device, texts);
        return texts;
    }

    /// <summary>Returns the address of an image's device.</summary>
    public static string Place(int index, int device) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{1 + (index / PerDomain):x4}:{index % PerDomain:x2}:{device:x2}.0");

    // An image that crashes lspci ends the whole batch, so the batch is halved until only that image is left.
    private static void Show(IReadOnlyList<byte[]> images, int start, int end, int device, string?[] texts)
    {
        if (start == end)
        {
            return;
        }

        string file = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, Dump(images, start, end, device));
            (int exitCode, string output) = Run(file);
            string[] found = output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            if (exitCode == 0 && found.Length == end - start)
            {
                for (int i = 0; i < found.Length; i++)
                {
                    texts[start + i] = found[i].TrimEnd('\n') + "\n";
                }

                return;
            }
        }
        finally
        {
            File.Delete(file);
        }

        if (end - start > 1)
        {
            int middle = (start + end) / 2;
            Show(images, start, middle, device, texts);
            Show(images, middle, end, device, texts);
        }
    }

    private static string Dump(IReadOnlyList<byte[]> images, int start, int end, int device)
    {
        StringBuilder dump = new();
        for (int i = start; i < end; i++)
        {
            dump.Append(Place(i, device)).Append(" image\n");
            for (int at = 0; at < images[i].Length; at += 16)
            {
                dump.Append(CultureInfo.InvariantCulture, $"{at:x2}:");
                foreach (byte b in images[i].AsSpan(at, Math.Min(16, images[i].Length - at)))
                {
                    dump.Append(' ').Append("0123456789abcdef"[b >> 4]).Append("0123456789abcdef"[b & 0xf]);
                }

                dump.Append('\n');
            }

            dump.Append('\n');
        }

        return dump.ToString();
    }

    private static (int ExitCode, string Output) Run(string file)
    {
        ProcessStartInfo start = new(Path, ["-vvv", "-n", "-i", "/dev/null", "-F", file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        using Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
