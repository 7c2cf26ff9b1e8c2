using System.Runtime.CompilerServices;

[assembly: DisableRuntimeMarshalling]

namespace Vfio.Interop;

/// <summary>
/// The C library's functions this library calls, one file each, without logic. Each sets the last P/Invoke error; callers
/// capture it in the next statement.
/// </summary>
internal static partial class Libc
{
    private const string Library = "libc";
}
