using System.Runtime.InteropServices;

namespace Vfio.Interop;

internal static partial class Libc
{
    // Of a link's own, never of what it leads to: this is root, in a folder of nodes.
    [LibraryImport(Library, EntryPoint = "lchown", StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller), SetLastError = true)]
    public static partial int LChown(string path, uint user, uint group);
}
