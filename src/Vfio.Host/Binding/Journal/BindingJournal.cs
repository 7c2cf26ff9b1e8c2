using System.Buffers;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// What was taken and has to be handed back: one file a device in <c>/run/vfio</c>, written before the device is touched and
/// removed after it is back. A reboot clears both the journal and what it undoes.
/// </summary>
/// <remarks>Reading needs no root and takes no lock. Writing is the library's own, under a lock shared by all processes.</remarks>
public sealed class BindingJournal
{
    private const string Suffix = ".json";
    private const string UnfinishedSuffix = Suffix + ".new";
    private const int MaxEntryBytes = 1 << 20;

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    private readonly HostRoot _host;
    private readonly string _folder;

    /// <summary>The running host's journal.</summary>
    public BindingJournal()
        : this(HostRoot.Default)
    {
    }

    /// <summary>The journal of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/run</c> is.</param>
    internal BindingJournal(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
        _folder = host.Combine("run/vfio");
        LoadedModules = new LoadedModules(_folder);
    }

    /// <summary>What was loaded for devices that are released by now.</summary>
    internal LoadedModules LoadedModules { get; }

    /// <summary>Every device that is taken, by address; damaged entries included.</summary>
    /// <returns>A snapshot; empty where nothing is taken.</returns>
    public IReadOnlyList<JournalEntry> GetEntries() =>
        [.. SysfsFile.Names(_folder)
            .Where(name => name.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(name => PciAddress.TryParse(name.AsSpan(0, name.Length - Suffix.Length), out PciAddress address) && name == address + Suffix
                ? Find(address) : null)
            .OfType<JournalEntry>()
            .OrderBy(entry => entry.Address)];

    /// <summary>The entry of one device.</summary>
    /// <param name="address">The device's address.</param>
    /// <returns>The entry, damaged or not; <see langword="null"/> where the device is not taken.</returns>
    public JournalEntry? Find(PciAddress address)
    {
        string path = PathOf(address);
        if (!File.Exists(path))
        {
            return null;
        }

        // Whole or not at all: a writer may put a longer entry in its place at any moment.
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
    /// Finds the process that waits in the kernel for a change of a device which a command left unfinished: most often until some program lets go of the device.
    /// While there is one, the device's attributes are not to be read.
    /// </summary>
    /// <param name="address">The device's address.</param>
    /// <returns>The process's number; <see langword="null"/> if no change is unfinished. Users who may not see which commands run get the number of a command's that is just changing the device, too.</returns>
    public int? FindUnfinishedChange(PciAddress address) => new PendingChange(_host, this).Find(Find(address))?.Id;

    /// <summary>Gets the devices of which a writer was killed in the middle of writing an entry: they were not touched yet.</summary>
    internal IReadOnlyList<PciAddress> Unfinished() =>
        [.. SysfsFile.Names(_folder)
            .Where(name => name.EndsWith(UnfinishedSuffix, StringComparison.Ordinal))
            .Select(name => PciAddress.TryParse(name.AsSpan(0, name.Length - UnfinishedSuffix.Length), out PciAddress address) ? address : (PciAddress?)null)
            .OfType<PciAddress>()];

    /// <summary>Keeps other processes from changing some devices, and any device of their groups, until the lock is disposed or this process ends.</summary>
    /// <param name="changes">How to wait.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="groups">Their IOMMU groups.</param>
    /// <param name="stop">Ends the waiting for other processes.</param>
    /// <exception cref="VfioException">Another process has been changing one of them for 30 s; or the waiting was ended.</exception>
    internal IDisposable LockDevices(IHostChanges changes, IEnumerable<PciAddress> devices, IEnumerable<int> groups, CancellationToken stop)
    {
        PciAddress[] addresses = [.. devices.Distinct().Order()];
        LockFile held = Lock(
            [
                .. addresses.Select(address => (LockPlace.Change(address), $"device {address}")),
                .. groups.Distinct().Order().Select(group => (LockPlace.Group(group), $"IOMMU group {group}")),
            ],
            changes, stop);
        // Who holds the lock is the only writer: what is unfinished now stays so.
        Array.ForEach(addresses, RemoveUnfinished);
        return held;
    }

    /// <summary>Keeps other processes from changing what all devices share. Not to be held while the kernel may block.</summary>
    /// <exception cref="VfioException">Another process has held it for 30 s.</exception>
    internal IDisposable LockHost(IHostChanges changes) => Lock([(LockPlace.Host, "what all devices share")], changes, CancellationToken.None);

    /// <summary>Gets whether a process is changing a device now; <see langword="false"/> if this user may not know.</summary>
    internal bool IsChanging(PciAddress device) => LockFile.IsTaken(LockPath, LockPlace.Change(device));

    /// <summary>Makes this process the one that releases a device, for as long as it lives.</summary>
    /// <returns>The ownership, the caller's; <see langword="null"/> if another program has it, or this user may have none.</returns>
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
            // Then nothing can be bound either, and that is reported.
        }

        held?.Dispose();
        return null;
    }

    /// <summary>Gets whether a running program releases a device when it ends.</summary>
    internal bool IsOwned(PciAddress device) => LockFile.IsTaken(LockPath, LockPlace.Owner(device));

    /// <summary>Writes an entry so that at any moment either the old one or the new one is there, whole.</summary>
    internal void Write(JournalEntry entry)
    {
        CreateFolder();
        string path = PathOf(entry.Address);
        byte[] text = JournalFormat.Write(entry);

        // What could not be read again must not be relied on: better to refuse now than to strand the device.
        if (text.Length > MaxEntryBytes || JournalFormat.Read(entry.Address, text).ParseError is not null)
        {
            throw new VfioException("write", path, "the device's names do not fit the journal");
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

    /// <summary>What to say where an entry would be relied on that cannot be believed.</summary>
    internal VfioException Damaged(JournalEntry entry) => new(
        "read", PathOf(entry.Address), $"the journal's entry is damaged: {entry.ParseError}",
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
        _ = changes.WaitUntil(() => (isTaken = held.TryTake(LockPath, place)) || stop.IsCancellationRequested, LockPatience);
        if (!isTaken)
        {
            throw stop.IsCancellationRequested
                ? new VfioException("lock", what, "stopped while another program was changing it", "nothing was changed by this one")
                : new VfioException("lock", what, $"another program has been changing it for {LockPatience.TotalSeconds} s", $"wait for it, or look for it: fuser -v {LockPath}");
        }
    }

    // What cannot be removed now is removed by the next one who has the lock.
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

        // What stands in it is written to the kernel by root.
        if (FileStatus.Of(_folder) is FileStatus status && status.UserId != 0 && status.UserId != Users.EffectiveId)
        {
            throw new VfioException("use", _folder, $"the folder belongs to user {Users.Name(status.UserId)}, not to root", $"look at what is in it, and remove it: ls -la {_folder}");
        }
    }

    private void SyncFolder() => AtomicFile.SyncFolder(_folder);

    internal static VfioException Failed(string operation, string path, int errno) =>
        new(operation, path, errno, errno is Errno.EACCES or Errno.EPERM ? "taking and releasing devices needs root: sudo vfio …" : null);
}
