using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>Whose a file is, to be changed.</summary>
internal static class FileOwner
{
    /// <returns>The errno, 0 where it worked.</returns>
    public static int Set(string path, uint user, uint group) => HostLibc.LChown(path, user, group) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
