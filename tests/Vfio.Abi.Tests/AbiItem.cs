namespace Vfio.Abi.Tests;

/// <summary>The header files that one C program is compiled against. The kernel's and the C library's do not mix.</summary>
internal enum HeaderSet
{
    Kernel,
    CLibrary,
}

/// <summary>Something the library says of the kernel or the C library, and the C expression of the truth.</summary>
/// <param name="Name">What it is, for people: <c>VfioUapi.VFIO_API_VERSION</c>, <c>offset of VfioUapi.vfio_region_info.size</c>.</param>
/// <param name="Headers">Where the truth stands.</param>
/// <param name="Expression">An integer expression of C.</param>
/// <param name="Value">What the library says, in decimal.</param>
/// <param name="IsSigned">Whether the library has a signed number there.</param>
/// <param name="Structure">The structure it belongs to, where it does.</param>
internal sealed record AbiItem(string Name, HeaderSet Headers, string Expression, string Value, bool IsSigned = false, string? Structure = null)
{
    /// <summary>Whether this is the size of the whole structure.</summary>
    public bool IsWholeSize => Structure is not null && Name == $"size of {Structure}";
}

/// <summary>What came of judging: the items that are right, those the headers lack, and those C contradicts.</summary>
/// <param name="Agreed">Names of items that are right.</param>
/// <param name="Absent">Names of items that the headers lack: not checked.</param>
/// <param name="Wrong">A line each: what the library says, and what C does.</param>
internal sealed record Verdict(IReadOnlyList<string> Agreed, IReadOnlyList<string> Absent, IReadOnlyList<string> Wrong);
