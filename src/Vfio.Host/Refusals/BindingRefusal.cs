using Vfio.Pci;

namespace Vfio.Host;

/// <summary>A reason why a device cannot be bound, released or changed.</summary>
public sealed class BindingRefusal : Refusal
{
    private readonly string? _hint;

    internal BindingRefusal(
        PciAddress device, RefusalReason reason, string explanation, bool canForce, string? hint = null)
        : base(device, explanation, canForce)
    {
        Reason = reason;
        _hint = hint;
    }

    /// <summary>Gets the reason.</summary>
    public RefusalReason Reason { get; }

    /// <summary>
    /// Gets the part of the device that it is about, a disk or an interface; <see langword="null"/> for the whole
    /// device.
    /// </summary>
    public string? Part { get; init; }

    /// <inheritdoc/>
    public override string Hint => _hint ?? UsualHint;

    private string UsualHint => Reason switch
    {
        RefusalReason.Bridge => "bridges and ports stay with the kernel; bind the endpoints behind them",
        RefusalReason.NoIommu =>
            "enable the IOMMU: VT-d or AMD-Vi in the firmware's setup, intel_iommu=on on the kernel's command line",
        RefusalReason.NoIommuMode => "as root: modprobe vfio; echo Y > "
            + "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode (the device can then reach all memory, and the "
            + "kernel is tainted; if there is no such file, the kernel was built without that mode)",
        RefusalReason.Reserved => $"vfio doctor {Device} says what can be done; --force binds it anyway",
        RefusalReason.Busy => KernelAttributes.BusyHint,
        RefusalReason.BoundElsewhere =>
            "wait until that program ends, which releases it; vfio status shows the holder of each device",
        RefusalReason.NotForUser => "release it first, or grant the user access: sudo vfio bind --user NAME DEV",
        RefusalReason.OtherUser => "release the other devices of the group first; vfio status shows them",
        RefusalReason.RootOnly => "omit --user",
        RefusalReason.OtherDriver => $"run vfio release {Device} first, then bind it again",
        RefusalReason.InUse => "end that program first, or let a child process wait for it with --force",
        RefusalReason.Driverctl => $"run driverctl unset-override {Device}, then bind it with --persist",
        RefusalReason.Program => "install vfio where only root can change it, and run it from there: sudo install -m "
            + "755 vfio /usr/local/bin/vfio",
        RefusalReason.Functions when !CanForce =>
            $"end the program that holds it, and release it first: vfio release {Device}",
        _ when CanForce => "stop that use first, or override this with --force",
        _ => "this device cannot be bound, not even with --force",
    };
}

/// <summary>
/// The exception for a change of devices that is refused because it would harm the host. Nothing was changed.
/// </summary>
public sealed class BindingRefusedException : VfioException
{
    internal BindingRefusedException(string operation, IReadOnlyList<BindingRefusal> refusals)
        : base(
            operation,
            refusals[0].Device.ToString(),
            refusals[0].Explanation,
            (refusals.FirstOrDefault(refusal => !refusal.CanForce) ?? refusals[0]).Hint) => Refusals = refusals;

    /// <summary>Gets every reason found; at least one.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; }
}
