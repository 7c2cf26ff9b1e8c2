using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// What giving a physical function another number of virtual functions would do (SR-IOV; PCI Express Base Specification 6.0, chapter 9). Computing it changes nothing. The number of before is
/// remembered, and comes back when the physical function is handed back.
/// </summary>
public sealed class VirtualFunctionPlan
{
    private readonly PciAddress _address;
    private readonly int _count;
    private readonly BindOptions _options;
    private readonly IHostChanges _changes;
    private readonly BindingJournal _journal;
    private readonly DeviceSteps _kit;
    private readonly List<BindingStep> _steps = [];
    private JournalEntry? _before;

    private VirtualFunctionPlan(PciAddress address, int count, BindOptions options)
    {
        (_address, _count, _options) = (address, count, options);
        _changes = options.Changes ?? new HostChanges(options.Helper);
        _journal = new BindingJournal(options.Host);
        _kit = new DeviceSteps(options.Host, _changes, _journal, options.Patience);
    }

    /// <summary>How many there were when the plan was computed.</summary>
    public int CountBefore { get; private set; }

    /// <summary>Why virtual functions that would vanish must not; empty where the plan may be executed. With <see cref="BindOptions.Force"/>, only what cannot be forced.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; private set; } = [];

    /// <summary>Every change of the host, in order; empty where there are as many as wanted.</summary>
    public IReadOnlyList<BindingStep> Steps => _steps;

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
        VirtualFunctionPlan plan = new(address, count, options ?? new BindOptions());
        plan.Compute();
        return plan;
    }

    /// <summary>Changes the number. Where a step fails, what had been done is undone. Waits for other programs that are changing bindings.</summary>
    /// <exception cref="BindingRefusedException">It would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A step failed.</exception>
    public void Execute()
    {
        if (_steps.Count == 0 && Refusals.Count == 0)
        {
            return;
        }

        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException(Refusals);
        }

        using IDisposable alone = _kit.LockWithFunctions(_address);
        try
        {
            _kit.Settle(_address, "change the virtual functions of");
            Compute();
            if (Refusals.Count != 0)
            {
                throw new BindingRefusedException(Refusals);
            }

            Run();
        }
        finally
        {
            _changes.EndWriter();
        }
    }

    private void Run()
    {
        using StepRunner runner = new(_journal, _changes);
        try
        {
            runner.Run(_steps);
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

    private void Compute()
    {
        _steps.Clear();
        PciDeviceInfo device = _kit.Bus.Get(_address);
        Check(device);
        _before = _journal.Find(_address);
        if (_before?.Damage is not null)
        {
            throw _journal.Damaged(_before);
        }

        CountBefore = device.ReadVirtualFunctionCount();
        FunctionSteps functions = new(_kit, _journal, _options.Host, _changes);
        Refusals = CountBefore == _count ? [] : [.. device.FindVirtualFunctions().SelectMany(function => functions.JudgeVanishing(function, released: [])).Where(refusal => !(refusal.CanForce && _options.Force))];
        if (CountBefore == _count)
        {
            return;
        }

        bool isVfio = device.Driver == PciDeviceInfo.VfioPciDriver;
        JournalEntry entry = _before ?? BindingPlan.Describe(_kit, device, new HostSurvey(_options.Host)) with { Driver = "" };
        bool isAsBefore = !entry.IsTaken && entry.FunctionsBefore is int before && before == _count;
        entry = entry with
        {
            FunctionsBefore = entry.FunctionsBefore ?? CountBefore,
            EnabledFunctions = entry.EnabledFunctions || (isVfio && !functions.IsEnabled),
        };
        _steps.Add(_kit.RememberFunctions(entry));
        _steps.AddRange(functions.Change(device, CountBefore, _count, isVfio));
        _steps.AddRange(functions.Disable(entry));
        if (isAsBefore)
        {
            _steps.Add(_kit.Forget(_address));
        }
        else if (entry.EnabledFunctions)
        {
            _steps.Add(_kit.RememberFunctions(entry with { EnabledFunctions = false }));
        }
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
            throw new VfioException("change the virtual functions of", device.Address.ToString(), why, hint);
        }
    }

    private void Undo(VfioException failure, StepRunner runner)
    {
        try
        {
            PciDeviceInfo device = _kit.Bus.Get(_address);
            FunctionSteps functions = new(_kit, _journal, _options.Host, _changes);
            JournalEntry entry = _journal.Find(_address) is { Damage: null } written ? written : throw failure;
            bool isVfio = device.Driver == PciDeviceInfo.VfioPciDriver;
            runner.Run([.. functions.Change(device, device.ReadVirtualFunctionCount(), CountBefore, isVfio), .. functions.Disable(entry)]);
            if (_before is null)
            {
                _journal.Remove(_address);
            }
            else
            {
                _journal.Write(_before);
            }
        }
        catch (VfioException why) when (why != failure)
        {
            throw new VfioException(
                failure.Operation, failure.Subject, $"{failure.Message}; and undoing it failed: {why.Message}", $"vfio release {_address} tries again to put back what was");
        }
    }
}
