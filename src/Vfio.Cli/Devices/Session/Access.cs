namespace Vfio.Cli;

/// <summary>What was done to a device.</summary>
internal enum AccessKind
{
    Read,
    Write,

    /// <summary>Read again and again, until the masked value was the wanted one.</summary>
    Wait,
    Reset,
}

/// <summary>One access to a device, as it happened.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Place">Where; of no meaning for a reset.</param>
/// <param name="Value">What was read or written; for a wait, what was read last.</param>
internal sealed record Access(AccessKind Kind, RegisterPlace Place, ulong Value)
{
    /// <summary>Since the session began.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>What a wait waits for.</summary>
    public WaitCondition Condition { get; init; }
}

/// <summary>What a wait waits for: <c>(value &amp; Mask) == Value</c>, for so long.</summary>
internal readonly record struct WaitCondition(ulong Mask, ulong Value, TimeSpan Timeout)
{
    public bool IsMet(ulong value) => (value & Mask) == Value;
}
