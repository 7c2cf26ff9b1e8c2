using System.Runtime.CompilerServices;

[assembly: DisableRuntimeMarshalling]

namespace Vfio;

/// <summary>
/// The C library's functions this library calls, one file for each of its headers, without logic. Each sets the last
/// P/Invoke error; callers capture it in the next statement.
/// </summary>
internal static partial class Libc
{
    private const string Library = "libc";
}
