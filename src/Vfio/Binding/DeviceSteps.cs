using Vfio.Interop;

namespace Vfio.Binding;

/// <summary>
/// The single steps of which taking and handing back consist, for one host. Each says what it does and does it. Which of them a
/// device needs is computed from where it stands, so that what was interrupted is planned anew, not run again.
/// </summary>
internal sealed class DeviceSteps(HostRoot host, IHostChanges changes, BindingJournal journal)
{
    private static readonly TimeSpan ChildPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KernelPatience = TimeSpan.FromSeconds(5);

    public PciBus Bus { get; } = new(host);

    /// <summary>What no longer fits, and was therefore left alone: to be told.</summary>
    public List<string> Dropped { get; } = [];

    /// <summary>Leaves something alone.</summary>
    public BindingStep Drop(string what) => new($"leave alone: {what}", () => Dropped.Add(what));

    public BindingStep LoadModule(string module, string driver) => new($"modprobe {module}", () =>
    {
        if (!HasDriver(driver))
        {
            Load(module, () => HasDriver(driver), $"the module brings no driver {driver}");
        }
    });

    /// <summary>Loads a module, and waits for what it brings.</summary>
    public void Load(string module, Func<bool> isThere, string otherwise = "the module brings no driver")
    {
        changes.LoadModule(module);
        if (!WaitUntil(isThere))
        {
            throw new VfioException("modprobe", module, otherwise, $"ls {host.Combine("sys/bus/pci/drivers")} shows what there is; vfio bind --driver takes its name");
        }
    }

    public BindingStep Remember(JournalEntry entry) =>
        new($"remember in {journal.PathOf(entry.Address)}: driver {entry.DriverBefore ?? "none"}, override {entry.OverrideBefore ?? "none"}", () => journal.Write(entry));

    public BindingStep RememberFunctions(JournalEntry entry) => new(
        $"remember in {journal.PathOf(entry.Address)}: {entry.FunctionsBefore} virtual functions", () => journal.Write(entry));

    public BindingStep Forget(PciAddress address) => new($"remove {journal.PathOf(address)}", () => journal.Remove(address));

    /// <param name="device">The device.</param>
    /// <param name="driver">The only driver that may take it from now on; <see langword="null"/> for any.</param>
    public BindingStep Override(PciDeviceInfo device, string? driver)
    {
        string path = device.Attribute("driver_override");
        // The kernel takes an empty line as "no override".
        return Write(path, driver ?? "\n");
    }

    /// <summary>Takes the device from its driver: by itself where nobody holds it, else in a child process that may wait.</summary>
    /// <param name="device">The device.</param>
    /// <param name="holders">Who holds it, as far as that can be seen.</param>
    /// <param name="patience">How long the kernel is given; null for a moment.</param>
    /// <param name="isUsers">Whether it is an ordinary user's, who may hold it unseen: by a mapping, or a descriptor that is on its way to another process.</param>
    public BindingStep Unbind(PciDeviceInfo device, IReadOnlyList<DeviceHolder> holders, TimeSpan? patience = null, bool isUsers = false) =>
        holders.Count == 0 && !isUsers ? UnbindFree(device) : UnbindHeld(device, holders, patience ?? ChildPatience);

    private BindingStep UnbindFree(PciDeviceInfo device) => Write(Path.Combine(host.PciDriver(device.Driver!), "unbind"), device.Address.ToString());

    private BindingStep UnbindHeld(PciDeviceInfo device, IReadOnlyList<DeviceHolder> holders, TimeSpan patience) =>
        WriteHeld(device, Path.Combine(host.PciDriver(device.Driver!), "unbind"), device.Address.ToString(), holders, patience);

    /// <summary>A write by which the kernel takes something away that is held: a child process stays in the kernel until whoever holds it lets go.</summary>
    public BindingStep WriteHeld(PciDeviceInfo device, string path, string value, IReadOnlyList<DeviceHolder> holders, TimeSpan? patience) =>
        new($"{Describe(path, value)}, in a child process that {(holders.Count == 0 ? "may wait" : $"waits for {string.Join(", ", holders)}")}", () =>
        {
            if (changes.WriteInChild(path, value, patience ?? ChildPatience) is int child)
            {
                throw new VfioException(
                    "unbind", device.Address.ToString(), $"the kernel waits for {(holders.Count == 0 ? "somebody who is not to be seen" : string.Join(", ", holders))} to let go; child process {child} waits with it",
                    $"end that program, then: vfio release {device.Address}");
            }
        });

    /// <summary>Takes the device from the driver that it has to a VFIO driver.</summary>
    /// <param name="device">The device, without a VFIO driver.</param>
    /// <param name="driver">The VFIO driver.</param>
    /// <param name="module">The module to load for it; <see langword="null"/> for none.</param>
    /// <param name="holders">Who holds the device now.</param>
    public IEnumerable<BindingStep> Take(PciDeviceInfo device, string driver, string? module, IReadOnlyList<DeviceHolder> holders)
    {
        if (module is not null)
        {
            yield return LoadModule(module, driver);
        }

        if (device.ReadDriverOverride() != driver)
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
    public BindingStep Probe(PciDeviceInfo device, string driver)
    {
        string path = host.Combine("sys/bus/pci/drivers_probe");
        return new BindingStep(Describe(path, device.Address.ToString()), () =>
        {
            changes.Write(path, device.Address.ToString());
            WaitForDriver(device.Address, driver);
        });
    }

    /// <summary>Lets the kernel look for a driver, whichever.</summary>
    public BindingStep ProbeAny(PciDeviceInfo device) => Write(host.Combine("sys/bus/pci/drivers_probe"), device.Address.ToString());

    /// <summary>Gives the device to one driver by name.</summary>
    public BindingStep Attach(PciDeviceInfo device, string driver)
    {
        string path = Path.Combine(host.PciDriver(driver), "bind");
        return new BindingStep(Describe(path, device.Address.ToString()), () =>
        {
            changes.Write(path, device.Address.ToString());
            WaitForDriver(device.Address, driver);
        });
    }

    /// <summary>Lets a user open a node, once it is there.</summary>
    public BindingStep Allow(string node, uint user, string name) => new($"let {name} open {node}", () =>
    {
        if (!changes.WaitUntil(() => File.Exists(node), KernelPatience) || AccessList.Of(node) is not AccessList list)
        {
            throw new VfioException("set the access list of", node, "the node did not appear", "the kernel's log (dmesg) may say why");
        }

        if (!list.Allows(user))
        {
            changes.SetAccess(node, list.With(user, AccessList.ReadWrite));
        }
    });

    public bool HasDriver(string driver) => Directory.Exists(host.PciDriver(driver));

    public bool WaitUntil(Func<bool> condition) => changes.WaitUntil(condition, KernelPatience);

    public BindingStep Write(string path, string value) => new(Describe(path, value), () => changes.Write(path, value));

    private static string Describe(string path, string value) => $"write \"{value.ReplaceLineEndings("\\n")}\" to {path}";

    private void WaitForDriver(PciAddress address, string driver)
    {
        if (!WaitUntil(() => Bus.Find(address)?.Driver == driver))
        {
            string? other = Bus.Find(address)?.Driver;
            throw new VfioException(
                "bind", address.ToString(),
                other is null ? $"the driver {driver} did not take the device" : $"the driver {other} took the device instead of {driver}",
                "the kernel's log says why: dmesg | tail");
        }
    }
}
