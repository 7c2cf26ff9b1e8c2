using System.Globalization;
using Vfio.Sysfs;

namespace Vfio;

/// <summary>A process that has a device, its group or its disk open.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="Command">Its command name (<c>comm</c>), without control characters.</param>
/// <param name="UserId">The user it runs as.</param>
/// <param name="UserName">That user's name, or the number where it has none.</param>
public sealed record DeviceHolder(int ProcessId, string Command, uint UserId, string UserName)
{
    /// <summary>The holder in a line: <c>pid 4711 (qemu, user alice)</c>.</summary>
    /// <returns>Process, command and user.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pid {ProcessId} ({Command}, user {UserName})");
}

/// <summary>
/// Finds who has a device open, from the open descriptors of the processes. Sees what the caller may see: root all, others
/// their own processes.
/// </summary>
/// <remarks>Each call looks afresh. Any thread.</remarks>
public sealed class DeviceHolders
{
    private const string DeviceLink = "anon_inode:[vfio-device]";
    private const string SysPathKey = "vfio-device-syspath:";

    private readonly HostRoot _host;

    /// <summary>The running host's processes.</summary>
    public DeviceHolders()
        : this(HostRoot.Default)
    {
    }

    /// <summary>The processes of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/proc</c> is.</param>
    public DeviceHolders(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    /// <summary>Who has the group open.</summary>
    internal IReadOnlyList<DeviceHolder> OfGroup(int group) => Find((link, _) => link == $"/dev/vfio/{group}");

    /// <summary>Who has a device open, through its group or its own node.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The processes; none where nobody has it open, or only processes that the caller may not look into.</returns>
    public IReadOnlyList<DeviceHolder> OfDevice(PciDeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return OfDevice((IHostDevice)device);
    }

    /// <summary>Who has a device of any kind open.</summary>
    internal IReadOnlyList<DeviceHolder> OfDevice(IHostDevice device)
    {
        string[] nodes = [.. SysfsFile.Names(device.Attribute("vfio-dev")).Select(name => $"/dev/vfio/devices/{name}")];
        return Find((link, info) =>
            nodes.Contains(link)
            || (device.IommuGroup is int group && link == $"/dev/vfio/{group}")
            || (link == DeviceLink && (SysfsFile.Read(info) ?? "").Split('\n').Any(line =>
                line.StartsWith(SysPathKey, StringComparison.Ordinal) && Path.GetFileName(line[SysPathKey.Length..].Trim()) == device.Name)));
    }

    /// <summary>Who has one of these nodes open.</summary>
    internal IReadOnlyList<DeviceHolder> OfNodes(IReadOnlyCollection<string> nodes) => Find((link, _) => nodes.Contains(link));

    /// <summary>A process as it is named where it holds something; null where it is not there.</summary>
    internal DeviceHolder? OfProcess(int process)
    {
        string folder = _host.Combine($"proc/{process}");
        return Directory.Exists(folder) ? Describe(folder, process) : null;
    }

    private List<DeviceHolder> Find(Func<string, string, bool> matches)
    {
        List<DeviceHolder> holders = [];
        string proc = _host.Combine("proc");
        foreach (string name in SysfsFile.Names(proc))
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int process))
            {
                continue;
            }

            string folder = Path.Combine(proc, name);
            foreach (string descriptor in SysfsFile.Names(Path.Combine(folder, "fd")))
            {
                if (SysfsFile.ReadLink(Path.Combine(folder, "fd", descriptor)) is string link
                    && matches(link, Path.Combine(folder, "fdinfo", descriptor)))
                {
                    holders.Add(Describe(folder, process));
                    break;
                }
            }
        }

        return holders;
    }

    private static DeviceHolder Describe(string folder, int process)
    {
        string command = SysfsFile.Read(Path.Combine(folder, "comm")) ?? "?";
        string? uidLine = SysfsFile.ReadLines(Path.Combine(folder, "status")).FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        string[] uids = uidLine?.Split('\t', StringSplitOptions.RemoveEmptyEntries) ?? [];
        uint uid = uids.Length > 1 && uint.TryParse(uids[1], out uint value) ? value : 0;
        return new DeviceHolder(process, Printable(command), uid, Users.Name(uid));
    }

    // A process chooses its name: it must not speak to the terminal of whoever lists it.
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
