namespace Vfio.Cli;

/// <summary>
/// Receives the kernel's request to close an open device, because it is being unplugged or unbound. The program that
/// caused it waits until this process closes the device.
/// </summary>
internal sealed class ReleaseRequest : IDisposable
{
    private readonly InterruptVector? _vector;
    private readonly string _name;

    public ReleaseRequest(VfioDevice device, string name)
    {
        _name = name;
        _vector = device.Interrupts.GetInfo(IrqIndex.Request).Count == 0
            ? null
            : device.Interrupts.Enable(IrqIndex.Request);
    }

    /// <summary>Gets the vector that signals the request; <see langword="null"/> if the device has none.</summary>
    public InterruptVector? Vector => _vector;

    /// <summary>Returns whether the device was requested since the last call.</summary>
    public bool IsNew() => _vector is not null && _vector.ReadAndClear() != 0;

    /// <summary>Throws an exception if the device was requested.</summary>
    public void ThrowIfAsked()
    {
        if (IsNew())
        {
            throw Describe(_name);
        }
    }

    public static VfioException Describe(string name) => new(
        "keep",
        name,
        "the kernel requests the device",
        "it is being unplugged, or another program binds it to another driver; vfio closes it now");

    public void Dispose() => _vector?.Dispose();
}
