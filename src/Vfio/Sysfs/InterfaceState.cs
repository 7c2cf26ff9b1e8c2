namespace Vfio;

/// <summary>A network interface's name, and whether it is switched on.</summary>
/// <param name="Name">The interface's name.</param>
/// <param name="IsUp">Whether it is up (<c>IFF_UP</c>).</param>
public sealed record InterfaceState(string Name, bool IsUp);
