using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Makes the single steps of a bind and a release on one host. Each step has a description and an action. Which steps a
/// device needs is computed from its current state, so an interrupted change is planned again rather than replayed.
/// </summary>
internal sealed class DeviceSteps(HostContext context)
{
    // If the holder is known, waiting longer is only worth it if --timeout asks for it. If none is known, the kernel
    // may just be slow: it flushes disks or unloads firmware.
    private static readonly TimeSpan HeldPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FreePatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KernelPatience = TimeSpan.FromSeconds(5);

    // The kernel reads an empty line as "no override".
    private const string NoOverride = "\n";

    private readonly PendingChange _pending = new(context.Host, context.Journal);
    private readonly HashSet<(PciAddress Device, ProcessIdentity Writer)> _noted = [];

    /// <summary>Gets what was skipped because it no longer fits the host, for the plan's warnings.</summary>
    public List<string> Dropped { get; } = [];

    /// <summary>Makes a step that skips something and records it in <see cref="Dropped"/>.</summary>
    public BindingStep Drop(string what) => new($"skip {what}", () => Dropped.Add(what));

    public BindingStep LoadModule(string module, string driver) => BindingStep.Shared($"modprobe {module}", () =>
    {
        if (!HasDriver(driver))
        {
            Load(module, () => HasDriver(driver), $"the module does not contain the driver {driver}");
        }
    });

    /// <summary>Loads a module that does not contain a driver.</summary>
    public BindingStep LoadModule(string module) =>
        BindingStep.Shared($"modprobe {module}", () => context.Changes.LoadModule(module));

    /// <summary>Loads a module, and waits until what it provides is there.</summary>
    public void Load(string module, Func<bool> isThere, string otherwise = "the module does not contain the driver")
    {
        context.Changes.LoadModule(module);
        if (!WaitUntil(isThere))
        {
            throw new VfioException("modprobe", module, otherwise, $"ls {context.Host.Combine("sys/bus/pci/drivers")} "
                + $"lists the drivers that are loaded; pass one of them to vfio bind --driver");
        }
    }

    public BindingStep Remember(JournalEntry entry) =>
        BindingStep.Shared(
            $"record in {context.Journal.PathOf(entry.Address)}: driver {entry.OriginalDriver ?? "none"}, override "
            + $"{entry.PreviousOverride ?? "none"}",
            () => Note(entry, context.Changes.StartWriter()));

    public BindingStep RememberFunctions(JournalEntry entry) =>
        BindingStep.Shared(
            $"record in {context.Journal.PathOf(entry.Address)}: {entry.PreviousFunctionCount} virtual functions",
            () => Note(entry, context.Changes.StartWriter()));

    public BindingStep Forget(PciAddress address) =>
        BindingStep.Shared($"remove {context.Journal.PathOf(address)}", () => context.Journal.Remove(address));

    /// <summary>
    /// Keeps other processes from changing the given devices, and any device of their IOMMU groups, until the lock is
    /// disposed.
    /// </summary>
    /// <exception cref="VfioException">
    /// Another process has been changing one of them for 30 s, or the wait was canceled.
    /// </exception>
    public IDisposable Lock(IReadOnlyCollection<PciAddress> devices) =>
        context.Journal.LockDevices(
            context.Changes,
            devices,
            devices.Select(context.Bus.Find).Select(device => device?.IommuGroup).OfType<int>(),
            context.Stop);

    /// <summary>
    /// Locks a device together with its virtual functions, which appear and vanish when the device is changed.
    /// </summary>
    public IDisposable LockWithFunctions(PciAddress device) =>
        Lock([device, .. context.Bus.Find(device)?.GetVirtualFunctions().Select(function => function.Address) ?? []]);

    /// <summary>
    /// Makes the step that ends a change that an earlier command left unfinished. It is only shown in a dry run, and
    /// does nothing.
    /// </summary>
    public BindingStep? EndPending(JournalEntry? entry) => _pending.FindWriter(entry) is ProcessIdentity writer
        ? new BindingStep(
            $"end process {writer.Id}, which is still making an earlier change of {entry!.Address}", () => { })
        : null;

    /// <summary>Makes sure that no child process of an earlier command is still changing the device.</summary>
    /// <exception cref="ChangePendingException">Such a child process is blocked in the kernel.</exception>
    public void Settle(PciAddress device, string operation) =>
        _pending.Settle(context.Journal.Find(device), operation, context.Patience);

    /// <summary>Reads a device's <c>driver_override</c>.</summary>
    /// <returns>The driver that it names; <see langword="null"/> if it is not set.</returns>
    /// <exception cref="VfioException">The kernel does not answer: another program is changing the device.</exception>
    public string? ReadOverride(PciDeviceInfo device) =>
        PciDeviceInfo.ParseOverride(context.Host.IsRunningHost
            ? context.Changes.Read(device.Attribute(PciDeviceInfo.OverrideAttribute))
            : SysfsFile.Read(device.Attribute(PciDeviceInfo.OverrideAttribute)));

    /// <summary>
    /// Finds the driver that another program is unbinding from a device. Until that ends, the device looks as if it had
    /// no driver.
    /// </summary>
    public string? FindLeaving(PciDeviceInfo device) =>
        device.FindDriverBeingLeft(
            path => context.Host.IsRunningHost ? context.Changes.Read(path) : SysfsFile.Read(path));

    /// <summary>Makes the step that sets a device's <c>driver_override</c>.</summary>
    /// <param name="device">The device.</param>
    /// <param name="driver">The only driver that may bind to it from now on; <see langword="null"/> for any.</param>
    public BindingStep Override(PciDeviceInfo device, string? driver) =>
        Write(device, device.Attribute(PciDeviceInfo.OverrideAttribute), driver ?? NoOverride);

    /// <summary>
    /// Makes the step that unbinds a device from its driver. The kernel, and with it the child process that writes,
    /// waits until programs close the device.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="holders">The processes that hold it, as far as they can be seen.</param>
    public BindingStep Unbind(PciDeviceInfo device, IReadOnlyList<DeviceHolder> holders) =>
        Write(
            device, Path.Combine(context.Host.PciDriver(device.Driver!), "unbind"), device.Address.ToString(), holders);

    /// <summary>
    /// Makes the step that writes an attribute of a device in a child process, which is recorded in the journal first.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="path">The attribute: one of the device, or one to which a device's address is written.</param>
    /// <param name="value">The value.</param>
    /// <param name="holders">
    /// The processes that have to close the device before the kernel completes the write, as far as they can be seen.
    /// </param>
    public BindingStep Write(
        PciDeviceInfo device, string path, string value, IReadOnlyList<DeviceHolder>? holders = null)
    {
        string waits = holders is { Count: > 0 } ? $", which waits for {string.Join(", ", holders)}" : "";
        return new BindingStep(Describe(path, value) + waits, () => WriteNow(device, path, value, holders ?? []));
    }

    private void WriteNow(PciDeviceInfo device, string path, string value, IReadOnlyList<DeviceHolder> holders)
    {
        ProcessIdentity writer = context.Changes.StartWriter();
        if (!_noted.Contains((device.Address, writer))
            && context.Journal.Find(device.Address) is { ParseError: null } entry)
        {
            Note(entry, writer);
        }

        AttributeWait wait = new(TimeFor(holders))
        {
            Stop = context.Stop,
            Slow = () => context.Patience?.Delayed?.Invoke(device.Address, WhatKernelWaitsFor(device, holders)),
        };
        if (!context.Changes.Write(path, value, wait))
        {
            string why = wait.Stop.IsCancellationRequested ? "interrupted while " : "";
            string time = wait.Stop.IsCancellationRequested || holders.Count != 0
                ? ""
                : $" after {wait.Time.TotalSeconds} s";
            throw new ChangePendingException(
                device.Address,
                Path.GetFileName(path),
                $"{why}{WhatKernelWaitsFor(device, holders)}{time}; child process {writer.Id} is blocked in the write",
                $"end the program that holds the device, then run: vfio release {device.Address}");
        }
    }

    private TimeSpan TimeFor(IReadOnlyList<DeviceHolder> holders)
    {
        TimeSpan usual = holders.Count == 0 ? FreePatience : HeldPatience;
        return context.Patience is not null && context.Patience.Timeout > usual ? context.Patience.Timeout : usual;
    }

    // A process that was not seen when the plan was made may have opened the device since, or hold it only through a
    // mapping.
    private string WhatKernelWaitsFor(PciDeviceInfo device, IReadOnlyList<DeviceHolder> holders)
    {
        if (holders.Count != 0)
        {
            return $"the kernel waits for {string.Join(", ", holders)} to close the device";
        }

        HolderReport report = new DeviceHolders(context.Host).Search(device);
        return report.Holders.Count != 0
            ? $"the kernel waits for {string.Join(", ", report.Holders)} to close the device"
            : report.Possible.Count != 0
                ? $"the kernel waits, perhaps for {string.Join(", ", report.Possible)} to close the device"
            : report.Unexamined.Count != 0 ? "the kernel waits, perhaps for a process that cannot be examined: "
                + $"{string.Join(", ", report.Unexamined.Select(holder => holder.ProcessId))}"
            : "the kernel waits, and no process is known to hold the device";
    }

    private void Note(JournalEntry entry, ProcessIdentity writer)
    {
        context.Journal.Write(entry with { Writer = writer });
        _noted.Add((entry.Address, writer));
    }

    /// <summary>Moves the device from its current driver to a VFIO driver.</summary>
    /// <param name="device">The device, which is not bound to a VFIO driver.</param>
    /// <param name="driver">The VFIO driver.</param>
    /// <param name="module">The module to load for it; <see langword="null"/> for none.</param>
    /// <param name="holders">The processes that hold the device now.</param>
    /// <param name="isPending">
    /// Whether its attributes cannot be read because an earlier change of it is unfinished.
    /// </param>
    public IEnumerable<BindingStep> Take(
        PciDeviceInfo device,
        string driver,
        string? module,
        IReadOnlyList<DeviceHolder> holders,
        bool isPending = false)
    {
        if (module is not null)
        {
            yield return LoadModule(module, driver);
        }

        if (isPending || ReadOverride(device) != driver)
        {
            yield return Override(device, driver);
        }

        if (device.Driver is not null)
        {
            yield return Unbind(device, holders);
        }

        yield return Probe(device, driver);
    }

    /// <summary>
    /// Makes the step that lets the kernel look for a driver, and checks that the expected driver was bound.
    /// </summary>
    public BindingStep Probe(PciDeviceInfo device, string driver) =>
        Bind(device, context.Host.Combine("sys/bus/pci/drivers_probe"), driver);

    /// <summary>Makes the step that lets the kernel bind any driver that matches.</summary>
    public BindingStep ProbeAny(PciDeviceInfo device) =>
        Write(device, context.Host.Combine("sys/bus/pci/drivers_probe"), device.Address.ToString());

    /// <summary>Makes the step that binds the device to a driver by name.</summary>
    public BindingStep Attach(PciDeviceInfo device, string driver) =>
        Bind(device, Path.Combine(context.Host.PciDriver(driver), "bind"), driver);

    private BindingStep Bind(PciDeviceInfo device, string path, string driver) =>
        new(Describe(path, device.Address.ToString()), () =>
        {
            WriteNow(device, path, device.Address.ToString(), []);
            WaitForDriver(device.Address, driver);
        });

    /// <summary>Makes the step that grants a user access to a device node, as soon as the node exists.</summary>
    public BindingStep Allow(string node, uint user, string name) =>
        BindingStep.Shared($"grant {name} access to {node}", () =>
        {
            if (!context.Changes.WaitUntil(() => File.Exists(node), KernelPatience)
                || AccessList.Of(node) is not AccessList list)
            {
                throw new VfioException(
                    "set the ACL of", node, "the node did not appear", "see the kernel's log: dmesg | tail");
            }

            if (!list.Allows(user))
            {
                context.Changes.SetAccess(node, list.With(user, AccessList.ReadWrite));
            }
        });

    public bool HasDriver(string driver) => Directory.Exists(context.Host.PciDriver(driver));

    public bool WaitUntil(Func<bool> condition) => context.Changes.WaitUntil(condition, KernelPatience);

    private static string Describe(string path, string value) =>
        $"write \"{value.ReplaceLineEndings("\\n")}\" to {path}";

    private void WaitForDriver(PciAddress address, string driver)
    {
        if (!WaitUntil(() => context.Bus.Find(address)?.Driver == driver))
        {
            string? other = context.Bus.Find(address)?.Driver;
            throw new VfioException(
                "bind", address.ToString(),
                other is null
                    ? $"the driver {driver} did not bind to the device"
                    : $"the driver {other} was bound to the device instead of {driver}",
                "see the kernel's log: dmesg | tail");
        }
    }
}
