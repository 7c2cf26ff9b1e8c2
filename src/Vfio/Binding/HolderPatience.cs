namespace Vfio;

/// <summary>How long to wait for programs that hold a device, and what happens meanwhile. Nothing has been changed yet while it is waited.</summary>
/// <param name="Time">For how long at most, all devices together; with <see cref="ReleaseOptions.Force"/> also how long the kernel is given to get the device back.</param>
public sealed record HolderPatience(TimeSpan Time)
{
    /// <summary>Told once for each device, before it is waited for: the device and who holds it. On the calling thread.</summary>
    public Action<PciAddress, IReadOnlyList<DeviceHolder>>? Told { get; init; }

    /// <summary>Ends the waiting, as if the time were over.</summary>
    public CancellationToken Stop { get; init; }
}
