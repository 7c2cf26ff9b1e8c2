using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents what a guardian is asked to do.</summary>
/// <param name="Devices">The devices to bind.</param>
/// <param name="WholeGroup">Whether to bind the other devices of their IOMMU groups too.</param>
/// <param name="Force">Whether to bind devices that are in use.</param>
/// <param name="Seconds">How long to wait for programs that hold a device; <see langword="null"/> for the
/// default.</param>
internal sealed record GuardianOrder(IReadOnlyList<PciAddress> Devices, bool WholeGroup, bool Force, int? Seconds)
{
    /// <summary>Returns the order as arguments of <c>vfio guard</c>.</summary>
    public string[] ToArguments() =>
    [
        GuardCommand.Name,
        .. WholeGroup ? ["--group"] : Array.Empty<string>(),
        .. Force ? ["--force"] : Array.Empty<string>(),
        .. Seconds is int seconds ? ["--timeout", $"{seconds}"] : Array.Empty<string>(),
        "--",
        .. Devices.Select(device => device.ToString()),
    ];
}

/// <summary>
/// Represents the privileged side of <c>vfio run</c> for the other side: it binds devices, and releases them on request
/// or when this process ends.
/// </summary>
internal interface IGuardian : IDisposable
{
    /// <summary>Waits until the devices are bound.</summary>
    /// <param name="stop">Ends the wait early; the guardian then releases the devices that it has bound.</param>
    /// <returns>The devices; <see langword="null"/> if they were not bound, which has been reported.</returns>
    IReadOnlyList<string>? Take(CancellationToken stop);

    /// <summary>Tells the guardian which process uses the devices.</summary>
    void Watch(int process);

    /// <summary>Has the devices released.</summary>
    /// <returns>Whether all were released; failures have been reported.</returns>
    bool Release();
}
