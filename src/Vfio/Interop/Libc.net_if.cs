using System.Runtime.InteropServices;

namespace Vfio;

// <net/if.h>
internal static unsafe partial class Libc
{
    public const int IF_NAMESIZE = 16;

    [LibraryImport(Library, EntryPoint = "if_nametoindex")]
    public static partial uint IfNameToIndex(byte* name);

    [LibraryImport(Library, EntryPoint = "if_indextoname")]
    public static partial byte* IfIndexToName(uint index, byte* name);
}
