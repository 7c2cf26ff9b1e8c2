using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>What a guardian is to do.</summary>
/// <param name="Devices">The devices to take.</param>
/// <param name="WholeGroup">Whether the others of their groups are taken too.</param>
/// <param name="Force">Whether devices in use are taken.</param>
/// <param name="Seconds">How long programs that hold a device are waited for; <see langword="null"/> as long as is usual.</param>
internal sealed record GuardianOrder(IReadOnlyList<PciAddress> Devices, bool WholeGroup, bool Force, int? Seconds)
{
    /// <summary>The order as the arguments of <c>vfio guard</c>.</summary>
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

/// <summary>The privileged side of <c>vfio run</c>, as the other side sees it: it has taken devices, and hands them back when it is told or this process ends.</summary>
internal interface IGuardian : IDisposable
{
    /// <summary>Waits until the devices are taken.</summary>
    /// <param name="stop">Ends the wait early: the guardian then hands back what it has.</param>
    /// <returns>The devices; <see langword="null"/> where they were not taken, which was told.</returns>
    IReadOnlyList<string>? Take(CancellationToken stop);

    /// <summary>Says which process uses the devices.</summary>
    void Watch(int process);

    /// <summary>Has the devices handed back.</summary>
    /// <returns>Whether they are; what failed was told.</returns>
    bool Release();
}
