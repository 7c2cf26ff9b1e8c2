using System.Runtime.CompilerServices;

[assembly: DisableRuntimeMarshalling]

namespace Vfio;

/// <summary>
/// Declares the functions of the C library that this library calls, one file for each header, without logic. Each sets
/// the last P/Invoke error, which callers read in the next statement.
/// </summary>
internal static partial class Libc
{
    private const string Library = "libc";
}
