using System.Text;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The files that make devices persistent, as steps: the state, which is written first and removed last, and what follows from it, udev's rules and systemd's unit.
/// And the rules in <c>/run</c> by which a user's device that is plugged in again is that user's again.
/// </summary>
/// <param name="context">The host.</param>
/// <param name="driverOf">The VFIO driver that a device is taken for.</param>
internal sealed class PersistentFiles(HostContext context, Func<PciDeviceInfo, string> driverOf)
{
    private const string RulesFile = "etc/udev/rules.d/10-vfio.rules";

    // Not the name of the other: of two files with one name udev reads that in /etc alone.
    private const string UserRulesFile = "run/udev/rules.d/10-vfio-users.rules";
    private const string UnitFile = $"etc/systemd/system/{SystemdUnit.Name}";
    private const string LinkFile = $"etc/systemd/system/sysinit.target.wants/{SystemdUnit.Name}";

    private readonly FileChanges _changes = new(context.Files);

    public bool HasUdev => File.Exists(context.Host.Combine("run/udev/control"));

    private bool HasSystemd => Directory.Exists(context.Host.Combine("run/systemd/system"));

    /// <summary>Why devices cannot be made persistent.</summary>
    public IEnumerable<BindingRefusal> Refusals(IReadOnlyList<PciDeviceInfo> devices)
    {
        DriverctlOverrides driverctl = new(context.Host);
        foreach (PciDeviceInfo device in devices)
        {
            if (driverctl.Find(device.Address) is string other && other != driverOf(device))
            {
                yield return new BindingRefusal(device.Address, RefusalReason.Driverctl, $"driverctl gives it to {other} at every boot ({driverctl.PathOf(device.Address)})", canForce: false);
            }
        }

        if (devices.Count != 0 && InstalledProgram.Objection(context.Host, context.Program, out string program) is string objection)
        {
            yield return new BindingRefusal(devices[0].Address, RefusalReason.Program, $"{program}, which root would run at every boot, {objection}", canForce: false, InstalledProgram.HintFor(context.Program));
        }
    }

    /// <summary>What a person should know who takes devices.</summary>
    public IEnumerable<string> Notes(IReadOnlyList<PciDeviceInfo> devices, BindOptions options)
    {
        DriverctlOverrides driverctl = new(context.Host);
        foreach (PciDeviceInfo device in devices)
        {
            if (driverctl.Find(device.Address) is string other && other != driverOf(device))
            {
                yield return $"driverctl gives {device.Address} to {other} at the next boot and when it is plugged in: {driverctl.PathOf(device.Address)}, which stays as it is";
            }
        }

        PersistentDevices state = context.Persistent;
        foreach (PciDeviceInfo device in devices)
        {
            if (!options.Persist && options.User is not null && state.Find(device.Address)?.User is string owner && owner != Users.Get(options.User).Name)
            {
                yield return $"after a reboot {device.Address} is {owner}'s again, for whom it is persistent; bind it with --persist to change that";
            }

            if (options.Persist && device.GetPhysicalFunction() is not null)
            {
                yield return $"{device.Address} is a virtual function: after a reboot it is taken when something has made it again, which vfio does not";
            }

            if (options.Persist && device.HasVfioDriver && context.Journal.Find(device.Address) is not { IsBound: true })
            {
                yield return $"{device.Address} is with {device.Driver} already, not by vfio: a release leaves it there";
            }
        }

        if (options is { Persist: true, Force: true })
        {
            yield return "after a reboot they are taken only where nothing on the host uses them by then: --force is for now";
        }

        if (options is { User: not null, Persist: false } && HasUdev && InstalledProgram.Objection(context.Host, context.Program, out string program) is string objection)
        {
            yield return $"plugged in again, the devices are no longer {options.User}'s: {program} {objection}, so udev must not call it";
        }
    }

    /// <summary>What makes devices persistent that are taken by then; nothing where they are already, as they should be.</summary>
    /// <exception cref="VfioException">There is no udev, or the file that is there cannot be believed.</exception>
    public IEnumerable<BindingStep> Add(IReadOnlyList<PciDeviceInfo> devices, string? user)
    {
        if (!HasUdev)
        {
            throw new VfioException("persist", devices[0].Address.ToString(), "no udev runs on this host, which would take the device again", "leave --persist away, and bind at each boot");
        }

        PersistentDevices state = Sound(context.Persistent);
        _ = InstalledProgram.Objection(context.Host, context.Program, out string program);
        if (state.Program == program && devices.All(device => IsKept(state, device, user)) && IsWritten(state))
        {
            return [];
        }

        string[] needed = [.. PersistentFormat.Folders.Where(folder => HasSystemd || !folder.StartsWith("etc/systemd", StringComparison.Ordinal))];
        string[] missing = [.. needed.Where(folder => !Directory.Exists(context.Host.Combine(folder)))];
        string[] created = [.. PersistentFormat.Folders.Where(folder => state.CreatedFolders.Contains(folder) || missing.Contains(folder))];
        PersistentState After() => new(program, created, Merge(Sound(PersistentDevices.Read(context.Host)).Entries, devices));
        string what = string.Join(", ", devices.Select(device => $"{device.Address} for {driverOf(device)}"));
        List<BindingStep> steps =
        [
            .. missing.Take(missing.Contains("etc/vfio") ? 1 : 0).Select(folder => _changes.MakeFolder(context.Host.Combine(folder))),
            _changes.Write(context.Host.Combine(PersistentDevices.StateFile), what, () => PersistentFormat.Write(After())),
            .. missing.Where(folder => folder != "etc/vfio").Select(folder => _changes.MakeFolder(context.Host.Combine(folder))),
            _changes.Write(context.Host.Combine(RulesFile), "a rule for each", () => Encoding.UTF8.GetBytes(UdevRules.Text(program, Sound(PersistentDevices.Read(context.Host)).Entries))),
        ];
        if (HasSystemd)
        {
            steps.Add(_changes.Write(context.Host.Combine(UnitFile), "for the order at boot", () => Encoding.UTF8.GetBytes(SystemdUnit.Text(program))));
            if (SysfsFile.ReadLink(context.Host.Combine(LinkFile)) is null)
            {
                steps.Add(_changes.Link(context.Host.Combine(LinkFile), $"/{UnitFile}"));
            }
        }

        return steps;
    }

    /// <summary>What ends the persistence of devices; with the last one goes all.</summary>
    /// <param name="addresses">The devices, persistent or not.</param>
    /// <param name="released">Those whose persistence will have ended before, when only planning.</param>
    /// <param name="force">Whether a file that cannot be believed goes with its rules and unit.</param>
    public IEnumerable<BindingStep> Remove(IReadOnlyCollection<PciAddress> addresses, IReadOnlyCollection<PciAddress> released, bool force)
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

        PersistentDevice[] left = [.. state.Entries.Where(entry => !addresses.Contains(entry.Address) && !released.Contains(entry.Address))];
        return left.Length == 0 ? RemoveAll(state.CreatedFolders) :
        [
            _changes.Write(context.Host.Combine(RulesFile), $"without {string.Join(", ", addresses)}", () => Encoding.UTF8.GetBytes(UdevRules.Text(state.Program!, left))),
            _changes.Write(
                context.Host.Combine(PersistentDevices.StateFile), $"without {string.Join(", ", addresses)}",
                () => PersistentFormat.Write(new PersistentState(state.Program!, state.CreatedFolders, left))),
        ];
    }

    /// <summary>The rule by which a user's devices are the user's again when they are plugged in again.</summary>
    /// <param name="devices">The devices.</param>
    /// <param name="persist">Whether they are made persistent: then another rule does it.</param>
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
            devices.Where(device => !persist && state.Find(device.Address) is null).Select(device => UdevRules.Rule(program, device, driverOf(device))));
        if (after is null)
        {
            return now is null ? [] : RemoveUserRules(path);
        }

        string folder = Path.GetDirectoryName(path)!;
        return after == now ? [] :
        [
            .. Directory.Exists(folder) ? Array.Empty<BindingStep>() : [_changes.MakeFolder(folder)],
            _changes.Write(path, "for when it is plugged in again", () => Encoding.UTF8.GetBytes(after)),
        ];
    }

    /// <summary>What takes devices out of those rules.</summary>
    public IEnumerable<BindingStep> UnfollowUser(IReadOnlyCollection<PciAddress> addresses, IReadOnlyCollection<PciAddress> released)
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

    private BindingStep[] RemoveUserRules(string path) => [_changes.Remove(path), _changes.RemoveFolder(Path.GetDirectoryName(path)!)];

    private List<BindingStep> RemoveAll(IReadOnlyList<string> folders)
    {
        const string Own = "etc/vfio";
        string[] files = [LinkFile, UnitFile, RulesFile];
        return
        [
            .. files.Where(file => Path.Exists(context.Host.Combine(file)) || SysfsFile.ReadLink(context.Host.Combine(file)) is not null).Select(file => _changes.Remove(context.Host.Combine(file))),
            // The inner before the outer; the state after all that it alone knows of.
            .. folders.Where(folder => folder != Own).OrderByDescending(folder => folder.Length).Select(folder => _changes.RemoveFolder(context.Host.Combine(folder))),
            _changes.Remove(context.Host.Combine(PersistentDevices.StateFile)),
            .. folders.Where(folder => folder == Own).Select(folder => _changes.RemoveFolder(context.Host.Combine(folder))),
        ];
    }

    private static PersistentDevices Sound(PersistentDevices state) => state.ParseError is null ? state : throw state.Damaged();

    private bool IsKept(PersistentDevices state, PciDeviceInfo device, string? user) =>
        state.Find(device.Address) is PersistentDevice kept && (kept.VendorId, kept.DeviceId, kept.Driver) == (device.VendorId, device.DeviceId, driverOf(device))
        && (user is null || kept.User == user || kept.Driver == JournalEntry.NoDriver);

    private bool IsWritten(PersistentDevices state) =>
        TextOf(context.Host.Combine(RulesFile)) == UdevRules.Text(state.Program!, state.Entries)
        && (!HasSystemd || (TextOf(context.Host.Combine(UnitFile)) == SystemdUnit.Text(state.Program!) && SysfsFile.ReadLink(context.Host.Combine(LinkFile)) is not null));

    // By now the journal has every one of them.
    private PersistentDevice[] Merge(IReadOnlyList<PersistentDevice> before, IReadOnlyList<PciDeviceInfo> devices)
    {
        IEnumerable<PersistentDevice> added = devices.Select(device => context.Journal.Find(device.Address) is { ParseError: null } entry && UdevRules.IsPlain(entry.Driver)
            ? PersistentDevice.Of(entry)
            : throw new VfioException("persist", device.Address.ToString(), "the journal has no sound entry of it", $"vfio release {device.Address}, then bind it again"));
        return [.. before.Where(entry => devices.All(device => device.Address != entry.Address)).Concat(added).OrderBy(entry => entry.Address)];
    }

    private static string? TextOf(string path) => FileChanges.Read(path) is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;
}
