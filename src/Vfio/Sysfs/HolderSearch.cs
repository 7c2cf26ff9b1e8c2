using System.Diagnostics;
using System.Globalization;

namespace Vfio;

/// <summary>
/// Looks through the processes of a host for who has files of a device open or mapped. What a descriptor is, is asked by what it leads
/// to: its name is whatever the process's mount namespace makes of it. Of a host whose files are elsewhere there is only the name.
/// </summary>
internal sealed class HolderSearch
{
    private const string DeviceLink = "anon_inode:[vfio-device]"; // no file is called so: a path begins with a slash
    private const string SysPathKey = "vfio-device-syspath:"; // Linux 6.18
    private const string FlagsKey = "flags:";
    private const long PathOnly = 0x200000; // O_PATH: holds nothing, and anybody can have one
    private const int MostStuck = 8;

    /// <summary>A look into one process takes microseconds, unless the kernel waits for something there.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly HostRoot _host;
    private readonly IReadOnlyCollection<UsedFile> _files;
    private readonly Dictionary<FileIdentity, UsedFile> _byIdentity = [];
    private readonly Dictionary<string, UsedFile> _byName = new(StringComparer.Ordinal);
    private readonly string? _vfioDevice;

    /// <param name="host">Where <c>/proc</c> is.</param>
    /// <param name="files">The files of the device.</param>
    /// <param name="vfioDevice">The device's name, while VFIO has it: descriptors that are no file's may be of it.</param>
    public HolderSearch(HostRoot host, IReadOnlyCollection<UsedFile> files, string? vfioDevice)
    {
        (_host, _files, _vfioDevice) = (host, files, vfioDevice);
        foreach (UsedFile file in files)
        {
            _byName.TryAdd(file.Path, file);
            if (file.Identity is FileIdentity identity)
            {
                _byIdentity.TryAdd(identity, file);
            }
        }
    }

    /// <summary>Looks at every process that may be looked into.</summary>
    public HolderReport Run()
    {
        if (_files.Count == 0 && _vfioDevice is null)
        {
            return HolderReport.Nobody;
        }

        int[] processes = [.. SysfsFile.Names(_host.Combine("proc"))
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int process) ? process : 0)
            .Where(process => process > 0)
            .Order()];
        List<DeviceHolder> found = [];
        List<DeviceHolder> unexamined = [];
        for (int next = 0, stuck = 0; next < processes.Length; next++)
        {
            if (stuck == MostStuck)
            {
                unexamined.AddRange(processes[next..].Select(process => HolderNames.Bare(process)));
                break;
            }

            Scan scan = new(processes, next, Examine);
            next = scan.Wait(Patience, found);
            if (next < processes.Length)
            {
                stuck++;
                unexamined.Add(HolderNames.Bare(processes[next]));
            }
        }

        return new HolderReport([.. found.Where(holder => holder.IsCertain)], [.. found.Where(holder => !holder.IsCertain)], unexamined);
    }

    private DeviceHolder? Examine(int process)
    {
        string folder = _host.Combine($"proc/{process}");
        bool isPossible = false;
        foreach (string descriptor in SysfsFile.Names(Path.Combine(folder, "fd")))
        {
            string path = Path.Combine(folder, "fd", descriptor);
            string info = Path.Combine(folder, "fdinfo", descriptor);
            if (FindFile(path) is UsedFile file && !IsPathOnly(info))
            {
                return HolderNames.Describe(folder, process) with { What = $"has {file.Path} open" };
            }

            string? link = _vfioDevice is null ? null : SysfsFile.ReadLink(path);
            isPossible |= link is not null && IsNodeThatIsGone(link);
            if (link == DeviceLink)
            {
                switch (IsOfDevice(info))
                {
                    case true: return HolderNames.Describe(folder, process) with { What = "has it open" };
                    case null: isPossible = true; break;
                }
            }
        }

        foreach ((string range, string name) in SharedMappings(folder))
        {
            if ((_host.IsRunningHost ? FindFile(Path.Combine(folder, "map_files", range)) : _byName.GetValueOrDefault(name)) is UsedFile file)
            {
                return HolderNames.Describe(folder, process) with { What = $"has {file.Path} mapped" };
            }

            isPossible |= _vfioDevice is not null && (name == DeviceLink || IsNodeThatIsGone(name));
        }

        return isPossible ? HolderNames.Describe(folder, process) with { What = "has a device of VFIO's open or mapped, and the kernel does not say which", IsCertain = false } : null;
    }

    // While the kernel takes a device away from VFIO, its own node is gone, and with it the number by which it would be known. The text alone proves nothing.
    private static bool IsNodeThatIsGone(string link) =>
        link.StartsWith("/dev/vfio/devices/", StringComparison.Ordinal) && link.EndsWith(" (deleted)", StringComparison.Ordinal);

    private UsedFile? FindFile(string path) => _host.IsRunningHost
        ? FileIdentity.Of(path) is FileIdentity identity ? _byIdentity.GetValueOrDefault(identity) : null
        : SysfsFile.ReadLink(path) is string link ? _byName.GetValueOrDefault(link) : null;

    private static bool IsPathOnly(string info) => ValueOf(info, FlagsKey) is string flags && IsOctal(flags) && (Convert.ToInt64(flags, 8) & PathOnly) != 0;

    private static bool IsOctal(string text) => text.Length is > 0 and < 20 && text.All(c => c is >= '0' and <= '7');

    // Whether a device's descriptor is this device's; null where the kernel does not say.
    private bool? IsOfDevice(string info) => ValueOf(info, SysPathKey) is string path ? Path.GetFileName(path) == _vfioDevice : null;

    private static string? ValueOf(string info, string key) =>
        (SysfsFile.Read(info) ?? "").Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is string line ? line[key.Length..].Trim() : null;

    // Memory of a device is mapped shared. "7f0000000000-7f0000001000 rw-s 00000000 00:06 123   /dev/vfio/devices/vfio0"
    private static IEnumerable<(string Range, string Name)> SharedMappings(string folder)
    {
        const int Fields = 6;
        foreach (string line in SysfsFile.ReadLines(Path.Combine(folder, "maps")))
        {
            string[] fields = line.Split(' ', Fields, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= Fields - 1 && fields[1].EndsWith('s'))
            {
                yield return (fields[0], fields.Length == Fields ? fields[^1].Trim() : "");
            }
        }
    }

    /// <summary>A thread that goes through the processes, and may be left behind where it does not come back from one.</summary>
    private sealed class Scan
    {
        private readonly Lock _lock = new();
        private readonly List<DeviceHolder> _found = [];
        private readonly TaskCompletionSource _end = new();
        private int _at;
        private long _since = Stopwatch.GetTimestamp();

        public Scan(int[] processes, int first, Func<int, DeviceHolder?> examine)
        {
            Thread thread = new(() =>
            {
                for (int i = first; i < processes.Length; i++)
                {
                    Begin(i);
                    if (examine(processes[i]) is DeviceHolder holder)
                    {
                        lock (_lock)
                        {
                            _found.Add(holder);
                        }
                    }
                }

                Begin(processes.Length);
                _end.SetResult();
            })
            {
                IsBackground = true,
                Name = "holders",
            };
            thread.Start();
        }

        /// <returns>The place of the process that it does not come back from; behind the last where it came through.</returns>
        public int Wait(TimeSpan patience, List<DeviceHolder> found)
        {
            while (!_end.Task.Wait(patience / 10))
            {
                lock (_lock)
                {
                    if (Stopwatch.GetElapsedTime(_since) >= patience)
                    {
                        break;
                    }
                }
            }

            lock (_lock)
            {
                found.AddRange(_found);
                return _at;
            }
        }

        private void Begin(int place)
        {
            lock (_lock)
            {
                (_at, _since) = (place, Stopwatch.GetTimestamp());
            }
        }
    }
}
