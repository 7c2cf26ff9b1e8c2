using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The devices that are bound after every reboot, as recorded in <c>/etc/vfio/persistent.json</c>. A snapshot that
/// reads only that file.
/// </summary>
/// <remarks>
/// Root writes the file's values to the kernel, so the file is used only if no other user can have written it.
/// <see cref="BindOptions.Persist"/> adds devices, <see cref="ReleasePlan"/> removes them. Thread-safe.
/// </remarks>
public sealed class PersistentDevices
{
    internal const string StateFile = "etc/vfio/persistent.json";

    private const string OthersCanWrite = "users other than root can write it";
    private const string OthersCanWriteFolder = "users other than root can write its folder";

    private PersistentDevices(string path) => Path = path;

    /// <summary>Gets the path of the file.</summary>
    public string Path { get; }

    /// <summary>
    /// Gets why the file cannot be used; <see langword="null"/> for a valid or missing file. A file with an
    /// error is ignored entirely.
    /// </summary>
    public string? ParseError { get; private init; }

    /// <summary>
    /// Gets the devices, by address: their driver, their user, and their state before they were first bound.
    /// </summary>
    public IReadOnlyList<PersistentDevice> Entries { get; private init; } = [];

    /// <summary>Gets the program that udev and systemd run; <see langword="null"/> without a valid file.</summary>
    internal string? Program { get; private init; }

    /// <summary>Gets the folders that were created for the first persistent device, relative to the root.</summary>
    internal IReadOnlyList<string> CreatedFolders { get; private init; } = [];

    /// <summary>Gets whether the file exists, valid or not.</summary>
    internal bool Exists { get; private init; }

    /// <summary>Reads the running host's persistent devices.</summary>
    /// <returns>The devices; none if there is no file.</returns>
    public static PersistentDevices Read() => Read(HostRoot.Default);

    /// <summary>Reads the persistent devices of a given host.</summary>
    /// <param name="host">Where its <c>/etc</c> is.</param>
    /// <returns>The devices; none if there is no file.</returns>
    internal static PersistentDevices Read(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        string path = host.Combine(StateFile);
        if (FileStatus.Of(path) is not FileStatus status)
        {
            return new PersistentDevices(path);
        }

        string? mistrust = !InstalledProgram.OnlyRootCanChange(status) ? OthersCanWrite
            : FileStatus.Of(System.IO.Path.GetDirectoryName(path)!) is not FileStatus folder
                || !InstalledProgram.OnlyRootCanChange(folder) ? OthersCanWriteFolder
            : null;
        PersistentState? state = null;
        if (mistrust is null)
        {
            mistrust = FileChanges.Read(path) is byte[] text
                ? PersistentFormat.Read(text, out state)
                : "the file cannot be read, or is too large";
        }

        return state is null
            ? new PersistentDevices(path) { Exists = true, ParseError = mistrust }
            : new PersistentDevices(path)
            {
                Exists = true,
                Entries = state.Devices,
                Program = state.Program,
                CreatedFolders = state.CreatedFolders,
            };
    }

    /// <summary>Finds one device.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>Its entry; <see langword="null"/> if the device is not persistent.</returns>
    public PersistentDevice? Find(PciAddress address) => Entries.FirstOrDefault(device => device.Address == address);

    /// <summary>Makes the exception for an operation that needs the file, if it is corrupt.</summary>
    internal VfioException Corrupt() => new(
        "read", Path, $"{ParseError}; the file is ignored",
        ParseError == OthersCanWrite ? $"check its contents, then run as root: chown root {Path} && chmod go-w {Path}"
            : ParseError == OthersCanWriteFolder ? "check the contents of the folder, then run as root: chown root "
                + $"{System.IO.Path.GetDirectoryName(Path)} && chmod go-w {System.IO.Path.GetDirectoryName(Path)}"
            : "check its contents; vfio release --force --all releases all devices, and removes the file "
                + "with its rules and its unit");
}

/// <summary>The content of the file of persistent devices.</summary>
/// <param name="Program">The program that udev and systemd run.</param>
/// <param name="CreatedFolders">The folders that were created for these files, relative to the root.</param>
/// <param name="Devices">The devices, by address.</param>
internal sealed record PersistentState(
    string Program, IReadOnlyList<string> CreatedFolders, IReadOnlyList<PersistentDevice> Devices);
