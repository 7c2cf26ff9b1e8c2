namespace Vfio;

/// <summary>Searches for processes that have files of a device open or mapped.</summary>
internal sealed class HolderSearch
{
    // no file has this name, because a path begins with a slash
    private const string DeviceLink = "anon_inode:[vfio-device]";
    private const string SysPathKey = "vfio-device-syspath:"; // Linux 6.18
    private const string FlagsKey = "flags:";
    private const long PathOnly = 0x200000; // O_PATH: holds nothing, and every user can have one

    private readonly HostRoot _host;
    private readonly IReadOnlyCollection<UsedFile> _files;
    private readonly Dictionary<FileIdentity, UsedFile> _byIdentity = [];
    private readonly Dictionary<string, UsedFile> _byName = new(StringComparer.Ordinal);
    private readonly string? _vfioDevice;

    /// <param name="host">The host.</param>
    /// <param name="files">The files of the device.</param>
    /// <param name="vfioDevice">
    /// The device's name while it is bound to VFIO: descriptors without a file may belong to it.
    /// </param>
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

    /// <summary>Searches the open files of the processes.</summary>
    public HolderReport Run(OpenFiles files)
    {
        if (_files.Count == 0 && _vfioDevice is null)
        {
            return HolderReport.Nobody;
        }

        DeviceHolder[] found = [.. files.Processes.Select(Examine).OfType<DeviceHolder>()];
        return new HolderReport
        {
            Holders = [.. found.Where(holder => holder.IsCertain)],
            Possible = [.. found.Where(holder => !holder.IsCertain)],
            Unexamined = [.. files.Unexamined.Select(HolderNames.Bare)],
        };
    }

    private DeviceHolder? Examine(ProcessFiles process)
    {
        bool isPossible = false;
        foreach (OpenFile open in process.Open)
        {
            if (FindFile(open.Identity, open.Link) is UsedFile file && !IsPathOnly(open.Info))
            {
                return HolderNames.Describe(process.Folder, process.Id) with { Description = $"has {file.Path} open" };
            }

            if (_vfioDevice is null || open.Link is not string link)
            {
                continue;
            }

            isPossible |= IsNodeThatIsGone(link);
            if (link == DeviceLink)
            {
                switch (IsOfDevice(open.Info))
                {
                    case true:
                        return HolderNames.Describe(process.Folder, process.Id) with { Description = "has it open" };
                    case null: isPossible = true; break;
                }
            }
        }

        foreach (SharedMapping mapped in process.Mapped)
        {
            if (FindFile(mapped.Identity, mapped.Name) is UsedFile file)
            {
                return HolderNames.Describe(
                    process.Folder, process.Id) with
                { Description = $"has {file.Path} mapped" };
            }

            isPossible |= _vfioDevice is not null && (mapped.Name == DeviceLink || IsNodeThatIsGone(mapped.Name));
        }

        return isPossible
            ? HolderNames.Describe(process.Folder, process.Id) with
            {
                Description = "has a VFIO device open or mapped, and the kernel does not tell which",
                IsCertain = false,
            }
            : null;
    }

    // While the kernel unbinds a device from VFIO, its own node no longer exists, and with it the number that
    // identifies it. The text does not prove anything.
    private static bool IsNodeThatIsGone(string link) =>
        link.StartsWith("/dev/vfio/devices/", StringComparison.Ordinal)
        && link.EndsWith(" (deleted)", StringComparison.Ordinal);

    private UsedFile? FindFile(FileIdentity? identity, string? name) => _host.IsRunningHost
        ? identity is FileIdentity known ? _byIdentity.GetValueOrDefault(known) : null
        : name is not null ? _byName.GetValueOrDefault(name) : null;

    private static bool IsPathOnly(string info) =>
        ValueOf(info, FlagsKey) is string flags && IsOctal(flags) && (Convert.ToInt64(flags, 8) & PathOnly) != 0;

    private static bool IsOctal(string text) => text.Length is > 0 and < 20 && text.All(c => c is >= '0' and <= '7');

    // Finds out whether a device's descriptor belongs to this device; null if the kernel does not tell.
    private bool? IsOfDevice(string info) =>
        ValueOf(info, SysPathKey) is string path ? Path.GetFileName(path) == _vfioDevice : null;

    private static string? ValueOf(string info, string key) =>
        (SysfsFile.Read(info) ?? "")
            .Split('\n')
            .FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is string line
            ? line[key.Length..].Trim()
            : null;
}
