using System.Text;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Makes the steps for the files that make devices persistent: the state file, which is written first and removed last,
/// and the udev rules and systemd unit that follow from it. Also makes the steps for the rules in <c>/run</c> through
/// which a user gets access to a device again after a hot-plug.
/// </summary>
/// <param name="context">The host.</param>
/// <param name="driverOf">Gets the VFIO driver to which a device is bound.</param>
internal sealed class PersistentFiles(HostContext context, Func<PciDeviceInfo, string> driverOf)
{
    private const string RulesFile = "etc/udev/rules.d/10-vfio.rules";

    // The two files need different names: of two rule files with the same name, udev reads only the one in /etc.
    private const string UserRulesFile = "run/udev/rules.d/10-vfio-users.rules";
    private const string UnitFile = $"etc/systemd/system/{SystemdUnit.Name}";
    private const string LinkFile = $"etc/systemd/system/sysinit.target.wants/{SystemdUnit.Name}";

    private readonly FileChanges _changes = new(context.Files);

    public bool HasUdev => File.Exists(context.Host.Combine("run/udev/control"));

    private bool HasSystemd => Directory.Exists(context.Host.Combine("run/systemd/system"));

    /// <summary>Gets the reasons why devices cannot be made persistent.</summary>
    public IEnumerable<BindingRefusal> Refusals(IReadOnlyList<PciDeviceInfo> devices)
    {
        DriverctlOverrides driverctl = new(context.Host);
        foreach (PciDeviceInfo device in devices)
        {
            if (driverctl.Find(device.Address) is string other && other != driverOf(device))
            {
                yield return new BindingRefusal(
                    device.Address,
                    RefusalReason.Driverctl,
                    $"driverctl binds it to {other} at every boot ({driverctl.PathOf(device.Address)})",
                    canForce: false);
            }
        }

        if (devices.Count != 0
            && InstalledProgram.Objection(context.Host, context.Program, out string program) is string objection)
        {
            yield return new BindingRefusal(
                devices[0].Address,
                RefusalReason.Program,
                $"{program}, which root would run at every boot, {objection}",
                canForce: false,
                InstalledProgram.HintFor(context.Program));
        }
    }

    /// <summary>Gets what the user should know about binding these devices.</summary>
    public IEnumerable<string> Notes(IReadOnlyList<PciDeviceInfo> devices, BindOptions options)
    {
        DriverctlOverrides driverctl = new(context.Host);
        foreach (PciDeviceInfo device in devices)
        {
            if (driverctl.Find(device.Address) is string other && other != driverOf(device))
            {
                yield return $"driverctl will bind {device.Address} to {other} at the next boot and after a hot-plug: "
                    + $"{driverctl.PathOf(device.Address)} is not changed";
            }
        }

        PersistentDevices state = context.Persistent;
        foreach (PciDeviceInfo device in devices)
        {
            if (!options.Persist
                && options.User is not null
                && state.Find(device.Address)?.User is string owner
                && owner != Users.Get(options.User).Name)
            {
                yield return $"after a reboot {device.Address} will be bound for user {owner} again, for whom it is "
                    + "persistent; bind it with --persist to change that";
            }

            if (options.Persist && device.GetPhysicalFunction() is not null)
            {
                yield return $"{device.Address} is a virtual function: after a reboot it is bound only when it has "
                    + "been enabled again, which vfio does not do";
            }

            if (options.Persist
                && device.HasVfioDriver
                && context.Journal.Find(device.Address) is not { IsBound: true })
            {
                yield return $"{device.Address} is bound to {device.Driver} already, but not by vfio, so a "
                    + "release leaves it there";
            }
        }

        foreach (string note in NotesOnAll(options))
        {
            yield return note;
        }
    }

    private IEnumerable<string> NotesOnAll(BindOptions options)
    {
        if (options is { Persist: true, Force: true })
        {
            yield return "after a reboot the devices are bound only if the host does not use them then: --force "
                + "applies only to this bind";
        }

        if (options is { User: not null, Persist: false }
            && HasUdev
            && InstalledProgram.Objection(context.Host, context.Program, out string program) is string objection)
        {
            yield return $"after a hot-plug the devices will not be bound for user {options.User} again: {program} "
                + $"{objection}, so udev must not run it";
        }
    }

    /// <summary>
    /// Makes the steps that make devices persistent, to run after the devices are bound. The list is empty if
    /// the devices are persistent already with the same settings.
    /// </summary>
    /// <exception cref="VfioException">udev does not run, or the existing file is corrupt.</exception>
    public IEnumerable<BindingStep> Add(IReadOnlyList<PciDeviceInfo> devices, string? user)
    {
        if (!HasUdev)
        {
            throw new VfioException(
                "persist",
                devices[0].Address.ToString(),
                "udev, which would bind the device again, does not run on this host",
                "omit --persist, and bind the device after each boot");
        }

        PersistentDevices state = ThrowIfCorrupt(context.Persistent);
        _ = InstalledProgram.Objection(context.Host, context.Program, out string program);
        return state.Program == program && devices.All(device => IsKept(state, device, user)) && IsWritten(state)
            ? []
            : WriteAll(state, devices, program);
    }

    private List<BindingStep> WriteAll(
        PersistentDevices state, IReadOnlyList<PciDeviceInfo> devices, string program)
    {
        string[] needed = [.. PersistentFormat.Folders.Where(
            folder => HasSystemd || !folder.StartsWith("etc/systemd", StringComparison.Ordinal))];
        string[] missing = [.. needed.Where(folder => !Directory.Exists(context.Host.Combine(folder)))];
        string[] created = [.. PersistentFormat.Folders.Where(
            folder => state.CreatedFolders.Contains(folder) || missing.Contains(folder))];
        PersistentState After() =>
            new(program, created, Merge(ThrowIfCorrupt(PersistentDevices.Read(context.Host)).Entries, devices));
        string what = string.Join(", ", devices.Select(device => $"{device.Address} for {driverOf(device)}"));
        List<BindingStep> steps =
        [
            .. missing.Take(missing.Contains("etc/vfio") ? 1 : 0)
                .Select(folder => _changes.MakeFolder(context.Host.Combine(folder))),
            _changes.Write(
                context.Host.Combine(PersistentDevices.StateFile), what, () => PersistentFormat.Write(After())),
            .. missing.Where(folder => folder != "etc/vfio")
                .Select(folder => _changes.MakeFolder(context.Host.Combine(folder))),
            _changes.Write(context.Host.Combine(RulesFile), "a rule for each device", () => Encoding.UTF8.GetBytes(
                UdevRules.Text(program, ThrowIfCorrupt(PersistentDevices.Read(context.Host)).Entries))),
        ];
        if (HasSystemd)
        {
            steps.Add(_changes.Write(
                context.Host.Combine(UnitFile),
                "for the order at boot",
                () => Encoding.UTF8.GetBytes(SystemdUnit.Text(program))));
            if (SysfsFile.ReadLink(context.Host.Combine(LinkFile)) is null)
            {
                steps.Add(_changes.Link(context.Host.Combine(LinkFile), $"/{UnitFile}"));
            }
        }

        return steps;
    }

    /// <summary>
    /// Makes the steps that end the persistence of devices. When the last one is removed, all files are removed.
    /// </summary>
    /// <param name="addresses">The devices, persistent or not.</param>
    /// <param name="released">When only planning: devices whose persistence will have ended before.</param>
    /// <param name="force">Whether to remove a corrupt file, with its rules and unit.</param>
    public IEnumerable<BindingStep> Remove(
        IReadOnlyCollection<PciAddress> addresses, IReadOnlyCollection<PciAddress> released, bool force)
    {
        PersistentDevices state = context.Persistent;
        if (state.ParseError is not null)
        {
            return force ? RemoveAll(["etc/vfio"]) : [];
        }

        if (!addresses.Any(address => state.Find(address) is not null))
        {
            return [];
        }

        PersistentDevice[] left =
            [.. state.Entries.Where(entry => !addresses.Contains(entry.Address) && !released.Contains(entry.Address))];
        return left.Length == 0 ? RemoveAll(state.CreatedFolders) :
        [
            _changes.Write(
                context.Host.Combine(RulesFile),
                $"without {string.Join(", ", addresses)}",
                () => Encoding.UTF8.GetBytes(UdevRules.Text(state.Program!, left))),
            _changes.Write(
                context.Host.Combine(PersistentDevices.StateFile), $"without {string.Join(", ", addresses)}",
                () => PersistentFormat.Write(new PersistentState(state.Program!, state.CreatedFolders, left))),
        ];
    }

    /// <summary>
    /// Makes the steps for the rule through which devices are bound for their user again after a hot-plug.
    /// </summary>
    /// <param name="devices">The devices.</param>
    /// <param name="persist">Whether they are made persistent; then another rule does it.</param>
    public IEnumerable<BindingStep> FollowUser(IReadOnlyList<PciDeviceInfo> devices, bool persist)
    {
        if (!HasUdev || InstalledProgram.Objection(context.Host, context.Program, out string program) is not null)
        {
            return [];
        }

        string path = context.Host.Combine(UserRulesFile);
        PersistentDevices state = context.Persistent;
        string? now = TextOf(path);
        string? after = UdevRules.Replace(
            now, [.. devices.Select(device => device.Address)],
            devices.Where(device => !persist && state.Find(device.Address) is null)
                .Select(device => UdevRules.Rule(program, device, driverOf(device))));
        if (after is null)
        {
            return now is null ? [] : RemoveUserRules(path);
        }

        string folder = Path.GetDirectoryName(path)!;
        return after == now ? [] :
        [
            .. Directory.Exists(folder) ? Array.Empty<BindingStep>() : [_changes.MakeFolder(folder)],
            _changes.Write(path, "for a hot-plug", () => Encoding.UTF8.GetBytes(after)),
        ];
    }

    /// <summary>Makes the steps that remove devices from those rules.</summary>
    public IEnumerable<BindingStep> UnfollowUser(
        IReadOnlyCollection<PciAddress> addresses, IReadOnlyCollection<PciAddress> released)
    {
        string path = context.Host.Combine(UserRulesFile);
        if (TextOf(path) is not string now || !UdevRules.Has(now, addresses))
        {
            return [];
        }

        return UdevRules.Replace(now, [.. addresses, .. released], []) is string after
            ? [_changes.Write(path, $"without {string.Join(", ", addresses)}", () => Encoding.UTF8.GetBytes(after))]
            : RemoveUserRules(path);
    }

    private BindingStep[] RemoveUserRules(string path) =>
        [_changes.Remove(path), _changes.RemoveFolder(Path.GetDirectoryName(path)!)];

    private List<BindingStep> RemoveAll(IReadOnlyList<string> folders)
    {
        const string Own = "etc/vfio";
        string[] files = [LinkFile, UnitFile, RulesFile];
        return
        [
            .. files.Where(file => Path.Exists(context.Host.Combine(file))
                || SysfsFile.ReadLink(context.Host.Combine(file)) is not null)
                .Select(file => _changes.Remove(context.Host.Combine(file))),
            // Inner folders before outer ones. The state file comes last, because only it records which folders were
            // created.
            .. folders.Where(folder => folder != Own)
                .OrderByDescending(folder => folder.Length)
                .Select(folder => _changes.RemoveFolder(context.Host.Combine(folder))),
            _changes.Remove(context.Host.Combine(PersistentDevices.StateFile)),
            .. folders.Where(folder => folder == Own)
                .Select(folder => _changes.RemoveFolder(context.Host.Combine(folder))),
        ];
    }

    private static PersistentDevices ThrowIfCorrupt(PersistentDevices state) =>
        state.ParseError is null ? state : throw state.Corrupt();

    private bool IsKept(PersistentDevices state, PciDeviceInfo device, string? user) =>
        state.Find(device.Address) is PersistentDevice kept
        && (kept.VendorId, kept.DeviceId, kept.Driver) == (device.VendorId, device.DeviceId, driverOf(device))
        && (user is null || kept.User == user || kept.Driver == JournalEntry.NoDriver);

    private bool IsWritten(PersistentDevices state) =>
        TextOf(context.Host.Combine(RulesFile)) == UdevRules.Text(state.Program!, state.Entries)
        && (!HasSystemd
            || (TextOf(context.Host.Combine(UnitFile)) == SystemdUnit.Text(state.Program!)
                && SysfsFile.ReadLink(context.Host.Combine(LinkFile)) is not null));

    // By now every one of the devices is in the journal.
    private PersistentDevice[] Merge(IReadOnlyList<PersistentDevice> before, IReadOnlyList<PciDeviceInfo> devices)
    {
        IEnumerable<PersistentDevice> added = devices.Select(
            device => context.Journal.Find(device.Address) is { ParseError: null } entry
                && UdevRules.IsPlain(entry.Driver)
                ? PersistentDevice.Of(entry)
                : throw new VfioException(
                    "persist",
                    device.Address.ToString(),
                    "it has no valid journal entry",
                    $"run vfio release {device.Address}, then bind it again"));
        return [.. before.Where(entry => devices.All(device => device.Address != entry.Address))
            .Concat(added)
            .OrderBy(entry => entry.Address)];
    }

    private static string? TextOf(string path) =>
        FileChanges.Read(path) is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;
}
