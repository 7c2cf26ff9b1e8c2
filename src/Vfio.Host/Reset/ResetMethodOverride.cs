using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Represents an override of a device's reset methods (<see cref="ResetMethods.Override(PciAddress, IReadOnlyList{string})"/>), which its disposal undoes.</summary>
/// <remarks>The caller disposes it after the device is closed. Overrides of one device are disposed in the reverse order.</remarks>
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

    /// <summary>Restores the previous methods. After a failure, the next call tries again; after a success, it does nothing.</summary>
    /// <exception cref="VfioException">The kernel refused. If the device has gone, there is nothing to restore, and this is no error.</exception>
    public void Restore()
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

    /// <summary>Restores the previous methods, as <see cref="Restore"/> does. Never throws, and may be called again.</summary>
    public void Dispose()
    {
        try
        {
            Restore();
        }
        catch (VfioException)
        {
            // Restore() says so.
        }
    }
}
