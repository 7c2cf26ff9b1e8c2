using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// A plan for binding devices: the devices, the reasons against it, what would still block their groups, and every
/// change of the host in order. Executing it binds all of the devices or none.
/// </summary>
public sealed class BindingPlan : ChangePlan
{
    private readonly HostContext _context;
    private readonly BindOptions _options;
    private readonly IReadOnlyList<PciAddress> _addresses;
    private readonly IReadOnlyList<(PciAddress Device, BindingStep Step)> _steps;
    private readonly BindingUndo _undo;

    internal BindingPlan(
        HostContext context,
        BindOptions options,
        IReadOnlyList<PciAddress> addresses,
        IReadOnlyList<(PciAddress Device, BindingStep Step)> steps,
        BindingUndo undo,
        IReadOnlyList<BindingRefusal> refusals,
        IReadOnlyList<string> warnings)
    {
        (_context, _options, _addresses, _steps, _undo) = (context, options, addresses, steps, undo);
        (Refusals, Warnings) = (refusals, warnings);
        Steps = [.. steps.Select(step => step.Step)];
    }

    /// <summary>
    /// Gets the devices that will be bound: the named ones, with <see cref="BindOptions.WholeGroup"/> the other
    /// endpoints of their groups, and <see cref="Unbound"/>.
    /// </summary>
    public IReadOnlyList<PciDeviceInfo> Devices { get; internal init; } = [];

    /// <summary>
    /// Gets the devices that are only unbound from their drivers, and bound to no other: bridges other than PCI-to-PCI
    /// bridges, in a group that is bound as a whole.
    /// </summary>
    public IReadOnlyList<PciDeviceInfo> Unbound { get; internal init; } = [];

    /// <inheritdoc/>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>
    /// Gets what the user should know about binding these devices, one sentence each: for example that another tool
    /// claims a device too, or that a hot-plug will not be noticed.
    /// </summary>
    public override IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Gets the devices in the groups that would still be bound to a driver of the host, so that the kernel would not
    /// let any device of the group be opened.
    /// </summary>
    public IReadOnlyList<PciDeviceInfo> Blockers { get; internal init; } = [];

    /// <summary>Gets the devices that this plan binds, without those that are bound already.</summary>
    internal IReadOnlyList<PciAddress> NewlyBound => _undo.NewlyBound;

    /// <summary>
    /// Computes the plan for some devices. Does not wait for programs that have them open;
    /// <see cref="HolderWait.Wait"/> does.
    /// </summary>
    /// <param name="addresses">The devices. For an empty list the plan has no steps.</param>
    /// <param name="options">How to bind them; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan, which may contain refusals.</returns>
    /// <exception cref="VfioException">
    /// A device is absent, the user is unknown, the kernel does not have the driver, or a device's journal entry is
    /// corrupt.
    /// </exception>
    public static BindingPlan Compute(IReadOnlyList<PciAddress> addresses, BindOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        options ??= new BindOptions();
        HostContext context = HostContext.For(options);
        try
        {
            return new BindingComputer(context, addresses, options).Compute();
        }
        finally
        {
            context.Changes.EndWriter();
        }
    }

    /// <summary>Binds the devices: all of them, or none. Waits for other programs that are changing bindings.</summary>
    /// <remarks>
    /// Computes the plan again first, because the state at the moment of the change decides. Do not end the process in
    /// the middle; if it is killed, it leaves a journal from which <see cref="ReleasePlan"/> restores the host.
    /// </remarks>
    /// <returns>The plan that was executed.</returns>
    /// <exception cref="BindingRefusedException">The bind would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A step failed; the steps before it were undone.</exception>
    public BindingPlan Execute()
    {
        ThrowIfRefused();
        if (Steps.Count == 0)
        {
            return this;
        }

        PciAddress[] devices = [.. Devices.Select(device => device.Address)];
        HostContext now = _context.Reread();
        using IDisposable held = now.Steps.Lock(devices);
        try
        {
            Array.ForEach(devices, device => now.Steps.Settle(device, "bind"));
            using StepRunner runner = new(now);
            // What is computed about nodes that several devices share has to stay true until it is in the journal.
            runner.Share();
            BindingPlan plan = new BindingComputer(now, _addresses, _options).Compute();
            if (plan.Devices.FirstOrDefault(device => !devices.Contains(device.Address)) is PciDeviceInfo come)
            {
                throw new VfioException(
                    "bind",
                    come.Address.ToString(),
                    "it was added to the IOMMU group at this moment",
                    "run the command again");
            }

            plan.ThrowIfRefused();
            plan.Run(runner);
            return plan;
        }
        finally
        {
            now.Changes.EndWriter();
        }
    }

    private void ThrowIfRefused()
    {
        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException("bind", Refusals);
        }
    }

    private void Run(StepRunner runner)
    {
        int done = 0;
        try
        {
            for (; done < _steps.Count; done++)
            {
                runner.Run(_steps[done].Step);
            }
        }
        catch (VfioException failure)
        {
            runner.Dispose();
            // The failed step may have been half done, so its device is restored too.
            _undo.Run([.. _steps.Take(done + 1).Select(step => step.Device).Distinct()], failure);
            throw;
        }
    }
}
