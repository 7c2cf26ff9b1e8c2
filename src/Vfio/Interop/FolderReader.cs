using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Reads folders and links with names of any bytes (<see cref="FileName"/>). The methods of .NET replace what is not
/// UTF-8, and then do not find the file.
/// </summary>
internal static unsafe class FolderReader
{
    private const int LinkBytes = 4096;
    private const int MostNames = 1 << 20;

    /// <summary>
    /// Gets the target of a link; <see langword="null"/> if there is no such link, it may not be read, or its target is
    /// longer than a path can be.
    /// </summary>
    public static string? ReadLink(string path)
    {
        byte* buffer = stackalloc byte[LinkBytes];
        nint length = Libc.ReadLink(path, buffer, LinkBytes);
        return length is < 0 or >= LinkBytes ? null : FileName.Decode(new ReadOnlySpan<byte>(buffer, (int)length));
    }

    /// <summary>
    /// Gets the names in a folder, unordered; none if there is no such folder, or it may not be read.
    /// </summary>
    public static List<string> Names(string folder)
    {
        List<string> names = [];
        nint open = Libc.OpenDir(folder);
        if (open == 0)
        {
            return names;
        }

        try
        {
            for (Libc.dirent* entry = Libc.ReadDir(open);
                entry != null && names.Count < MostNames;
                entry = Libc.ReadDir(open))
            {
                ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry->d_name);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(FileName.Decode(name));
                }
            }
        }
        finally
        {
            _ = Libc.CloseDir(open);
        }

        return names;
    }
}
