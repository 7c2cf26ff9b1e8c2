using Vfio.Pci;

namespace Vfio;

/// <summary>
/// A reset of the whole bus a device is on: what it hits, whether it may be made, and making it
/// (<c>VFIO_DEVICE_PCI_HOT_RESET</c>). Made by <see cref="VfioDevice.PlanHotReset"/>.
/// </summary>
/// <remarks>
/// The devices it was made of have to stay open.
/// </remarks>
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
    /// The devices that the reset hits, by address: all functions on the bus or in the slot, and what is below bridges
    /// there.
    /// </summary>
    public IReadOnlyList<HotResetDevice> Devices { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<ChangeStep> Steps { get; }

    /// <summary>
    /// Gets why the reset may not be made: devices on the bus are not this program's. Empty if it may.
    /// </summary>
    public override IReadOnlyList<HotResetRefusal> Refusals { get; }

    /// <summary>
    /// Resets the bus. All devices on it lose the contents of their registers; the kernel restores their configuration
    /// space. Nothing may access them meanwhile; regions that were accessed anyway are mapped again afterwards, as by
    /// <see cref="VfioDevice.Recover"/>. Each driver in this program has to initialize its device again.
    /// </summary>
    /// <exception cref="ObjectDisposedException">A device of the plan was disposed.</exception>
    /// <exception cref="VfioException">A device on the bus is not this program's (the plan was not allowed, or things
    /// changed since it was made), or the bus did not come back.</exception>
    public void Execute()
    {
        HotResetInfo info = _bus.GetHotResetInfo();
        HotResetJudgement now = HotResetJudge.Judge(info, _members, _host);
        if (now.Refusal is HotResetRefusal refusal)
        {
            throw new VfioException(Call, _name, refusal.Explanation, refusal.Hint);
        }

        // The kernel wants a proof for each group that is hit, and none beyond: those of other devices stay away.
        HashSet<PciAddress?> hit = [.. info.Devices.Select(entry => entry.Address)];
        List<HotResetMember> ours = [.. _members.Where(member => hit.Contains(member.Address))];
        _bus.HotReset([.. ours.Select(member => member.Backend)]);
        Disposal.InTurn([.. ours.Select(member => member.OnReset)]);
    }

    /// <summary>Asks the kernel what the reset hits, and judges.</summary>
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
