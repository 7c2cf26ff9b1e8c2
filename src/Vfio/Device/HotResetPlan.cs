using Vfio.Pci;

namespace Vfio;

/// <summary>
/// A reset of the whole bus a device is on: what it hits, whether it may be made, and making it (<c>VFIO_DEVICE_PCI_HOT_RESET</c>). Made by <see cref="VfioDevice.PlanHotReset"/>.
/// </summary>
/// <remarks>
/// A snapshot of the moment it was made; <see cref="Execute"/> looks again. It holds no handle and is not disposed; the devices it was made of have to stay open.
/// Any thread may use it.
/// </remarks>
/// <example>
/// <code>
/// using VfioDevice port0 = VfioDevice.Open(PciAddress.Parse("0000:03:00.0"));
/// using VfioDevice port1 = VfioDevice.Open(PciAddress.Parse("0000:03:00.1"), new VfioOpenOptions { AddressSpace = port0.AddressSpace });
/// HotResetPlan plan = port0.PlanHotReset(port1);
/// if (plan.IsAllowed)
/// {
///     plan.Execute();
/// }
/// </code>
/// </example>
public sealed class HotResetPlan
{
    private const string Call = "VFIO_DEVICE_PCI_HOT_RESET";

    private readonly IBusReset _bus;
    private readonly IReadOnlyList<HotResetMember> _members;
    private readonly HostRoot? _host;
    private readonly string _name;

    private HotResetPlan(string name, IBusReset bus, IReadOnlyList<HotResetMember> members, HostRoot? host, HotResetJudgement judgement)
    {
        (_name, _bus, _members, _host) = (name, bus, members, host);
        (Devices, Refusal, Hint) = (judgement.Devices, judgement.Refusal, judgement.Hint);
    }

    /// <summary>The devices that the reset hits, by address: all functions on the bus or in the slot, and what is below bridges there.</summary>
    public IReadOnlyList<HotResetDevice> Devices { get; }

    /// <summary>Whether all of them are this program's, so that the reset may be made.</summary>
    public bool IsAllowed => Refusal is null;

    /// <summary>Why the reset may not be made: names the devices that are not this program's; <see langword="null"/> where it may.</summary>
    public string? Refusal { get; }

    /// <summary>What a person can do about it; <see langword="null"/> where the reset may be made.</summary>
    public string? Hint { get; }

    /// <summary>
    /// Resets the bus. All devices on it lose what their registers held; the kernel puts their configuration space back. Nothing may access them meanwhile; what did so all the same
    /// finds them again afterwards, as with <see cref="VfioDevice.Recover"/>. Each driver in this program has to start its device anew.
    /// </summary>
    /// <exception cref="ObjectDisposedException">A device of the plan was disposed.</exception>
    /// <exception cref="VfioException">A device on the bus is not this program's (the plan was not allowed, or things changed since it was made), or the bus did not come back.</exception>
    public void Execute()
    {
        HotResetInfo info = _bus.GetHotResetInfo();
        HotResetJudgement now = HotResetJudge.Judge(info, _members, _host);
        if (now.Refusal is string reason)
        {
            throw new VfioException(Call, _name, reason, now.Hint);
        }

        // The kernel wants a proof for each group that is hit, and none beyond: those of other devices stay away.
        HashSet<PciAddress> hit = [.. info.Devices.Select(entry => entry.Address)];
        List<HotResetMember> ours = [.. _members.Where(member => hit.Contains(member.Address))];
        _bus.HotReset([.. ours.Select(member => member.Backend)]);
        Disposal.InTurn([.. ours.Select(member => member.OnReset)]);
    }

    /// <summary>Asks the kernel what the reset hits, and judges.</summary>
    internal static HotResetPlan Make(string name, HotResetMember device, IReadOnlyList<HotResetMember> others, HostRoot? host)
    {
        IReadOnlyList<HotResetMember> members = [device, .. others];
        return device.Backend is IBusReset bus
            ? new HotResetPlan(name, bus, members, host, HotResetJudge.Judge(bus.GetHotResetInfo(), members, host))
            : throw new NotSupportedException($"a device that is reached by {device.Backend.Name} has no bus to reset");
    }
}
