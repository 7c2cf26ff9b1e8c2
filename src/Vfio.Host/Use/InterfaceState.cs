namespace Vfio.Host;

/// <summary>The name of a network interface, and whether it is up.</summary>
public sealed record InterfaceState
{
    /// <summary>
    /// The interface's name. To the kernel it is bytes; each byte that is not part of valid UTF-8 is a lone surrogate
    /// here, U+DC80 to U+DCFF.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>Gets whether it is up (<c>IFF_UP</c>).</summary>
    public required bool IsUp { get; init; }
}
