using System.Buffers;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// The record of bound devices and of how to release them: one file per device in <c>/run/vfio</c>, written before the
/// device is changed and removed after it is released. A reboot clears both the journal and what it would undo.
/// </summary>
/// <remarks>
/// Reading needs neither root nor a lock. Only the library writes it, under a lock that all processes share.
/// </remarks>
public sealed class BindingJournal
{
    private const string Suffix = ".json";
    private const string UnfinishedSuffix = Suffix + ".new";
    private const int MaxEntryBytes = 1 << 20;

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    private readonly HostRoot _host;
    private readonly string _folder;

    /// <summary>Opens the running host's journal.</summary>
    public BindingJournal()
        : this(HostRoot.Default)
    {
    }

    /// <summary>Opens the journal of a given host.</summary>
    /// <param name="host">Where its <c>/run</c> is.</param>
    internal BindingJournal(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
        _folder = host.Combine("run/vfio");
        LoadedModules = new LoadedModules(_folder);
    }

    /// <summary>Gets the modules that were loaded for devices that have been released since.</summary>
    internal LoadedModules LoadedModules { get; }

    /// <summary>Gets the entries of all bound devices, by address, including corrupt ones.</summary>
    /// <returns>A snapshot; empty if no device is bound.</returns>
    public IReadOnlyList<JournalEntry> GetEntries() =>
        [.. SysfsFile.Names(_folder)
            .Where(name => name.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(name => PciAddress.TryParse(name.AsSpan(0, name.Length - Suffix.Length), out PciAddress address)
                && name == address + Suffix
                ? Find(address) : null)
            .OfType<JournalEntry>()
            .OrderBy(entry => entry.Address)];

    /// <summary>Finds the entry of one device.</summary>
    /// <param name="address">The device's address.</param>
    /// <returns>The entry, corrupt or not; <see langword="null"/> if the device is not bound.</returns>
    public JournalEntry? Find(PciAddress address)
    {
        string path = PathOf(address);
        if (!File.Exists(path))
        {
            return null;
        }

        // Read the whole entry in one go: a writer may replace it with a longer one at any moment.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxEntryBytes);
        try
        {
            int length = SysfsFile.ReadBytes(path, buffer.AsSpan(0, MaxEntryBytes));
            return length >= 0 ? JournalFormat.Read(address, buffer.AsMemory(0, length))
                : File.Exists(path) ? new JournalEntry { Address = address, ParseError = "it cannot be read" }
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Finds the process that is blocked in the kernel in a change of a device which a command left unfinished. Most
    /// often it waits until some program closes the device. As long as there is such a process, do not read the
    /// device's attributes.
    /// </summary>
    /// <param name="address">The device's address.</param>
    /// <returns>
    /// The process ID; <see langword="null"/> if no change is unfinished. For users who may not see which commands run,
    /// it may also be the process of a command that is changing the device right now.
    /// </returns>
    public int? FindUnfinishedChange(PciAddress address) => new PendingChange(_host, this).Find(Find(address))?.Id;

    /// <summary>
    /// Gets the devices for which a writer was killed while writing an entry. Such devices have not been changed yet.
    /// </summary>
    internal IReadOnlyList<PciAddress> Unfinished() =>
        [.. SysfsFile.Names(_folder)
            .Where(name => name.EndsWith(UnfinishedSuffix, StringComparison.Ordinal))
            .Select(
                name => PciAddress.TryParse(
                    name.AsSpan(0, name.Length - UnfinishedSuffix.Length), out PciAddress address)
                    ? address
                    : (PciAddress?)null)
            .OfType<PciAddress>()];

    /// <summary>
    /// Keeps other processes from changing the given devices, and any device of their IOMMU groups, until the lock is
    /// disposed or this process ends.
    /// </summary>
    /// <param name="changes">Waits for the lock.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="groups">Their IOMMU groups.</param>
    /// <param name="stop">Cancels waiting for other processes.</param>
    /// <exception cref="VfioException">
    /// Another process has been changing one of them for 30 s, or the wait was canceled.
    /// </exception>
    internal IDisposable LockDevices(
        IHostChanges changes, IEnumerable<PciAddress> devices, IEnumerable<int> groups, CancellationToken stop)
    {
        PciAddress[] addresses = [.. devices.Distinct().Order()];
        LockFile held = Lock(
            [
                .. addresses.Select(address => (LockPlace.Change(address), $"device {address}")),
                .. groups.Distinct().Order().Select(group => (LockPlace.Group(group), $"IOMMU group {group}")),
            ],
            changes, stop);
        // The holder of the lock is the only writer, so an entry that is unfinished now stays unfinished.
        Array.ForEach(addresses, RemoveUnfinished);
        return held;
    }

    /// <summary>
    /// Keeps other processes from changing what all devices share. Must not be held while the kernel may block.
    /// </summary>
    /// <exception cref="VfioException">Another process has held it for 30 s.</exception>
    internal IDisposable LockHost(IHostChanges changes) =>
        Lock([(LockPlace.Host, "what all devices share")], changes, CancellationToken.None);

    /// <summary>
    /// Gets whether a process is changing a device now; <see langword="false"/> if this user may not know.
    /// </summary>
    internal bool IsChanging(PciAddress device) => LockFile.IsTaken(LockPath, LockPlace.Change(device));

    /// <summary>
    /// Makes this process the owner of a bind, the one that releases the device, for as long as it runs.
    /// </summary>
    /// <returns>
    /// The ownership, which the caller disposes; <see langword="null"/> if another program has it, or this user may not
    /// have it.
    /// </returns>
    internal IDisposable? TryOwn(PciAddress device)
    {
        LockFile? held = null;
        try
        {
            CreateFolder();
            held = LockFile.Open(LockPath);
            if (held.TryTake(LockPath, LockPlace.Owner(device)))
            {
                return held;
            }
        }
        catch (VfioException)
        {
            // Binding fails for the same reason, and reports it.
        }

        held?.Dispose();
        return null;
    }

    /// <summary>Gets whether a running program releases a device when it ends.</summary>
    internal bool IsOwned(PciAddress device) => LockFile.IsTaken(LockPath, LockPlace.Owner(device));

    /// <summary>
    /// Writes an entry so that at any moment either the whole old entry or the whole new one is there.
    /// </summary>
    internal void Write(JournalEntry entry)
    {
        CreateFolder();
        string path = PathOf(entry.Address);
        byte[] text = JournalFormat.Write(entry);

        // Do not rely on what cannot be read again: failing now is better than a device that cannot be released.
        if (text.Length > MaxEntryBytes || JournalFormat.Read(entry.Address, text).ParseError is not null)
        {
            throw new VfioException("write", path, "the device's names are too long or invalid for the journal");
        }

        string unfinished = UnfinishedPathOf(entry.Address);
        try
        {
            AtomicFile.Write(path, unfinished, text);
        }
        catch (VfioException)
        {
            RemoveUnfinished(entry.Address);
            throw;
        }

        SyncFolder();
    }

    internal void Remove(PciAddress address)
    {
        string path = PathOf(address);
        AtomicFile.Change("remove", path, () =>
        {
            File.Delete(path);
            File.Delete(UnfinishedPathOf(address));
        });
        SyncFolder();
    }

    /// <summary>Makes the exception for an operation that needs an entry which is corrupt.</summary>
    internal VfioException Corrupt(JournalEntry entry) => new(
        "read", PathOf(entry.Address), $"the journal entry is corrupt: {entry.ParseError}",
        $"vfio release --force {entry.Address} gives the device to the driver that the kernel chooses");

    private string LockPath => Path.Combine(_folder, "lock");

    internal string PathOf(PciAddress address) => Path.Combine(_folder, address + Suffix);

    private string UnfinishedPathOf(PciAddress address) => Path.Combine(_folder, address + UnfinishedSuffix);

    private LockFile Lock(IReadOnlyList<(long Place, string What)> places, IHostChanges changes, CancellationToken stop)
    {
        CreateFolder();
        LockFile held = LockFile.Open(LockPath);
        try
        {
            foreach ((long place, string what) in places)
            {
                Take(held, place, what, changes, stop);
            }

            return held;
        }
        catch (VfioException)
        {
            held.Dispose();
            throw;
        }
    }

    private void Take(LockFile held, long place, string what, IHostChanges changes, CancellationToken stop)
    {
        bool isTaken = false;
        _ = changes.WaitUntil(
            () => (isTaken = held.TryTake(LockPath, place)) || stop.IsCancellationRequested, LockPatience);
        if (!isTaken)
        {
            throw stop.IsCancellationRequested
                ? new VfioException(
                    "lock", what, "interrupted while another program was changing it", "nothing was changed; try again")
                : new VfioException(
                    "lock",
                    what,
                    $"another program has been changing it for {LockPatience.TotalSeconds} s",
                    $"wait for that program, or find it: sudo fuser -v {LockPath}");
        }
    }

    // A file that cannot be removed now is removed by the next holder of the lock.
    private void RemoveUnfinished(PciAddress address)
    {
        try
        {
            File.Delete(UnfinishedPathOf(address));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private void CreateFolder()
    {
        AtomicFile.CreateFolder(_folder);

        // Root writes the content of its files to the kernel.
        if (FileStatus.Of(_folder) is FileStatus status && status.UserId != 0 && status.UserId != Users.EffectiveId)
        {
            throw new VfioException(
                "use",
                _folder,
                $"the folder belongs to user {Users.Name(status.UserId)}, not to root",
                $"check its contents with ls -la {_folder}, then remove the folder");
        }
    }

    private void SyncFolder() => AtomicFile.SyncFolder(_folder);

    internal static VfioException Failed(string operation, string path, int errno) =>
        new(operation, path, errno, errno is Errno.EACCES or Errno.EPERM
            ? "binding and releasing devices needs root: sudo vfio …"
            : null);
}
