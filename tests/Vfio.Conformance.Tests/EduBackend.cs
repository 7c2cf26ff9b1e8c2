namespace Vfio.Conformance.Tests;

/// <summary>A way to reach an edu device. Each backend of the library has one; the contracts are run on all of them.</summary>
public abstract class EduBackend : IDisposable
{
    /// <summary>What <see cref="VfioDevice.BackendName"/> must say.</summary>
    public abstract string Name { get; }

    /// <summary>Opens the device; the caller disposes it.</summary>
    public abstract VfioDevice Open();

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
