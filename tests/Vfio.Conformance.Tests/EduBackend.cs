namespace Vfio.Conformance.Tests;

/// <summary>
/// Represents a backend that opens an edu device. The contracts are run on all backends of the library.
/// </summary>
public abstract class EduBackend : IDisposable
{
    /// <summary>Gets the expected <see cref="VfioDevice.BackendName"/>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Gets why an 8-byte access through the descriptor does not reach the device as one access; <see langword="null"/>
    /// if it does.
    /// </summary>
    public virtual string? SplitsEightBytes => null;

    /// <summary>
    /// Gets why a device can read memory that is mapped only for writing; <see langword="null"/> if it cannot.
    /// </summary>
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
