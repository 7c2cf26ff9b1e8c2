namespace Vfio.Host;

/// <summary>A network interface's name, and whether it is switched on.</summary>
public sealed record InterfaceState
{
    /// <summary>The interface's name. To the kernel it is bytes: each that is no UTF-8 is a lone surrogate here, U+DC80 to U+DCFF.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is up (<c>IFF_UP</c>).</summary>
    public required bool IsUp { get; init; }
}
