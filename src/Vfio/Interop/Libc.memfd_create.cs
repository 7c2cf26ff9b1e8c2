using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Interop;

internal static partial class Libc
{
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;

    [LibraryImport(Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle MemfdCreate(string name, uint flags);
}
