using System.Buffers;
using Vfio.Binding;
using Vfio.Interop;
using Vfio.Sysfs;

namespace Vfio;

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

    private readonly string _folder;

    /// <summary>The running host's journal.</summary>
    public BindingJournal()
        : this(HostRoot.Default)
    {
    }

    /// <summary>The journal of a host whose files are somewhere else.</summary>
    /// <param name="host">Where its <c>/run</c> is.</param>
    public BindingJournal(HostRoot host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _folder = host.Combine("run/vfio");
    }

    /// <summary>Every device that is taken, by address; damaged entries included.</summary>
    /// <returns>A snapshot; empty where nothing is taken.</returns>
    public IReadOnlyList<JournalEntry> Entries() =>
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
                : File.Exists(path) ? new JournalEntry { Address = address, Damage = "it cannot be read" }
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether a writer was killed in the middle of writing an entry: the device was not touched yet.</summary>
    internal bool HasUnfinished => Unfinished().Any();

    /// <summary>Keeps other processes from changing bindings until the lock is disposed, or this process ends.</summary>
    internal IDisposable Lock(IHostChanges changes)
    {
        CreateFolder();
        string path = LockPath;
        FileLock? alone = null;
        if (!changes.WaitUntil(() => (alone = FileLock.TryTake(path)) is not null, TimeSpan.FromSeconds(30)))
        {
            throw new VfioException("lock", path, "another program has been changing bindings for 30 s", "wait for it, or look for it: fuser -v " + path);
        }

        // Whoever has the lock is the only writer: what is unfinished now stays so.
        RemoveUnfinished();
        return alone!;
    }

    /// <summary>Makes this process the one that hands a device back, as long as it lives.</summary>
    /// <returns>The ownership, the caller's; <see langword="null"/> where another program has it, or this user may have none.</returns>
    internal OwnerLock? TryOwn(PciAddress device)
    {
        try
        {
            CreateFolder();
            return OwnerLock.TryTake(LockPath, device);
        }
        catch (VfioException)
        {
            return null; // nothing can be taken either, and that is told
        }
    }

    /// <summary>Whether a program that runs hands a device back when it ends.</summary>
    internal bool IsOwned(PciAddress device) => OwnerLock.IsTaken(LockPath, device);

    /// <summary>Writes an entry so that at any moment either the old one or the new one is there, whole.</summary>
    internal void Write(JournalEntry entry)
    {
        CreateFolder();
        string path = PathOf(entry.Address);
        byte[] text = JournalFormat.Write(entry);

        // What could not be read again must not be relied on: better to refuse now than to strand the device.
        if (text.Length > MaxEntryBytes || JournalFormat.Read(entry.Address, text).Damage is not null)
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
            RemoveUnfinished();
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
        "read", PathOf(entry.Address), $"the journal's entry is damaged: {entry.Damage}",
        $"vfio release --force {entry.Address} gives the device to the driver that the kernel chooses");

    private string LockPath => Path.Combine(_folder, "lock");

    internal string PathOf(PciAddress address) => Path.Combine(_folder, address + Suffix);

    private string UnfinishedPathOf(PciAddress address) => Path.Combine(_folder, address + UnfinishedSuffix);

    private IEnumerable<string> Unfinished() =>
        SysfsFile.Names(_folder).Where(name => name.EndsWith(UnfinishedSuffix, StringComparison.Ordinal));

    // What cannot be removed now is removed by the next one who gets the lock.
    private void RemoveUnfinished()
    {
        foreach (string name in Unfinished())
        {
            try
            {
                File.Delete(Path.Combine(_folder, name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return;
            }
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
