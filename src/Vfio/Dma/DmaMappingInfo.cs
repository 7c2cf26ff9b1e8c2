using System.Globalization;

namespace Vfio;

/// <summary>A line of the ledger: memory that devices can reach, or could.</summary>
public sealed record DmaMappingInfo
{
    /// <summary>The device's address of its first byte.</summary>
    public required Iova Iova { get; init; }

    /// <summary>Bytes.</summary>
    public required ulong Length { get; init; }

    /// <summary>Gets what the device may do with it.</summary>
    public required DmaAccess Access { get; init; }

    /// <summary>Who asked for it: a name that was given, or a line of source (<c>Queue.cs:41</c>).</summary>
    public required string Owner { get; init; }

    /// <summary>Gets how long ago it was mapped.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets whether the memory is mapped now; if not, it was mapped earlier.</summary>
    public required bool IsLive { get; init; }

    /// <summary>In a line: <c>0x10000, 64 KiB, read and write, Queue.cs:41, 3.2 s</c>.</summary>
    /// <returns>Address, length, access, owner and age.</returns>
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
