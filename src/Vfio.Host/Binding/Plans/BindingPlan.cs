using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// What taking some devices would do: the devices, what forbids it, what would still block, and every change of the host in
/// order. Executing it takes all of the devices or none.
/// </summary>
public sealed class BindingPlan : ChangePlan
{
    private readonly HostContext _context;
    private readonly BindOptions _options;
    private readonly IReadOnlyList<PciAddress> _addresses;
    private readonly IReadOnlyList<(PciAddress Device, BindingStep Step)> _steps;
    private readonly BindingUndo _undo;

    internal BindingPlan(
        HostContext context, BindOptions options, IReadOnlyList<PciAddress> addresses, IReadOnlyList<(PciAddress Device, BindingStep Step)> steps, BindingUndo undo,
        IReadOnlyList<BindingRefusal> refusals, IReadOnlyList<string> warnings)
    {
        (_context, _options, _addresses, _steps, _undo) = (context, options, addresses, steps, undo);
        (Refusals, Warnings) = (refusals, warnings);
        Steps = [.. steps.Select(step => step.Step)];
    }

    /// <summary>What will be taken: the devices named and, with <see cref="BindOptions.WholeGroup"/>, the other endpoints of their groups, and <see cref="Unbound"/>.</summary>
    public IReadOnlyList<PciDeviceInfo> Devices { get; internal init; } = [];

    /// <summary>Those that are only taken from their drivers, and given to none: bridges, other than to PCI, in a group that is bound as a whole.</summary>
    public IReadOnlyList<PciDeviceInfo> Unbound { get; internal init; } = [];

    /// <inheritdoc/>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>What a person should know who takes these devices, a sentence each: another tool that gives them away too, a plugging in that is not followed.</summary>
    public override IReadOnlyList<string> Warnings { get; }

    /// <summary>Endpoints in the devices' groups that would still belong to a host driver, so that the kernel gives none of the group away.</summary>
    public IReadOnlyList<PciDeviceInfo> Blockers { get; internal init; } = [];

    /// <summary>The devices that the plan takes anew, not taken by an earlier one.</summary>
    internal IReadOnlyList<PciAddress> NewlyTaken => _undo.NewlyTaken;

    /// <summary>Computes the plan for some devices. Waits for nobody: for programs that have them open, <see cref="HolderWait.Wait"/> does.</summary>
    /// <param name="addresses">The devices; a plan for none has no steps.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan, which may hold refusals.</returns>
    /// <exception cref="VfioException">A device is absent, the user is unknown, the kernel has no such driver, or the journal's entry of a device is damaged.</exception>
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

    /// <summary>Takes the devices: all of them, or none. Waits for other programs that are changing bindings.</summary>
    /// <remarks>Computes the plan afresh first: what counts is the state at the moment of the change. Not to be cut short by a
    /// signal; a process killed in the middle leaves a journal from which <see cref="ReleasePlan"/> restores the host.</remarks>
    /// <returns>The plan that was executed.</returns>
    /// <exception cref="BindingRefusedException">It would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A step failed; what had been done was undone.</exception>
    public BindingPlan Execute()
    {
        ThrowIfRefused();
        if (Steps.Count == 0)
        {
            return this;
        }

        PciAddress[] devices = [.. Devices.Select(device => device.Address)];
        HostContext now = _context.Afresh();
        using IDisposable alone = now.Steps.Lock(devices);
        try
        {
            Array.ForEach(devices, device => now.Steps.Settle(device, "bind"));
            using StepRunner runner = new(now);
            // What is computed of nodes that several devices have holds until it is in the journal.
            runner.Share();
            BindingPlan plan = new BindingComputer(now, _addresses, _options).Compute();
            if (plan.Devices.FirstOrDefault(device => !devices.Contains(device.Address)) is PciDeviceInfo come)
            {
                throw new VfioException("bind", come.Address.ToString(), "it came into the group just now", "bind again");
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
            // The step that failed may have been half done: its device is undone too.
            _undo.Run([.. _steps.Take(done + 1).Select(step => step.Device).Distinct()], failure);
            throw;
        }
    }
}
