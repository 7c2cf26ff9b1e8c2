namespace Vfio.Host;

/// <summary>A use of a device.</summary>
/// <param name="Reason">The reason against binding the device.</param>
/// <param name="Kind">
/// The kind of the part that is in use: <c>disk</c>, <c>interface</c>; <see langword="null"/> for the device itself.
/// </param>
/// <param name="Part">The name of the part: <c>nvme0n1</c>.</param>
/// <param name="What">The use, as the end of a sentence about the part: <c>is mounted on /srv</c>.</param>
internal sealed record DeviceUse(RefusalReason Reason, string? Kind, string? Part, string What)
{
    /// <summary>Creates a use of the device itself.</summary>
    /// <param name="reason">The reason against binding the device.</param>
    /// <param name="what">The use, as a clause about the device: <c>it is the boot display</c>.</param>
    public DeviceUse(RefusalReason reason, string what)
        : this(reason, Kind: null, Part: null, what)
    {
    }

    /// <summary>The process that has it open, if that is the use.</summary>
    public DeviceHolder? Holder { get; init; }

    /// <summary>Gets the use as a clause about the device: <c>its disk nvme0n1 is mounted on /srv</c>.</summary>
    public string OfDevice => Kind is null ? What : $"its {Kind} {Part} {What}";

    /// <summary>
    /// Gets the use as a relative clause that follows the device: <c>whose disk nvme0n1 is mounted on /srv</c>.
    /// </summary>
    public string AsPart => Kind is null ? $"of which {What}" : $"whose {Kind} {Part} {What}";
}
