using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio.Tests;

/// <summary>
/// Sets the usual umask, so that the modes of a fake host's files are the usual ones whatever the umask of the user
/// (0002 for many).
/// </summary>
internal static class Umask
{
    private const uint OthersMayNotWrite = 0x12; // 022

    [ModuleInitializer]
    internal static void Set() => _ = SetUmask(OthersMayNotWrite);

    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint SetUmask(uint mask);
}
