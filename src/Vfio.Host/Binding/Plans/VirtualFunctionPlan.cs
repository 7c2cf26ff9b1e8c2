using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// What giving a physical function another number of virtual functions would do (SR-IOV; PCI Express Base Specification 6.0, chapter 9). The number of before is
/// remembered, and comes back when the physical function is handed back.
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
            throw context.Journal.Damaged(_before);
        }

        PreviousCount = device.GetVirtualFunctionCount();
        bool changes = PreviousCount != count;
        Refusals = !changes ? [] : [.. device.GetVirtualFunctions().SelectMany(function => _functions.JudgeVanishing(function, released: [])).Where(refusal => !(refusal.CanForce && options.Force))];
        Steps = changes ? StepsFor(device) : [];
    }

    /// <summary>How many there were when the plan was computed.</summary>
    public int PreviousCount { get; }

    /// <summary>Why virtual functions that would vanish must not; empty where the plan may be executed. With <see cref="BindOptions.Force"/>, only what cannot be forced.</summary>
    public override IReadOnlyList<BindingRefusal> Refusals { get; }

    /// <summary>Every change of the host, in order; empty where there are as many as wanted.</summary>
    public override IReadOnlyList<BindingStep> Steps { get; }

    /// <summary>Computes the plan.</summary>
    /// <param name="address">The physical function, with its own driver or with vfio-pci.</param>
    /// <param name="count">How many virtual functions it is to have: 0 to as many as the device has (<c>sriov_totalvfs</c>).</param>
    /// <param name="options">Host and force; <see langword="null"/> for the defaults.</param>
    /// <returns>The plan, which may hold refusals.</returns>
    /// <exception cref="VfioException">
    /// The device is absent, has no SR-IOV, no driver, or not so many functions; or the journal's entry of it is damaged.
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

    /// <summary>Changes the number. Computes the plan afresh first. Where a step fails, what had been done is undone. Waits for other programs that are changing bindings.</summary>
    /// <exception cref="BindingRefusedException">It would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A step failed.</exception>
    public void Execute()
    {
        ThrowIfRefused();
        if (Steps.Count == 0)
        {
            return;
        }

        HostContext now = _context.Afresh();
        using IDisposable alone = now.Steps.LockWithFunctions(_address);
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
            throw; // the journal keeps it
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
        JournalEntry entry = _before ?? DeviceRecord.Describe(_context, device, new HostSurvey(_context.Host, _context.Holders)) with { Driver = "" };
        bool isAsBefore = !entry.IsBound && entry.PreviousFunctionCount is int before && before == _count;
        entry = entry with
        {
            PreviousFunctionCount = entry.PreviousFunctionCount ?? PreviousCount,
            EnabledFunctions = entry.EnabledFunctions || (isVfio && !_functions.IsEnabled),
        };
        List<BindingStep> steps = [_context.Steps.RememberFunctions(entry), .. _functions.Change(device, PreviousCount, _count, isVfio), .. _functions.Disable(entry)];
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
        (string Why, string Hint)? trouble = most == 0 ? ("it has no virtual functions (SR-IOV)", "vfio show tells which device has them (SR-IOV among its capabilities)")
            : _count < 0 || _count > most ? ($"it has at most {most} virtual functions", $"ask for 0 to {most}")
            : device.Driver is null ? ("it has no driver, which virtual functions need", $"vfio bind {device.Address} gives it one")
            : device.Driver == PciDeviceInfo.VfioPciDriver && !File.Exists(_options.Host.SriovParameter)
                ? ("this kernel's vfio-pci makes no virtual functions (no parameter enable_sriov)", "make them with the device's own driver, before the device is taken")
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
            JournalEntry entry = _context.Journal.Find(_address) is { ParseError: null } written ? written : throw failure;
            bool isVfio = device.Driver == PciDeviceInfo.VfioPciDriver;
            runner.Run([.. _functions.Change(device, device.GetVirtualFunctionCount(), PreviousCount, isVfio), .. _functions.Disable(entry)]);
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
                failure.Operation, failure.Subject, $"{failure.Message}; and undoing it failed: {why.Message}", $"vfio release {_address} tries again to put back what was");
        }
    }
}
