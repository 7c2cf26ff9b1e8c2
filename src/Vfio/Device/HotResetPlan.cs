using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Represents a reset of the whole bus that a device is on: the devices that it affects, and whether it is allowed
/// (<c>VFIO_DEVICE_PCI_HOT_RESET</c>). Created by <see cref="VfioDevice.PlanHotReset"/>.
/// </summary>
/// <remarks>The devices that the plan was created from must stay open.</remarks>
/// <example>
/// <code>
/// using VfioDevice port0 = VfioDevice.Open(PciAddress.Parse("0000:03:00.0"));
/// VfioOpenOptions shared = new() { AddressSpace = port0.AddressSpace };
/// using VfioDevice port1 = VfioDevice.Open(PciAddress.Parse("0000:03:00.1"), shared);
/// HotResetPlan plan = port0.PlanHotReset(port1);
/// if (plan.IsAllowed)
/// {
///     plan.Execute();
/// }
/// </code>
/// </example>
public sealed class HotResetPlan : ChangePlan
{
    private const string Call = "VFIO_DEVICE_PCI_HOT_RESET";

    private readonly IBusReset _bus;
    private readonly IReadOnlyList<HotResetMember> _members;
    private readonly HostRoot? _host;
    private readonly string _name;

    private HotResetPlan(
        string name, IBusReset bus, IReadOnlyList<HotResetMember> members, HostRoot? host, HotResetJudgement judgement)
    {
        (_name, _bus, _members, _host) = (name, bus, members, host);
        Devices = judgement.Devices;
        Refusals = judgement.Refusal is HotResetRefusal refusal ? [refusal] : [];
        Steps = [new ChangeStep(
            $"reset the bus of {name}, with {string.Join(", ", judgement.Devices.Select(hit => hit.Address))}")];
    }

    /// <summary>
    /// Gets the devices that the reset affects, by address: all functions on the bus or in the slot, and all devices
    /// below bridges there.
    /// </summary>
    public IReadOnlyList<HotResetDevice> Devices { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ChangeStep> Steps { get; }

    /// <summary>
    /// Gets why the reset is not allowed: devices on the bus do not belong to this program. Empty if it is allowed.
    /// </summary>
    public override IReadOnlyList<HotResetRefusal> Refusals { get; }

    /// <summary>
    /// Resets the bus. All devices on it lose the contents of their registers; the kernel restores their configuration
    /// space. Nothing may access them meanwhile; regions that were accessed anyway are mapped again afterwards, as by
    /// <see cref="VfioDevice.Recover"/>. Each driver in this program has to initialize its device again.
    /// </summary>
    /// <exception cref="ObjectDisposedException">A device of the plan was disposed.</exception>
    /// <exception cref="VfioException">
    /// A device on the bus does not belong to this program (the plan was not allowed, or the situation has changed
    /// since), or the bus did not come back.
    /// </exception>
    public void Execute()
    {
        HotResetInfo info = _bus.GetHotResetInfo();
        HotResetJudgement now = HotResetJudge.Judge(info, _members, _host);
        if (now.Refusal is HotResetRefusal refusal)
        {
            throw new VfioException(Call, _name, refusal.Explanation, refusal.Hint);
        }

        // The kernel requires a proof for each group that is affected, and accepts no others.
        HashSet<PciAddress?> hit = [.. info.Devices.Select(entry => entry.Address)];
        List<HotResetMember> ours = [.. _members.Where(member => hit.Contains(member.Address))];
        _bus.HotReset([.. ours.Select(member => member.Backend)]);
        Disposal.InTurn([.. ours.Select(member => member.OnReset)]);
    }

    /// <summary>Asks the kernel what the reset affects, and judges it.</summary>
    internal static HotResetPlan Make(
        string name, HotResetMember device, IReadOnlyList<HotResetMember> others, HostRoot? host)
    {
        IReadOnlyList<HotResetMember> members = [device, .. others];
        return device.Backend is IBusReset bus
            ? new HotResetPlan(name, bus, members, host, HotResetJudge.Judge(bus.GetHotResetInfo(), members, host))
            : throw new NotSupportedException(
                $"a device that was opened through {device.Backend.Name} has no bus to reset");
    }
}
