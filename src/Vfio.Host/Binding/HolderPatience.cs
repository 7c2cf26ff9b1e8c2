using Vfio.Pci;

namespace Vfio.Host;

/// <summary>How long to wait for programs that hold a device, or are changing it, and what happens meanwhile.</summary>
/// <param name="Time">
/// For how long at most, all devices together; zero for not at all. Nothing is changed during that time. If the kernel itself then has to wait, as with
/// <see cref="ReleaseOptions.Force"/>, it is given this time again: at least 2 s if the program is known, otherwise 30 s.
/// </param>
public sealed record HolderPatience(TimeSpan Time)
{
    /// <summary>Told once for each device, before it is waited for: the device and who holds it. On the calling thread.</summary>
    public Action<PciAddress, IReadOnlyList<DeviceHolder>>? Told { get; init; }

    /// <summary>Called once for each write that the kernel has not completed after two seconds: the device, and what the kernel waits for. On the calling thread.</summary>
    public Action<PciAddress, string>? Delayed { get; init; }

    /// <summary>Ends the waiting, for programs that hold a device, for other programs that change it, and for the kernel, as if the time were over.</summary>
    public CancellationToken Stop { get; init; }
}
