using System.Runtime.InteropServices;

namespace Vfio.Interop;

internal static partial class Libc
{
    public const int R_OK = 4;
    public const int W_OK = 2;
    public const int AT_EACCESS = 0x200;

    [LibraryImport(Library, EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int FAccessAt(int directory, string path, int mode, int flags);
}
