using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// An override of a device's reset methods (<see cref="ResetMethods.Override(PciAddress, IReadOnlyList{string})"/>).
/// Disposing it restores the previous methods.
/// </summary>
/// <remarks>
/// The caller disposes it after the device is closed. Several overrides for one device are disposed in reverse order.
/// </remarks>
public sealed class ResetMethodOverride : IDisposable
{
    private readonly string _path;
    private readonly Lock _lock = new();
    private bool _isRestored;

    internal ResetMethodOverride(
        string path, PciAddress address, IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        _path = path;
        Address = address;
        Previous = before;
        Methods = now;
    }

    /// <summary>Gets the device's address.</summary>
    public PciAddress Address { get; }

    /// <summary>Gets the previous methods, in the order in which the kernel tried them.</summary>
    public IReadOnlyList<string> Previous { get; }

    /// <summary>Gets the methods that the kernel uses now, as it reports them.</summary>
    public IReadOnlyList<string> Methods { get; }

    /// <summary>
    /// Restores the previous methods. Calling it more than once is harmless; after a failure the next call tries again.
    /// </summary>
    /// <exception cref="VfioException">
    /// The kernel did not accept them. It is not an error if the device is gone.
    /// </exception>
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

    /// <summary>
    /// Restores the previous methods, as <see cref="Restore"/> does. Never throws, and may be called again.
    /// </summary>
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
