namespace Vfio.Cli;

/// <summary>Specifies what was done to a device.</summary>
internal enum AccessKind
{
    Read,
    Write,

    /// <summary>Repeated reads until the masked value was the expected one.</summary>
    Wait,
    Reset,
}

/// <summary>Represents one access to a device.</summary>
/// <param name="Kind">The kind of access.</param>
/// <param name="Place">The register; unused for a reset.</param>
/// <param name="Value">The value that was read or written; for a wait, the last value read.</param>
internal sealed record Access(AccessKind Kind, RegisterPlace Place, ulong Value)
{
    /// <summary>Gets the time since the start of the session.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>Gets the condition of a wait.</summary>
    public WaitCondition Condition { get; init; }
}

/// <summary>Represents the condition of a wait: <c>(value &amp; Mask) == Value</c>, within a time limit.</summary>
internal readonly record struct WaitCondition(ulong Mask, ulong Value, TimeSpan Timeout)
{
    public bool IsMet(ulong value) => (value & Mask) == Value;
}
