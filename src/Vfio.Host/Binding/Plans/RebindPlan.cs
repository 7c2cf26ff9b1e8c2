using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Binds devices again: the persistent devices after a reboot, and after a hot-plug a device that is in the journal or
/// persistent. udev and systemd execute it through <c>vfio replug</c>. A device that no longer fits its record is
/// reported and skipped.
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
        Warnings = [.. devices.Where(device => device.Skipped is not null)
            .Select(device => $"{device.Address} is skipped: {device.Skipped}")];
    }

    /// <summary>Gets the addresses of the devices.</summary>
    public IReadOnlyList<PciAddress> Addresses { get; }

    /// <summary>Gets every change of the host, in order; none for a device that is refused or skipped.</summary>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <summary>Gets the refusals for devices that are in use, and therefore not bound again. The others are.</summary>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>
    /// Gets the devices that are skipped because they no longer fit their record, each with the reason.
    /// </summary>
    public override IReadOnlyList<string> Warnings { get; }

    /// <summary>Plans to bind one device again.</summary>
    /// <param name="address">The device.</param>
    /// <param name="options">
    /// The host; everything else is as it was at the first bind. <see langword="null"/> for the running host.
    /// </param>
    /// <returns>The plan.</returns>
    public static RebindPlan Compute(PciAddress address, BindOptions? options = null) =>
        Make(HostContext.For(options ?? new BindOptions()), [address]);

    /// <summary>Plans to bind every persistent device again.</summary>
    /// <param name="options">
    /// The host; everything else is as it was at the first bind. <see langword="null"/> for the running host.
    /// </param>
    /// <returns>The plan; without devices if none is persistent.</returns>
    /// <exception cref="VfioException">The file of persistent devices is corrupt.</exception>
    public static RebindPlan ComputePersistent(BindOptions? options = null)
    {
        HostContext context = HostContext.For(options ?? new BindOptions());
        return context.Persistent.ParseError is null
            ? Make(context, [.. context.Persistent.Entries.Select(entry => entry.Address)])
            : throw context.Persistent.Corrupt();
    }

    /// <summary>
    /// Binds the devices, each independently of the others: if one fails, the others are still bound. The plan of each
    /// is computed again first. Executing it more than once is harmless.
    /// </summary>
    /// <returns>The result for each device.</returns>
    /// <exception cref="VfioException">The journal cannot be locked, for example for lack of permission.</exception>
    public IReadOnlyList<RebindOutcome> Execute()
    {
        try
        {
            return [.. Addresses.Select(address => new DeviceRebinding(_context.Reread(), address).Execute())];
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
