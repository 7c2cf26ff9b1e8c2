using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// A device that is bound to VFIO for as long as this object lives. Disposing the object releases the device: it
/// restores the original driver, the driver override, the network interfaces and the permissions.
/// </summary>
/// <remarks>
/// Needs root, unless the device is bound to a VFIO driver already; then nothing is changed, now or at the end. Close
/// the <see cref="VfioDevice"/> first, because the kernel waits until every program has closed the device. Not
/// thread-safe.
/// </remarks>
public sealed class DriverBinding : IDisposable
{
    private readonly BindOptions _options;
    private readonly BindingJournal _journal;
    private readonly bool _wasPersistent;
    private JournalEntry? _entry;
    private IDisposable? _owner; // held until the device is released

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

    /// <summary>Gets the device's address.</summary>
    public PciAddress Address { get; }

    /// <summary>
    /// Gets whether this object bound the device. <see langword="false"/> if it was bound to a VFIO driver before,
    /// where it stays.
    /// </summary>
    public bool IsBound { get; }

    /// <summary>Unbinds a device from its driver and binds it to vfio-pci, or to the driver of the options.</summary>
    /// <param name="address">The device.</param>
    /// <param name="options">How to bind it; <see langword="null"/> for the defaults.</param>
    /// <returns>The binding; the caller owns it.</returns>
    /// <exception cref="BindingRefusedException">The bind would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">
    /// The device is absent; the user may not bind it; vfio-pci cannot be loaded; or a step failed, and the steps
    /// before it were undone.
    /// </exception>
    public static DriverBinding Bind(PciAddress address, BindOptions? options = null) =>
        Bind([address], options).First(binding => binding.Address == address);

    /// <summary>Binds several devices, all of them or none.</summary>
    /// <param name="addresses">The devices.</param>
    /// <param name="options">How to bind them; <see langword="null"/> for the defaults.</param>
    /// <returns>
    /// A binding for each device, and with <see cref="BindOptions.WholeGroup"/> also for the other devices of their
    /// groups, the named ones first. The caller disposes them.
    /// </returns>
    /// <exception cref="BindingRefusedException">The bind would harm the host; nothing was changed.</exception>
    /// <exception cref="VfioException">
    /// A device is absent; the user may not bind it; or a step failed, and the steps before it were undone.
    /// </exception>
    public static IReadOnlyList<DriverBinding> Bind(IReadOnlyList<PciAddress> addresses, BindOptions? options = null)
    {
        options ??= new BindOptions();
        BindingPlan plan = options.HolderWait is HolderWait patience && !options.Force
            ? patience.Wait(() => BindingPlan.Compute(addresses, options))
            : BindingPlan.Compute(addresses, options);
        PersistentDevices before = PersistentDevices.Read(options.Host);
        BindingJournal journal = new(options.Host);
        // Become the owner before binding, so that a program that watches bound devices never sees one without an
        // owner.
        Dictionary<PciAddress, IDisposable?> owners = plan.Devices.ToDictionary(
            device => device.Address, device => journal.TryOwn(device.Address));
        List<DriverBinding> bindings = [];
        try
        {
            plan = plan.Execute();
            bindings.AddRange(plan.Devices.Select(device => new DriverBinding(
                device.Address,
                options,
                plan.NewlyBound.Contains(device.Address),
                !options.Persist && before.Find(device.Address) is not null,
                owners[device.Address])));
            return bindings;
        }
        finally
        {
            // This program does not release what it did not bind.
            HashSet<PciAddress> kept =
                [.. bindings.Where(binding => binding.IsBound).Select(binding => binding.Address)];
            foreach (IDisposable? owner in owners.Where(item => !kept.Contains(item.Key)).Select(item => item.Value))
            {
                owner?.Dispose();
            }
        }
    }

    /// <summary>
    /// Releases the device if this object bound it, and throws if that fails. Calling it more than once is harmless.
    /// </summary>
    /// <param name="wait">
    /// How to wait for programs that hold the device; <see langword="null"/> to fail immediately if there is one.
    /// </param>
    /// <exception cref="VfioException">
    /// The device is still open, or a step failed. The journal keeps the device: call this again, or run <c>vfio
    /// release</c>.
    /// </exception>
    public void Release(HolderWait? wait = null)
    {
        // If another program has released the device meanwhile, and perhaps bound it again, this object may not release
        // it.
        if (_entry is null || _journal.Find(Address) is not JournalEntry current || !current.IsSameBindAs(_entry))
        {
            Forget();
            return;
        }

        // A device that was made persistent meanwhile stays bound until it is released explicitly.
        if (!_wasPersistent && PersistentDevices.Read(_options.Host).Find(Address) is not null)
        {
            Forget();
            return;
        }

        ReleaseOptions options = new()
        {
            Host = _options.Host,
            Helper = _options.Helper,
            Changes = _options.Changes,
            Files = _options.Files,
            HolderWait = wait,
            OnlyBind = _entry,
        };
        ReleasePlan plan = wait is null
            ? ReleasePlan.Compute([Address], options)
            : wait.Wait(() => ReleasePlan.Compute([Address], options));
        VfioException? failure = plan.Execute()
            .Select(outcome => outcome.Error)
            .OfType<VfioException>()
            .FirstOrDefault();
        if (failure is not null)
        {
            throw failure;
        }

        Forget();
    }

    /// <summary>
    /// Releases the device if this object bound it. Never throws: a device that cannot be released stays in the
    /// journal, where <c>vfio status</c> shows it and <c>vfio release</c> releases it. Call <see cref="Release"/> to
    /// get the exception.
    /// </summary>
    public void Dispose()
    {
        try
        {
            Release();
        }
        catch (VfioException)
        {
            // The journal still has the device. An exception from Dispose would hide the one that may be propagating.
        }

        Disown();
    }

    private void Forget()
    {
        _entry = null;
        Disown();
    }

    // From now on no process owns the device; it is released through the journal.
    private void Disown()
    {
        _owner?.Dispose();
        _owner = null;
    }
}
