using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Pci;

public sealed partial class PciNames
{
    private const string BuiltInSource = "built in";

    // The real file has 1.4 MB and grows by 40 KB a year. What is ten times larger is something else.
    internal const int MaxBytes = 16 * 1024 * 1024;

    // Debian and its kin; Fedora, Arch, Alpine, Gentoo and their kin.
    private static readonly string[] Places =
    [
        "usr/share/misc/pci.ids",
        "usr/share/hwdata/pci.ids",
        "usr/share/misc/pci.ids.gz",
        "usr/share/hwdata/pci.ids.gz",
    ];

    /// <summary>
    /// Reads the host's <c>pci.ids</c>; where it has none that can be read, the built-in selection. A name that the host's
    /// file lacks is looked for in the built-in selection too, which knows QEMU's devices.
    /// </summary>
    /// <param name="root">The folder that takes the place of <c>/</c>; an absolute symbolic link in it leads out of it.</param>
    /// <returns>The names; <see cref="Source"/> tells where they come from.</returns>
    /// <remarks>
    /// Looks in <c>usr/share/misc</c> and <c>usr/share/hwdata</c>, for <c>pci.ids</c> and then <c>pci.ids.gz</c>. A file that
    /// is unreadable, larger than 16 MiB (unpacked too) or without any vendor in it is passed over.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="root"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="root"/> contains a null character.</exception>
    public static PciNames Load(string root = "/")
    {
        ArgumentNullException.ThrowIfNull(root);
        foreach (string place in Places)
        {
            string path = Path.Combine(root, place);
            if (TryRead(path) is { } bytes && new PciNamesText(bytes) is { HasVendors: true } text)
            {
                return new PciNames(text, path, asksBuiltIn: true);
            }
        }

        return LoadBuiltIn();
    }

    /// <summary>
    /// Makes the names from the selection built into this library: all vendors and classes, and the devices that people
    /// most often meet with VFIO.
    /// </summary>
    /// <returns>The names; <see cref="Source"/> is <c>built in</c>. Reads no file.</returns>
    public static PciNames LoadBuiltIn()
    {
        // Stored as it is, not compressed: see make-compact-ids.sh for the measurement. A program whose resources were
        // cut away goes on without names.
        using Stream? resource = typeof(PciNames).Assembly.GetManifestResourceStream("Vfio.pci.ids");
        byte[] bytes = new byte[resource?.Length ?? 0];
        resource?.ReadExactly(bytes);
        return new PciNames(new PciNamesText(bytes), BuiltInSource, asksBuiltIn: false);
    }

    /// <summary>Makes the names from the text of a <c>pci.ids</c> file.</summary>
    /// <param name="text">The text in UTF-8, which is copied; any bytes are accepted, and those after 16 MiB are not read.</param>
    /// <returns>The names, and only those; <see cref="Source"/> is <c>memory</c>.</returns>
    public static PciNames Parse(ReadOnlySpan<byte> text) =>
        new(new PciNamesText(text[..int.Min(text.Length, MaxBytes)].ToArray()), "memory", asksBuiltIn: false);

    private static byte[]? TryRead(string path)
    {
        try
        {
            // Asked first because a missing file is the usual case, and an exception would cost more than all the rest.
            // Pipes and devices have no length, so that opening one, which could wait for ever, is not tried.
            FileInfo file = new(path);
            if (!file.Exists || (file.ResolveLinkTarget(returnFinalTarget: true) ?? file) is not FileInfo { Length: > 0 and <= MaxBytes })
            {
                return null;
            }

            using SafeFileHandle handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return path.EndsWith(".gz", StringComparison.Ordinal) ? Unpack(handle) : Read(handle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    // Not mapped: a mapped file that someone cuts short while it is read ends the process.
    private static byte[]? Read(SafeFileHandle handle)
    {
        long length = RandomAccess.GetLength(handle);
        if (length > MaxBytes)
        {
            return null;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
        int filled = 0;
        while (filled < bytes.Length)
        {
            int read = RandomAccess.Read(handle, bytes.AsSpan(filled), filled);
            if (read == 0)
            {
                return bytes[..filled];
            }

            filled += read;
        }

        return bytes;
    }

    private static byte[]? Unpack(SafeFileHandle handle)
    {
        using FileStream packed = new(handle, FileAccess.Read);
        using GZipStream unpacked = new(packed, CompressionMode.Decompress);
        using MemoryStream all = new();
        byte[] chunk = new byte[64 * 1024];
        int read;
        while ((read = unpacked.Read(chunk)) > 0)
        {
            if (all.Length + read > MaxBytes)
            {
                return null;
            }

            all.Write(chunk, 0, read);
        }

        return all.ToArray();
    }
}
