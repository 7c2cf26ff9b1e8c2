using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>Changes the owner of files.</summary>
internal static class FileOwner
{
    /// <summary>Sets the owner and group of a file, or of a link itself.</summary>
    /// <returns>The errno; 0 if it succeeded.</returns>
    public static int Set(string path, uint user, uint group) =>
        HostLibc.LChown(path, user, group) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
