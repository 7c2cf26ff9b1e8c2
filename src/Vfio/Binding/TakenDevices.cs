using System.Globalization;
using Vfio.Sysfs;

namespace Vfio.Binding;

/// <summary>Judges devices that are taken already, for who wants to be the only one to have them.</summary>
internal sealed class TakenDevices(HostRoot host, BindingJournal journal, NodeGift gift)
{
    // Both times come in steps of 10 ms, and are not read at one moment.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    /// <summary>Which devices are not to be had beside who has them.</summary>
    /// <param name="devices">The devices; those without a VFIO driver are not judged.</param>
    /// <param name="user">For whom; <see langword="null"/> for root.</param>
    public IEnumerable<BindingRefusal> Judge(IEnumerable<PciDeviceInfo> devices, (uint Uid, uint Gid, string Name)? user)
    {
        foreach (PciDeviceInfo device in devices.Where(device => device.HasVfioDriver))
        {
            JournalEntry? entry = journal.Find(device.Address);
            if (entry is { Damage: null } && FindTaker(entry) is DeviceHolder taker)
            {
                yield return new BindingRefusal(device.Address, "taken", $"{entry.TakenBy} has taken it, with {taker}", CanForce: false);
            }
            else if (user is { Uid: not 0 } && !gift.IsGiven(device, user.Value.Uid))
            {
                string whose = entry?.User is string other ? $"for user {other}" : "for root alone";
                yield return new BindingRefusal(device.Address, "not-yours", $"it is with {device.Driver} already, {whose}", CanForce: false);
            }
        }

        if (user is { Uid: not 0 })
        {
            foreach (BindingRefusal refusal in JudgeGroups([.. devices], user.Value.Uid))
            {
                yield return refusal;
            }
        }
    }

    // Who may open the group's node gets every device of the group by it.
    private IEnumerable<BindingRefusal> JudgeGroups(PciDeviceInfo[] devices, uint user)
    {
        PciBus bus = new(host);
        foreach (PciDeviceInfo device in devices)
        {
            PciDeviceInfo? other = device.IommuGroup is int group
                ? bus.Group(group)?.Devices.FirstOrDefault(other => other.HasVfioDriver && devices.All(one => one.Address != other.Address) && !gift.IsGiven(other, user))
                : null;
            if (other is not null)
            {
                string whose = journal.Find(other.Address)?.User is string owner ? $"for user {owner}" : "for root alone";
                yield return new BindingRefusal(device.Address, "not-yours", $"its IOMMU group has {other.Address} too, which is with {other.Driver} already, {whose}", CanForce: false);
            }
        }
    }

    // The process that took it, where it still runs and so will hand it back: "vfio bind" ends at once, "vfio run" and a program with a
    // DriverBinding do not.
    private DeviceHolder? FindTaker(JournalEntry entry) =>
        entry.ProcessId != Environment.ProcessId && StartOf(entry.ProcessId) is DateTimeOffset start && start <= entry.TakenAt + Slack
            ? new DeviceHolders(host).OfProcess(entry.ProcessId)
            : null;

    // A number goes to another process when its own has ended; that one started after the device was taken.
    private DateTimeOffset? StartOf(int process)
    {
        const int StartField = 19; // counted from the state, the first behind the name: proc_pid_stat(5)
        const double TicksPerSecond = 100; // USER_HZ, of every architecture that .NET runs on
        string stat = SysfsFile.Read(host.Combine($"proc/{process}/stat")) ?? "";
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string uptime = (SysfsFile.Read(host.Combine("proc/uptime")) ?? "").Split(' ')[0];
        return fields.Length > StartField && fields[0] is not ("Z" or "X")
            && ulong.TryParse(fields[StartField], NumberStyles.None, CultureInfo.InvariantCulture, out ulong ticks)
            && double.TryParse(uptime, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && (ticks / TicksPerSecond) - seconds is double ago and <= 1 && ago > -TimeSpan.MaxValue.TotalSeconds / 2
                ? DateTimeOffset.UtcNow + TimeSpan.FromSeconds(ago)
                : null;
    }
}
