using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Takes again what came back: after a reboot the persistent devices, and after a plugging in a device that is taken still, or persistent. udev and systemd have it run
/// by <c>vfio replug</c>. What no longer fits is reported and left alone.
/// </summary>
public sealed class RebindPlan : ChangePlan
{
    private readonly HostContext _context;

    private RebindPlan(HostContext context, IReadOnlyList<PciAddress> addresses)
    {
        _context = context;
        Addresses = addresses;
        DeviceRebinding[] devices = [.. addresses.Select(address => new DeviceRebinding(context, address))];
        Array.ForEach(devices, device => device.Plan());
        Steps = [.. devices.SelectMany(device => device.Steps)];
        Refusals = [.. devices.SelectMany(device => device.Refusals)];
        Warnings = [.. devices.Where(device => device.Skipped is not null).Select(device => $"{device.Address} is left alone: {device.Skipped}")];
    }

    /// <summary>The devices it is about.</summary>
    public IReadOnlyList<PciAddress> Addresses { get; }

    /// <summary>Every change of the host, in order; none of a device that is refused or left alone.</summary>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <summary>Devices that are in use, and so are not taken again. The others are.</summary>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>Devices that are left alone because they no longer fit, and why.</summary>
    public override IReadOnlyList<string> Warnings { get; }

    /// <summary>Plans to take one device again.</summary>
    /// <param name="address">The device.</param>
    /// <param name="options">The host; the rest is as the device was taken. <see langword="null"/> for the running host.</param>
    /// <returns>The plan.</returns>
    public static RebindPlan Compute(PciAddress address, BindOptions? options = null) => Make(HostContext.For(options ?? new BindOptions()), [address]);

    /// <summary>Plans to take every persistent device.</summary>
    /// <param name="options">The host; the rest is as the devices were taken. <see langword="null"/> for the running host.</param>
    /// <returns>The plan; for no device where none is persistent.</returns>
    /// <exception cref="VfioException">The file of persistent devices cannot be believed.</exception>
    public static RebindPlan ComputePersistent(BindOptions? options = null)
    {
        HostContext context = HostContext.For(options ?? new BindOptions());
        return context.Persistent.ParseError is null ? Make(context, [.. context.Persistent.Entries.Select(entry => entry.Address)]) : throw context.Persistent.Damaged();
    }

    /// <summary>Takes the devices, each for itself: one that fails does not keep the others. Each is looked at again first. More than once is harmless.</summary>
    /// <returns>How it went, for each device.</returns>
    /// <exception cref="VfioException">The journal cannot be locked: not permitted, for example.</exception>
    public IReadOnlyList<RebindOutcome> Execute()
    {
        try
        {
            return [.. Addresses.Select(address => new DeviceRebinding(_context.Afresh(), address).Execute())];
        }
        finally
        {
            _context.Changes.EndWriter();
        }
    }

    private static RebindPlan Make(HostContext context, IReadOnlyList<PciAddress> addresses)
    {
        try
        {
            return new RebindPlan(context, addresses);
        }
        finally
        {
            context.Changes.EndWriter();
        }
    }
}
