using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Why a device must not be bound, released or changed.</summary>
public sealed class BindingRefusal : Refusal
{
    private readonly string? _hint;

    internal BindingRefusal(PciAddress device, RefusalReason reason, string explanation, bool canForce, string? hint = null)
        : base(device, explanation, canForce)
    {
        Reason = reason;
        _hint = hint;
    }

    /// <summary>The reason.</summary>
    public RefusalReason Reason { get; }

    /// <summary>What of the device it is about: a disk, an interface; <see langword="null"/> where it is the device itself.</summary>
    public string? Part { get; init; }

    /// <inheritdoc/>
    public override string Hint => _hint ?? UsualHint;

    private string UsualHint => Reason switch
    {
        RefusalReason.Bridge => "bridges and ports stay with the kernel; take the endpoints behind them",
        RefusalReason.NoIommu => "switch the IOMMU on: VT-d or AMD-Vi in the firmware's setup, intel_iommu=on on the kernel's command line",
        RefusalReason.NoIommuMode => "as root: modprobe vfio; echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode (the device can then reach all memory, and the kernel is "
            + "tainted; where there is no such file the kernel was built without that mode)",
        RefusalReason.Reserved => $"vfio doctor {Device} says what can be done; --force takes it all the same",
        RefusalReason.Busy => KernelAttributes.BusyHint,
        RefusalReason.BoundElsewhere => "it comes back when that program ends; vfio status shows who has which device",
        RefusalReason.NotForUser => "vfio release hands it back first; or give it: sudo vfio bind --user NAME DEV",
        RefusalReason.OtherUser => "release the group's other devices first; vfio status shows them",
        RefusalReason.RootOnly => "leave --user away",
        RefusalReason.OtherDriver => $"vfio release {Device} first, then bind it again",
        RefusalReason.InUse => "end that program first; --force lets a child process wait for it",
        RefusalReason.Driverctl => $"driverctl unset-override {Device} ends that; then bind it with --persist",
        RefusalReason.Program => "install vfio where only root can change it, and bind with that one: sudo install -m 755 vfio /usr/local/bin/vfio",
        RefusalReason.Functions when !CanForce => $"end the program that has it, and hand it back first: vfio release {Device}",
        _ when CanForce => "stop that use first, or take the device all the same with --force",
        _ => "this device cannot be taken, not even by force",
    };
}

/// <summary>A change of devices was refused: it would harm the host. Nothing was changed.</summary>
public sealed class BindingRefusedException : VfioException
{
    internal BindingRefusedException(string operation, IReadOnlyList<BindingRefusal> refusals)
        : base(operation, refusals[0].Device.ToString(), refusals[0].Explanation, (refusals.FirstOrDefault(refusal => !refusal.CanForce) ?? refusals[0]).Hint) => Refusals = refusals;

    /// <summary>Every reason found; at least one.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; }
}
