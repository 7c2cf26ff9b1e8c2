namespace Vfio;

/// <summary>Looks up names of network interfaces.</summary>
internal static unsafe class InterfaceName
{
    /// <summary>
    /// Finds an interface by any of its names, including alternative ones (<c>ip link property add altname</c>) of at
    /// most 15 bytes.
    /// </summary>
    /// <returns>The name in sysfs; <see langword="null"/> if no interface has this name.</returns>
    public static string? Find(string anyName)
    {
        byte[] text = FileName.Encode(anyName);
        if (text.Length >= Libc.IF_NAMESIZE)
        {
            return null;
        }

        Span<byte> name = stackalloc byte[Libc.IF_NAMESIZE];
        name.Clear();
        text.CopyTo(name);
        fixed (byte* place = name)
        {
            uint index = Libc.IfNameToIndex(place);
            if (index == 0 || Libc.IfIndexToName(index, place) == null)
            {
                return null;
            }
        }

        int end = name.IndexOf((byte)0);
        return FileName.Decode(end < 0 ? name : name[..end]);
    }
}
