namespace Vfio.Cli;

/// <summary>Listens whether the kernel wants an open device back: it is being unplugged, or somebody unbinds it. Until this process lets go, who asked for that waits.</summary>
internal sealed class ReleaseRequest : IDisposable
{
    private readonly InterruptVector? _vector;
    private readonly string _name;

    public ReleaseRequest(VfioDevice device, string name)
    {
        _name = name;
        _vector = device.Interrupts.GetInfo(IrqIndex.Request).Count == 0 ? null : device.Interrupts.Enable(IrqIndex.Request);
    }

    /// <summary>What tells it; null where nothing does.</summary>
    public InterruptVector? Vector => _vector;

    /// <summary>Whether the device was asked for since the last look.</summary>
    public bool IsNew() => _vector is not null && _vector.ReadAndClear() != 0;

    /// <summary>Ends the work where the device was asked for.</summary>
    public void ThrowIfAsked()
    {
        if (IsNew())
        {
            throw Describe(_name);
        }
    }

    public static VfioException Describe(string name) => new(
        "keep", name, "the kernel asks for the device back", "it is being unplugged, or another program hands it to another driver; vfio lets go of it now");

    public void Dispose() => _vector?.Dispose();
}
