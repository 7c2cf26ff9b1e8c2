using System.Globalization;

namespace Vfio;

/// <summary>Describes a mapping in the ledger: memory that devices can access, or could.</summary>
public sealed record DmaMappingInfo
{
    /// <summary>Gets the IOVA of its first byte.</summary>
    public required Iova Iova { get; init; }

    /// <summary>Gets the length in bytes.</summary>
    public required ulong Length { get; init; }

    /// <summary>Gets what the device may do with it.</summary>
    public required DmaAccess Access { get; init; }

    /// <summary>Gets the owner: a name that was passed, or a source line (<c>Queue.cs:41</c>).</summary>
    public required string Owner { get; init; }

    /// <summary>Gets how long ago it was mapped.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets whether the memory is mapped now; if not, it was mapped earlier.</summary>
    public required bool IsLive { get; init; }

    /// <summary>Returns the mapping in one line: <c>0x10000, 64 KiB, read and write, Queue.cs:41, 3.2 s</c>.</summary>
    /// <returns>The address, length, access, owner and age.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iova}, {DescribeLength(Length)}, {DescribeAccess(Access)}, {Owner}, {Age.TotalSeconds:0.0} "
        + $"s{(IsLive ? "" : ", no longer mapped")}");

    internal static string DescribeLength(ulong length) => length switch
    {
        >= 1ul << 30 when length % (1ul << 30) == 0 =>
            string.Create(CultureInfo.InvariantCulture, $"{length >> 30} GiB"),
        >= 1ul << 20 when length % (1ul << 20) == 0 =>
            string.Create(CultureInfo.InvariantCulture, $"{length >> 20} MiB"),
        >= 1ul << 10 when length % (1ul << 10) == 0 =>
            string.Create(CultureInfo.InvariantCulture, $"{length >> 10} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{length} B"),
    };

    internal static string DescribeAccess(DmaAccess access) => access switch
    {
        DmaAccess.Read => "read",
        DmaAccess.Write => "write",
        _ => "read and write",
    };
}
