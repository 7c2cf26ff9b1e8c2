namespace Vfio.Conformance.Tests;

/// <summary>Represents a class whose cases share devices of the machine.</summary>
public abstract class MachineTests(BoundDevices devices) : IClassFixture<BoundDevices>, IDisposable
{
    /// <summary>Gets the devices that the cases share.</summary>
    protected BoundDevices Devices { get; } = devices;

    public void Dispose()
    {
        Devices.EndCase();
        GC.SuppressFinalize(this);
    }
}
