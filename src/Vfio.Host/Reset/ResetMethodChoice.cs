using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A choice of reset methods (<see cref="DeviceReset.ChooseMethods"/>); its disposal puts back those of before.</summary>
/// <remarks>Whoever chose disposes it, after the device is closed. Choices of one device are disposed in the reverse order of their making.</remarks>
public sealed class ResetMethodChoice : IDisposable
{
    private readonly string _path;
    private readonly Lock _lock = new();
    private bool _isRestored;

    internal ResetMethodChoice(string path, PciAddress address, IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        _path = path;
        Address = address;
        Before = before;
        Methods = now;
    }

    /// <summary>The device.</summary>
    public PciAddress Address { get; }

    /// <summary>The methods of before, in the order the kernel tried them.</summary>
    public IReadOnlyList<string> Before { get; }

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
                DeviceReset.Restore(_path, Address, Before);
            }

            _isRestored = true;
        }
    }
}
