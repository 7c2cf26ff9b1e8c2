namespace Vfio.Conformance.Tests;

/// <summary>A way to reach an edu device. Each backend of the library has one; the contracts are run on all of them.</summary>
public abstract class EduBackend : IDisposable
{
    /// <summary>What <see cref="VfioDevice.BackendName"/> must say.</summary>
    public abstract string Name { get; }

    /// <summary>Why an access of 8 bytes through the descriptor does not reach the device as one; null where it does.</summary>
    public virtual string? SplitsEightBytes => null;

    /// <summary>Why a device can read what is mapped for writing alone; null where it cannot.</summary>
    public virtual string? LetsWritersRead => null;

    /// <summary>Opens the device; the caller disposes it.</summary>
    public abstract VfioDevice Open();

    /// <summary>Opens the device into an address space that exists; the caller disposes it.</summary>
    public abstract VfioDevice Open(IoAddressSpace addressSpace);

    /// <summary>Opens another edu into the address space of the first; the caller disposes it.</summary>
    public abstract VfioDevice OpenSecond(IoAddressSpace addressSpace);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
