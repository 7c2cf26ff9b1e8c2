namespace Vfio.Abi.Tests;

/// <summary>
/// Specifies the header files that one C program is compiled against. The kernel's and the C library's cannot be mixed.
/// </summary>
internal enum HeaderSet
{
    Kernel,
    CLibrary,
}

/// <summary>
/// Represents a claim of the library about the kernel or the C library, and the C expression that gives the true value.
/// </summary>
/// <param name="Name">The name, for people: <c>VfioUapi.VFIO_API_VERSION</c>, <c>offset of
/// VfioUapi.vfio_region_info.size</c>.</param>
/// <param name="Headers">The headers that define it.</param>
/// <param name="Expression">An integer expression of C.</param>
/// <param name="Value">The value in the library, in decimal.</param>
/// <param name="IsSigned">Whether the library has a signed number there.</param>
/// <param name="Structure">The structure that it belongs to, if any.</param>
internal sealed record AbiItem(
    string Name, HeaderSet Headers, string Expression, string Value, bool IsSigned = false, string? Structure = null)
{
    /// <summary>Whether this is the size of the whole structure.</summary>
    public bool IsWholeSize => Structure is not null && Name == $"size of {Structure}";
}

/// <summary>
/// Represents the result: the items that are right, those that the headers lack, and those that C contradicts.
/// </summary>
/// <param name="Agreed">Names of items that are right.</param>
/// <param name="Absent">Names of items that the headers lack: not checked.</param>
/// <param name="Wrong">One line for each wrong item: the value in the library, and the value in C.</param>
internal sealed record Verdict(IReadOnlyList<string> Agreed, IReadOnlyList<string> Absent, IReadOnlyList<string> Wrong);
