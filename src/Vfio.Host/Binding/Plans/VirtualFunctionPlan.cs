using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// A plan for changing the number of virtual functions of a physical function (SR-IOV; PCI Express Base Specification
/// 6.0, chapter 9). The previous number is recorded, and restored when the physical function is released.
/// </summary>
public sealed class VirtualFunctionPlan : ChangePlan
{
    private readonly HostContext _context;
    private readonly PciAddress _address;
    private readonly int _count;
    private readonly BindOptions _options;
    private readonly JournalEntry? _before;
    private readonly FunctionSteps _functions;

    private VirtualFunctionPlan(HostContext context, PciAddress address, int count, BindOptions options)
    {
        (_context, _address, _count, _options) = (context, address, count, options);
        _functions = new FunctionSteps(context);
        PciDeviceInfo device = context.Bus.Get(address);
        Check(device);
        _before = context.Journal.Find(address);
        if (_before?.ParseError is not null)
        {
            throw context.Journal.Corrupt(_before);
        }

        PreviousCount = device.GetVirtualFunctionCount();
        bool changes = PreviousCount != count;
        Refusals = !changes
            ? []
            : [.. device.GetVirtualFunctions()
                .SelectMany(function => _functions.JudgeVanishing(function, released: []))
                .Where(refusal => !(refusal.CanForce && options.Force))];
        Steps = changes ? StepsFor(device) : [];
    }

    /// <summary>Gets how many virtual functions there were when the plan was computed.</summary>
    public int PreviousCount { get; }

    /// <summary>
    /// Gets why virtual functions that would vanish are still needed; empty if the plan can be executed. With
    /// <see cref="BindOptions.Force"/>, only the reasons that cannot be overridden.
    /// </summary>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>
    /// Gets every change of the host, in order; empty if the device has the requested number already.
    /// </summary>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <summary>Computes the plan.</summary>
    /// <param name="address">The physical function, bound to its own driver or to vfio-pci.</param>
    /// <param name="count">
    /// How many virtual functions it is to have: from 0 to the device's maximum (<c>sriov_totalvfs</c>).
    /// </param>
    /// <param name="options">
    /// The host, and whether to force the change; <see langword="null"/> for the defaults.
    /// </param>
    /// <returns>The plan, which may contain refusals.</returns>
    /// <exception cref="VfioException">
    /// The device is absent, does not support SR-IOV, has no driver, or supports fewer virtual functions; or its
    /// journal entry is corrupt.
    /// </exception>
    public static VirtualFunctionPlan Compute(PciAddress address, int count, BindOptions? options = null)
    {
        options ??= new BindOptions();
        HostContext context = HostContext.For(options);
        try
        {
            return new VirtualFunctionPlan(context, address, count, options);
        }
        finally
        {
            context.Changes.EndWriter();
        }
    }

    /// <summary>
    /// Changes the number. Computes the plan again first. If a step fails, the steps before it are undone. Waits for
    /// other programs that are changing bindings.
    /// </summary>
    /// <exception cref="BindingRefusedException">The change would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A step failed.</exception>
    public void Execute()
    {
        ThrowIfRefused();
        if (Steps.Count == 0)
        {
            return;
        }

        HostContext now = _context.Reread();
        using IDisposable held = now.Steps.LockWithFunctions(_address);
        try
        {
            now.Steps.Settle(_address, Operation);
            VirtualFunctionPlan plan = new(now, _address, _count, _options);
            plan.ThrowIfRefused();
            plan.Run();
        }
        finally
        {
            now.Changes.EndWriter();
        }
    }

    private const string Operation = "change the virtual functions of";

    private void ThrowIfRefused()
    {
        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException(Operation, Refusals);
        }
    }

    private void Run()
    {
        using StepRunner runner = new(_context);
        try
        {
            runner.Run(Steps);
        }
        catch (ChangePendingException)
        {
            throw; // the journal keeps the entry
        }
        catch (VfioException failure)
        {
            Undo(failure, runner);
            throw;
        }
    }

    private List<BindingStep> StepsFor(PciDeviceInfo device)
    {
        bool isVfio = device.Driver == PciDeviceInfo.VfioPciDriver;
        JournalEntry entry = _before
            ?? DeviceRecord.Describe(
                _context, device, new HostSurvey(_context.Host, _context.Holders)) with
            { Driver = "" };
        bool isAsBefore = !entry.IsBound && entry.PreviousFunctionCount is int before && before == _count;
        entry = entry with
        {
            PreviousFunctionCount = entry.PreviousFunctionCount ?? PreviousCount,
            EnabledFunctions = entry.EnabledFunctions || (isVfio && !_functions.IsEnabled),
        };
        List<BindingStep> steps =
        [
            _context.Steps.RememberFunctions(entry),
            .. _functions.Change(device, PreviousCount, _count, isVfio),
            .. _functions.Disable(entry),
        ];
        if (isAsBefore)
        {
            steps.Add(_context.Steps.Forget(_address));
        }
        else if (entry.EnabledFunctions)
        {
            steps.Add(_context.Steps.RememberFunctions(entry with { EnabledFunctions = false }));
        }

        return steps;
    }

    private void Check(PciDeviceInfo device)
    {
        long most = SysfsFile.ReadNumber(device.Attribute("sriov_totalvfs")) ?? 0;
        (string Why, string Hint)? trouble = most == 0 ? (
            "it does not support virtual functions (SR-IOV)",
            "choose a device that vfio show lists with the SR-IOV capability")
            : _count < 0
                || _count > most ? ($"it supports at most {most} virtual functions", $"pass a number from 0 to {most}")
            : device.Driver is null ? (
                "it has no driver, and only a driver can enable virtual functions",
                $"bind it first: vfio bind {device.Address}")
            : device.Driver == PciDeviceInfo.VfioPciDriver && !File.Exists(_options.Host.SriovParameter)
                ? (
                    "this kernel's vfio-pci cannot enable virtual functions (it has no parameter enable_sriov)",
                    "enable them with the device's original driver, before binding the device")
            : null;
        if (trouble is (string why, string hint))
        {
            throw new VfioException(Operation, device.Address.ToString(), why, hint);
        }
    }

    private void Undo(VfioException failure, StepRunner runner)
    {
        try
        {
            PciDeviceInfo device = _context.Bus.Get(_address);
            JournalEntry entry = _context.Journal.Find(_address) is { ParseError: null } written
                ? written
                : throw failure;
            bool isVfio = device.Driver == PciDeviceInfo.VfioPciDriver;
            runner.Run(
                [
                    .. _functions.Change(device, device.GetVirtualFunctionCount(), PreviousCount, isVfio),
                    .. _functions.Disable(entry),
                ]);
            if (_before is null)
            {
                _context.Journal.Remove(_address);
            }
            else
            {
                _context.Journal.Write(_before);
            }
        }
        catch (VfioException why) when (why != failure)
        {
            throw new VfioException(
                failure.Operation,
                failure.Subject,
                $"{failure.Message}; and undoing it failed: {why.Message}",
                $"vfio release {_address} tries again to restore the previous number");
        }
    }
}
