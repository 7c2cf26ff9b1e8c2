namespace Vfio.Host;

/// <summary>One thing a device is in use for.</summary>
/// <param name="Reason">What keeps it from being bound.</param>
/// <param name="Kind">What of the device is in use: <c>disk</c>, <c>interface</c>; <see langword="null"/> where it is the device itself.</param>
/// <param name="Part">Its name: <c>nvme0n1</c>.</param>
/// <param name="What">What it is in use for, as the end of a sentence about that: <c>is mounted on /srv</c>.</param>
internal sealed record DeviceUse(RefusalReason Reason, string? Kind, string? Part, string What)
{
    /// <param name="reason">What keeps it from being bound.</param>
    /// <param name="what">The end of a sentence about the device: <c>it is the boot display</c>.</param>
    public DeviceUse(RefusalReason reason, string what)
        : this(reason, Kind: null, Part: null, what)
    {
    }

    /// <summary>Who has it open, where that is the use.</summary>
    public DeviceHolder? Holder { get; init; }

    /// <summary>The end of a sentence about the device: <c>its disk nvme0n1 is mounted on /srv</c>.</summary>
    public string OfDevice => Kind is null ? What : $"its {Kind} {Part} {What}";

    /// <summary>The same as a part of a longer one, behind the device: <c>whose disk nvme0n1 is mounted on /srv</c>.</summary>
    public string AsPart => Kind is null ? $"of which {What}" : $"whose {Kind} {Part} {What}";
}
