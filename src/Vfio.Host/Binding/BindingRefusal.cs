using System.Diagnostics.CodeAnalysis;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Why a device must not be taken.</summary>
/// <param name="Device">The device.</param>
/// <param name="Reason">
/// One word, stable: <c>bridge</c>, <c>no-iommu</c>, <c>no-iommu-mode</c>, <c>reserved</c>, <c>mounted</c>, <c>swap</c>, <c>held</c>, <c>claimed</c>, <c>open</c>,
/// <c>address</c>, <c>route</c>, <c>port</c>, <c>display</c>, <c>console</c>, <c>functions</c>, <c>busy</c>, <c>taken</c>, <c>not-yours</c>; of the host, whichever the device:
/// <c>module</c>, <c>module-banned</c>, <c>modules-disabled</c>, <c>address-space</c>, <c>read-only</c>, <c>full</c>; and to <see cref="BindOptions.Persist"/>: <c>driverctl</c>, <c>program</c>.
/// </param>
/// <param name="Explanation">The end of a sentence about the device: "its disk nvme0n1 is mounted on /srv".</param>
/// <param name="CanForce">Whether <see cref="BindOptions.Force"/> goes on all the same.</param>
public sealed record BindingRefusal(PciAddress Device, string Reason, string Explanation, bool CanForce)
{
    /// <summary>What a person can do about it, one line.</summary>
    [AllowNull]
    public string Hint { get => field ?? UsualHint; init; }

    private string UsualHint => Reason switch
    {
        "bridge" => "bridges and ports stay with the kernel; take the endpoints behind them",
        "no-iommu" => "switch the IOMMU on: VT-d or AMD-Vi in the firmware's setup, intel_iommu=on on the kernel's command line",
        "no-iommu-mode" => "as root: modprobe vfio; echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode (the device can then reach all memory, and the kernel is tainted; where there is no such file the kernel was built without that mode)",
        "reserved" => $"vfio doctor {Device} says what can be done; --force takes it all the same",
        "busy" => KernelAttributes.BusyHint,
        "taken" => "it comes back when that program ends; vfio status shows who has which device",
        "not-yours" => "vfio release hands it back first; or give it: sudo vfio bind --user NAME DEV",
        "driverctl" => $"driverctl unset-override {Device} ends that; then bind it with --persist",
        "program" => "install vfio where only root can change it, and bind with that one: sudo install -m 755 vfio /usr/local/bin/vfio",
        "functions" when !CanForce => $"end the program that has it, and hand it back first: vfio release {Device}",
        _ when CanForce => "stop that use first, or take the device all the same with --force",
        _ => "this device cannot be taken, not even by force",
    };

    /// <summary>The refusal in a line: <c>0000:01:00.0: its disk nvme0n1 is mounted on /srv</c>.</summary>
    /// <returns>Device and explanation.</returns>
    public override string ToString() => $"{Device}: {Explanation}";
}

/// <summary>Devices were not taken because that would harm the host. Nothing was changed.</summary>
public sealed class BindingRefusedException : VfioException
{
    internal BindingRefusedException(IReadOnlyList<BindingRefusal> refusals)
        : base("bind", refusals[0].Device.ToString(), refusals[0].Explanation, (refusals.FirstOrDefault(refusal => !refusal.CanForce) ?? refusals[0]).Hint) => Refusals = refusals;

    /// <summary>Every reason found; at least one.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; }
}
