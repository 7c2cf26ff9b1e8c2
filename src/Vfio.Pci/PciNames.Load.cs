using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Pci;

public sealed partial class PciNames
{
    private const string BuiltInSource = "built in";

    // The real file has 1.4 MB and grows by 40 KB a year. A file ten times larger is something else.
    internal const int MaxBytes = 16 * 1024 * 1024;

    // The first is used by Debian and its derivatives; the others by Fedora, Arch, Alpine, Gentoo and their
    // derivatives.
    private static readonly string[] Places =
    [
        "usr/share/misc/pci.ids",
        "usr/share/hwdata/pci.ids",
        "usr/share/misc/pci.ids.gz",
        "usr/share/hwdata/pci.ids.gz",
    ];

    /// <summary>
    /// Reads the host's <c>pci.ids</c>; if it has none that can be read, the built-in selection. A name that is missing
    /// in the host's file is looked up in the built-in selection too, which contains QEMU's devices.
    /// </summary>
    /// <param name="root">
    /// The folder to use instead of <c>/</c>. An absolute symbolic link in it is followed outside of it.
    /// </param>
    /// <returns>The names; <see cref="Source"/> says where they come from.</returns>
    /// <remarks>
    /// Looks in <c>usr/share/misc</c> and <c>usr/share/hwdata</c>, for <c>pci.ids</c> and then <c>pci.ids.gz</c>. Skips
    /// a file that is unreadable, larger than 16 MiB (also unpacked), or without any vendor.
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
    /// Loads the selection built into this library: all vendors and classes, and the devices that are most often used
    /// with VFIO.
    /// </summary>
    /// <returns>The names; <see cref="Source"/> is <c>built in</c>. Reads no file.</returns>
    public static PciNames LoadBuiltIn()
    {
        // Stored uncompressed: see make-compact-ids.sh for the measurement. If trimming removed the resource, the
        // program runs without names.
        using Stream? resource = typeof(PciNames).Assembly.GetManifestResourceStream("Vfio.pci.ids");
        byte[] bytes = new byte[resource?.Length ?? 0];
        resource?.ReadExactly(bytes);
        return new PciNames(new PciNamesText(bytes), BuiltInSource, asksBuiltIn: false);
    }

    /// <summary>Parses the text of a <c>pci.ids</c> file.</summary>
    /// <param name="text">
    /// The text in UTF-8, which is copied. Any bytes are accepted; those after 16 MiB are ignored.
    /// </param>
    /// <returns>The names, and no others; <see cref="Source"/> is <c>memory</c>.</returns>
    public static PciNames Parse(ReadOnlySpan<byte> text) =>
        new(new PciNamesText(text[..int.Min(text.Length, MaxBytes)].ToArray()), "memory", asksBuiltIn: false);

    private static byte[]? TryRead(string path)
    {
        try
        {
            // Check first, because a missing file is the usual case, and an exception would cost more than everything
            // else. Pipes and devices have no length, so they are not opened, which could block forever.
            FileInfo file = new(path);
            if (!file.Exists
                || (file.ResolveLinkTarget(returnFinalTarget: true) ?? file) is not FileInfo
                {
                    Length: > 0
                    and <= MaxBytes
                })
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

    // Not mapped, because the process would be killed if another one truncated a mapped file during a read.
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
