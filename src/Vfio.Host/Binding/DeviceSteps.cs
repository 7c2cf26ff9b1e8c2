using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The single steps of which taking and handing back consist, for one host. Each says what it does and does it. Which of them a
/// device needs is computed from where it stands, so that what was interrupted is planned anew, not run again.
/// </summary>
internal sealed class DeviceSteps(HostContext context)
{
    // For a holder that is known, only --timeout makes it worth waiting longer. Without one the kernel may just be slow: disks are flushed, firmware is unloaded.
    private static readonly TimeSpan HeldPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FreePatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KernelPatience = TimeSpan.FromSeconds(5);

    // The kernel takes an empty line as "no override".
    private const string NoOverride = "\n";

    private readonly PendingChange _pending = new(context.Host, context.Journal);
    private readonly HashSet<(PciAddress Device, ProcessIdentity Writer)> _noted = [];

    /// <summary>What no longer fits, and was therefore left alone: to be told.</summary>
    public List<string> Dropped { get; } = [];

    /// <summary>Leaves something alone.</summary>
    public BindingStep Drop(string what) => new($"leave alone: {what}", () => Dropped.Add(what));

    public BindingStep LoadModule(string module, string driver) => BindingStep.Shared($"modprobe {module}", () =>
    {
        if (!HasDriver(driver))
        {
            Load(module, () => HasDriver(driver), $"the module brings no driver {driver}");
        }
    });

    /// <summary>Loads a module that brings no driver.</summary>
    public BindingStep LoadModule(string module) => BindingStep.Shared($"modprobe {module}", () => context.Changes.LoadModule(module));

    /// <summary>Loads a module, and waits for what it brings.</summary>
    public void Load(string module, Func<bool> isThere, string otherwise = "the module brings no driver")
    {
        context.Changes.LoadModule(module);
        if (!WaitUntil(isThere))
        {
            throw new VfioException("modprobe", module, otherwise, $"ls {context.Host.Combine("sys/bus/pci/drivers")} shows what there is; vfio bind --driver takes its name");
        }
    }

    public BindingStep Remember(JournalEntry entry) =>
        BindingStep.Shared($"remember in {context.Journal.PathOf(entry.Address)}: driver {entry.OriginalDriver ?? "none"}, override {entry.PreviousOverride ?? "none"}", () => Note(entry, context.Changes.StartWriter()));

    public BindingStep RememberFunctions(JournalEntry entry) =>
        BindingStep.Shared($"remember in {context.Journal.PathOf(entry.Address)}: {entry.PreviousFunctionCount} virtual functions", () => Note(entry, context.Changes.StartWriter()));

    public BindingStep Forget(PciAddress address) => BindingStep.Shared($"remove {context.Journal.PathOf(address)}", () => context.Journal.Remove(address));

    /// <summary>Keeps other processes from changing some devices, and any device of their groups, until the lock is disposed.</summary>
    /// <exception cref="VfioException">Another process has been changing one of them for 30 s; or the waiting was ended.</exception>
    public IDisposable Lock(IReadOnlyCollection<PciAddress> devices) =>
        context.Journal.LockDevices(context.Changes, devices, devices.Select(context.Bus.Find).Select(device => device?.IommuGroup).OfType<int>(), context.Stop);

    /// <summary>The same for a device with its virtual functions, which come and go with its changes.</summary>
    public IDisposable LockWithFunctions(PciAddress device) =>
        Lock([device, .. context.Bus.Find(device)?.GetVirtualFunctions().Select(function => function.Address) ?? []]);

    /// <summary>Ends what an earlier command left unfinished; for a dry run, which must not.</summary>
    public BindingStep? EndPending(JournalEntry? entry) => _pending.FindWriter(entry) is ProcessIdentity writer
        ? new BindingStep($"end process {writer.Id}, which makes an unfinished change of {entry!.Address}", () => { })
        : null;

    /// <summary>Makes sure that no earlier command's child changes the device any more.</summary>
    /// <exception cref="ChangePendingException">One is blocked in the kernel.</exception>
    public void Settle(PciAddress device, string operation) => _pending.Settle(context.Journal.Find(device), operation, context.Patience);

    /// <summary>Reads the override.</summary>
    /// <returns>The driver it names; <see langword="null"/> for none.</returns>
    /// <exception cref="VfioException">The kernel does not answer: another program is changing the device.</exception>
    public string? ReadOverride(PciDeviceInfo device) =>
        PciDeviceInfo.ParseOverride(context.Host.IsRunningHost ? context.Changes.Read(device.Attribute(PciDeviceInfo.OverrideAttribute)) : SysfsFile.Read(device.Attribute(PciDeviceInfo.OverrideAttribute)));

    /// <summary>Finds the driver that another program's unbind of a device takes it from, which has not ended: it looks as if it had no driver.</summary>
    public string? FindLeaving(PciDeviceInfo device) =>
        device.FindDriverBeingLeft(path => context.Host.IsRunningHost ? context.Changes.Read(path) : SysfsFile.Read(path));

    /// <param name="device">The device.</param>
    /// <param name="driver">The only driver that may take it from now on; <see langword="null"/> for any.</param>
    public BindingStep Override(PciDeviceInfo device, string? driver) => Write(device, device.Attribute(PciDeviceInfo.OverrideAttribute), driver ?? NoOverride);

    /// <summary>Takes the device from its driver. The kernel waits for programs that hold the device, and with it the child that writes.</summary>
    /// <param name="device">The device.</param>
    /// <param name="holders">Who holds it, as far as that can be seen.</param>
    public BindingStep Unbind(PciDeviceInfo device, IReadOnlyList<DeviceHolder> holders) =>
        Write(device, Path.Combine(context.Host.PciDriver(device.Driver!), "unbind"), device.Address.ToString(), holders);

    /// <summary>Writes an attribute of a device, in a child process that the journal names first.</summary>
    /// <param name="device">The device.</param>
    /// <param name="path">The attribute: the device's own, or one that takes a device's address.</param>
    /// <param name="value">The value.</param>
    /// <param name="holders">Who has to let go of the device before the kernel does this, as far as that can be seen.</param>
    public BindingStep Write(PciDeviceInfo device, string path, string value, IReadOnlyList<DeviceHolder>? holders = null)
    {
        string waits = holders is { Count: > 0 } ? $", which waits for {string.Join(", ", holders)}" : "";
        return new BindingStep(Describe(path, value) + waits, () => WriteNow(device, path, value, holders ?? []));
    }

    private void WriteNow(PciDeviceInfo device, string path, string value, IReadOnlyList<DeviceHolder> holders)
    {
        ProcessIdentity writer = context.Changes.StartWriter();
        if (!_noted.Contains((device.Address, writer)) && context.Journal.Find(device.Address) is { ParseError: null } entry)
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
            string why = wait.Stop.IsCancellationRequested ? "stopped while " : "";
            string time = wait.Stop.IsCancellationRequested || holders.Count != 0 ? "" : $" after {wait.Time.TotalSeconds} s";
            throw new ChangePendingException(
                device.Address, Path.GetFileName(path), $"{why}{WhatKernelWaitsFor(device, holders)}{time}; child process {writer.Id} waits with it",
                $"end the program that holds the device, then: vfio release {device.Address}");
        }
    }

    private TimeSpan TimeFor(IReadOnlyList<DeviceHolder> holders)
    {
        TimeSpan usual = holders.Count == 0 ? FreePatience : HeldPatience;
        return context.Patience is not null && context.Patience.Timeout > usual ? context.Patience.Timeout : usual;
    }

    // Who was not seen when the plan was made may have come since, or be hidden by a mapping.
    private string WhatKernelWaitsFor(PciDeviceInfo device, IReadOnlyList<DeviceHolder> holders)
    {
        if (holders.Count != 0)
        {
            return $"the kernel waits for {string.Join(", ", holders)} to let go";
        }

        HolderReport report = new DeviceHolders(context.Host).Search(device);
        return report.Holders.Count != 0 ? $"the kernel waits for {string.Join(", ", report.Holders)} to let go"
            : report.Possible.Count != 0 ? $"the kernel waits, perhaps for {string.Join(", ", report.Possible)}, to let go"
            : report.Unexamined.Count != 0 ? $"the kernel waits, perhaps for a process that cannot be examined: {string.Join(", ", report.Unexamined.Select(holder => holder.ProcessId))}"
            : "the kernel waits for something that cannot be seen";
    }

    private void Note(JournalEntry entry, ProcessIdentity writer)
    {
        context.Journal.Write(entry with { Writer = writer });
        _noted.Add((entry.Address, writer));
    }

    /// <summary>Takes the device from the driver that it has to a VFIO driver.</summary>
    /// <param name="device">The device, without a VFIO driver.</param>
    /// <param name="driver">The VFIO driver.</param>
    /// <param name="module">The module to load for it; <see langword="null"/> for none.</param>
    /// <param name="holders">Who holds the device now.</param>
    /// <param name="isPending">Whether an unfinished change of it keeps it from being read.</param>
    public IEnumerable<BindingStep> Take(PciDeviceInfo device, string driver, string? module, IReadOnlyList<DeviceHolder> holders, bool isPending = false)
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

    /// <summary>Lets the kernel look for a driver, and makes sure that the right one took the device.</summary>
    public BindingStep Probe(PciDeviceInfo device, string driver) => Bind(device, context.Host.Combine("sys/bus/pci/drivers_probe"), driver);

    /// <summary>Lets the kernel look for a driver, whichever.</summary>
    public BindingStep ProbeAny(PciDeviceInfo device) => Write(device, context.Host.Combine("sys/bus/pci/drivers_probe"), device.Address.ToString());

    /// <summary>Gives the device to one driver by name.</summary>
    public BindingStep Attach(PciDeviceInfo device, string driver) => Bind(device, Path.Combine(context.Host.PciDriver(driver), "bind"), driver);

    private BindingStep Bind(PciDeviceInfo device, string path, string driver) => new(Describe(path, device.Address.ToString()), () =>
    {
        WriteNow(device, path, device.Address.ToString(), []);
        WaitForDriver(device.Address, driver);
    });

    /// <summary>Lets a user open a node, once it is there.</summary>
    public BindingStep Allow(string node, uint user, string name) => BindingStep.Shared($"let {name} open {node}", () =>
    {
        if (!context.Changes.WaitUntil(() => File.Exists(node), KernelPatience) || AccessList.Of(node) is not AccessList list)
        {
            throw new VfioException("set the access list of", node, "the node did not appear", "the kernel's log (dmesg) may say why");
        }

        if (!list.Allows(user))
        {
            context.Changes.SetAccess(node, list.With(user, AccessList.ReadWrite));
        }
    });

    public bool HasDriver(string driver) => Directory.Exists(context.Host.PciDriver(driver));

    public bool WaitUntil(Func<bool> condition) => context.Changes.WaitUntil(condition, KernelPatience);

    private static string Describe(string path, string value) => $"write \"{value.ReplaceLineEndings("\\n")}\" to {path}";

    private void WaitForDriver(PciAddress address, string driver)
    {
        if (!WaitUntil(() => context.Bus.Find(address)?.Driver == driver))
        {
            string? other = context.Bus.Find(address)?.Driver;
            throw new VfioException(
                "bind", address.ToString(),
                other is null ? $"the driver {driver} did not take the device" : $"the driver {other} took the device instead of {driver}",
                "the kernel's log says why: dmesg | tail");
        }
    }
}
