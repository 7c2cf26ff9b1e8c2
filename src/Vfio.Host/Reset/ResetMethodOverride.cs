using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A choice of reset methods (<see cref="ResetMethods.Override"/>); its disposal puts back those of before.</summary>
/// <remarks>Whoever chose disposes it, after the device is closed. Choices of one device are disposed in the reverse order of their making.</remarks>
public sealed class ResetMethodOverride : IDisposable
{
    private readonly string _path;
    private readonly Lock _lock = new();
    private bool _isRestored;

    internal ResetMethodOverride(string path, PciAddress address, IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        _path = path;
        Address = address;
        Previous = before;
        Methods = now;
    }

    /// <summary>The device.</summary>
    public PciAddress Address { get; }

    /// <summary>The methods of before, in the order the kernel tried them.</summary>
    public IReadOnlyList<string> Previous { get; }

    /// <summary>The methods that the kernel uses since, as it tells them.</summary>
    public IReadOnlyList<string> Methods { get; }

    /// <summary>Puts back the methods of before. More than once is harmless; after a failure the next call tries again.</summary>
    /// <exception cref="VfioException">The kernel did not take them. A device that has gone takes its choice with it: that is no error.</exception>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isRestored && File.Exists(_path))
            {
                ResetMethods.Restore(_path, Address, Previous);
            }

            _isRestored = true;
        }
    }
}
