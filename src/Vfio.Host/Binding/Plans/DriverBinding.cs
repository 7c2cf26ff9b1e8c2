using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// A device taken from its driver for as long as this object lives. Disposing it hands the device back: the driver, the
/// override, the interfaces and the permissions of before.
/// </summary>
/// <remarks>
/// Needs root, unless the device is with a VFIO driver already; then nothing is changed, now or at the end. Close the
/// <see cref="VfioDevice"/> first: the kernel waits for whoever has it open. Not thread-safe.
/// </remarks>
public sealed class DriverBinding : IDisposable
{
    private readonly BindOptions _options;
    private readonly BindingJournal _journal;
    private readonly bool _wasPersistent;
    private JournalEntry? _entry;
    private IDisposable? _owner; // while it is to be handed back

    private DriverBinding(PciAddress address, BindOptions options, bool isTaken, bool wasPersistent, IDisposable? owner)
    {
        _owner = owner;
        _wasPersistent = wasPersistent;
        Address = address;
        _options = options;
        _journal = new BindingJournal(options.Host);
        _entry = isTaken ? _journal.Find(address) : null;
        IsBound = isTaken;
    }

    /// <summary>The device.</summary>
    public PciAddress Address { get; }

    /// <summary>Whether this object took it; not where the device was with a VFIO driver before, where it stays.</summary>
    public bool IsBound { get; }

    /// <summary>Takes a device from its driver and gives it to vfio-pci.</summary>
    /// <param name="address">The device.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>The binding; the caller owns it.</returns>
    /// <exception cref="BindingRefusedException">It would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">
    /// The device is absent; not permitted; vfio-pci cannot be loaded; or a step failed, and what had been done was undone.
    /// </exception>
    public static DriverBinding Bind(PciAddress address, BindOptions? options = null) =>
        Bind([address], options).First(binding => binding.Address == address);

    /// <summary>Takes several devices, all of them or none.</summary>
    /// <param name="addresses">The devices.</param>
    /// <param name="options">How; <see langword="null"/> for the defaults.</param>
    /// <returns>A binding for each device, with <see cref="BindOptions.WholeGroup"/> also for the others of their groups, the named ones first; the caller owns them.</returns>
    /// <exception cref="BindingRefusedException">It would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">A device is absent; not permitted; or a step failed, and what had been done was undone.</exception>
    public static IReadOnlyList<DriverBinding> Bind(IReadOnlyList<PciAddress> addresses, BindOptions? options = null)
    {
        options ??= new BindOptions();
        BindingPlan plan = options.HolderWait is HolderWait patience && !options.Force
            ? patience.Wait(() => BindingPlan.Compute(addresses, options))
            : BindingPlan.Compute(addresses, options);
        PersistentDevices before = PersistentDevices.Read(options.Host);
        BindingJournal journal = new(options.Host);
        // Before anything is taken: who looks after that sees an owner.
        Dictionary<PciAddress, IDisposable?> owners = plan.Devices.ToDictionary(device => device.Address, device => journal.TryOwn(device.Address));
        List<DriverBinding> bindings = [];
        try
        {
            plan = plan.Execute();
            bindings.AddRange(plan.Devices.Select(device => new DriverBinding(
                device.Address, options, plan.NewlyTaken.Contains(device.Address), !options.Persist && before.Find(device.Address) is not null, owners[device.Address])));
            return bindings;
        }
        finally
        {
            // What was not taken is not this program's to hand back.
            HashSet<PciAddress> kept = [.. bindings.Where(binding => binding.IsBound).Select(binding => binding.Address)];
            foreach (IDisposable? owner in owners.Where(item => !kept.Contains(item.Key)).Select(item => item.Value))
            {
                owner?.Dispose();
            }
        }
    }

    /// <summary>Releases the device, and throws if that fails. A second call does nothing.</summary>
    /// <param name="wait">How to wait for programs that hold the device; <see langword="null"/> to fail at once.</param>
    /// <exception cref="VfioException">
    /// The device is still open, or a step failed. The journal keeps the device: call again, or run <c>vfio release</c>.
    /// </exception>
    public void Release(HolderWait? wait = null)
    {
        // Handed back by somebody else meanwhile, and perhaps taken again: then it is not this binding's to release.
        if (_entry is null || _journal.Find(Address) is not JournalEntry current || !current.IsTakingOf(_entry))
        {
            Forget();
            return;
        }

        // Made persistent meanwhile: the host's to keep, until somebody releases it.
        if (!_wasPersistent && PersistentDevices.Read(_options.Host).Find(Address) is not null)
        {
            Forget();
            return;
        }

        ReleaseOptions options = new() { Host = _options.Host, Helper = _options.Helper, Changes = _options.Changes, Files = _options.Files, HolderWait = wait, Taking = _entry };
        ReleasePlan plan = wait is null ? ReleasePlan.Compute([Address], options) : wait.Wait(() => ReleasePlan.Compute([Address], options));
        VfioException? failure = plan.Execute().Select(outcome => outcome.Error).OfType<VfioException>().FirstOrDefault();
        if (failure is not null)
        {
            throw failure;
        }

        Forget();
    }

    /// <summary>
    /// Hands back what was taken. Never throws: what fails stays in the journal, for <c>vfio status</c> to show and
    /// <c>vfio release</c> to mend; call <see cref="Release"/> to be told.
    /// </summary>
    public void Dispose()
    {
        try
        {
            Release();
        }
        catch (VfioException)
        {
            // The journal has it; an exception here would hide the one that is under way.
        }

        Disown();
    }

    private void Forget()
    {
        _entry = null;
        Disown();
    }

    // Nobody hands it back any more, but for who reads the journal.
    private void Disown()
    {
        _owner?.Dispose();
        _owner = null;
    }
}
