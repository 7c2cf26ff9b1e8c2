namespace Vfio.Host;

/// <summary>A network interface's name, and whether it is switched on.</summary>
/// <param name="Name">The interface's name. To the kernel it is bytes: each that is no UTF-8 is a lone surrogate here, U+DC80 to U+DCFF.</param>
/// <param name="IsUp">Whether it is up (<c>IFF_UP</c>).</param>
public sealed record InterfaceState(string Name, bool IsUp);
