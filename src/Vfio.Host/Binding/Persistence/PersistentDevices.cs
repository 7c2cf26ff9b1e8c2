using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The devices that are taken after every reboot too, as <c>/etc/vfio/persistent.json</c> has them. A snapshot; looks at that file alone.
/// </summary>
/// <remarks>
/// What is in the file is written to the kernel by root, so it counts only where nobody else can have written it. <see cref="BindOptions.Persist"/> adds devices,
/// <see cref="ReleasePlan"/> takes them out. Any thread.
/// </remarks>
public sealed class PersistentDevices
{
    internal const string StateFile = "etc/vfio/persistent.json";

    private const string OthersCanWrite = "others than root can write it";
    private const string OthersCanWriteFolder = "others than root can write its folder";

    private PersistentDevices(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Why the file cannot be believed; <see langword="null"/> for a sound file, and where there is none. Of a file that cannot be believed nothing counts.</summary>
    public string? ParseError { get; private init; }

    /// <summary>The devices, by address: to which driver, for whom, and what was before they were taken the first time.</summary>
    public IReadOnlyList<PersistentDevice> Entries { get; private init; } = [];

    /// <summary>The program that udev and systemd call; <see langword="null"/> without a file.</summary>
    internal string? Program { get; private init; }

    /// <summary>Folders that were not there before the first device, below the root.</summary>
    internal IReadOnlyList<string> CreatedFolders { get; private init; } = [];

    /// <summary>Whether there is a file, sound or not.</summary>
    internal bool Exists { get; private init; }

    /// <summary>Reads the running host's.</summary>
    /// <returns>The devices; none where there is no file.</returns>
    public static PersistentDevices Read() => Read(HostRoot.Default);

    /// <summary>Reads those of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/etc</c> is.</param>
    /// <returns>The devices; none where there is no file.</returns>
    internal static PersistentDevices Read(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        string path = host.Combine(StateFile);
        if (FileStatus.Of(path) is not FileStatus status)
        {
            return new PersistentDevices(path);
        }

        string? mistrust = !InstalledProgram.IsRootsAlone(status) ? OthersCanWrite
            : FileStatus.Of(System.IO.Path.GetDirectoryName(path)!) is not FileStatus folder || !InstalledProgram.IsRootsAlone(folder) ? OthersCanWriteFolder
            : null;
        PersistentState? state = null;
        if (mistrust is null)
        {
            mistrust = FileChanges.Read(path) is byte[] text ? PersistentFormat.Read(text, out state) : "it cannot be read, or is too large";
        }

        return state is null
            ? new PersistentDevices(path) { Exists = true, ParseError = mistrust }
            : new PersistentDevices(path) { Exists = true, Entries = state.Devices, Program = state.Program, CreatedFolders = state.CreatedFolders };
    }

    /// <summary>One device.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>What the file has of it; <see langword="null"/> where it is not persistent.</returns>
    public PersistentDevice? Find(PciAddress address) => Entries.FirstOrDefault(device => device.Address == address);

    /// <summary>What to say where the file would be relied on that cannot be believed.</summary>
    internal VfioException Damaged() => new(
        "read", Path, $"{ParseError}; nothing of it is used",
        ParseError == OthersCanWrite ? $"look at what is in it; then as root: chown root {Path} && chmod go-w {Path}"
            : ParseError == OthersCanWriteFolder ? $"look at what is in it; then as root: chown root {System.IO.Path.GetDirectoryName(Path)} && chmod go-w {System.IO.Path.GetDirectoryName(Path)}"
            : "look at what is in it; vfio release --force --all hands everything back, and removes it with its rules and its unit");
}

/// <summary>What the file of persistent devices says.</summary>
/// <param name="Program">The program that udev and systemd call.</param>
/// <param name="CreatedFolders">Folders that were made for these files, below the root.</param>
/// <param name="Devices">The devices, by address.</param>
internal sealed record PersistentState(string Program, IReadOnlyList<string> CreatedFolders, IReadOnlyList<PersistentDevice> Devices);
