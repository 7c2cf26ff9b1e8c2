namespace Vfio.Host;

/// <summary>Changes files of the running host. Each change is on the disk when the method returns.</summary>
internal sealed class HostFiles : IHostFiles
{
    // udev, systemd and this library ignore files with this suffix.
    private const string UnfinishedSuffix = ".vfio-new";

    public void Write(string path, byte[] content)
    {
        string unfinished = path + UnfinishedSuffix;
        try
        {
            AtomicFile.Write(path, unfinished, content);
        }
        catch (VfioException)
        {
            TryDelete(unfinished);
            throw;
        }

        AtomicFile.SyncFolder(FolderOf(path));
    }

    public void Link(string path, string target)
    {
        AtomicFile.Change("link", path, () => File.CreateSymbolicLink(path, target));
        AtomicFile.SyncFolder(FolderOf(path));
    }

    public void Remove(string path)
    {
        if (!Directory.Exists(FolderOf(path)))
        {
            return;
        }

        AtomicFile.Change("remove", path, () =>
        {
            File.Delete(path);
            File.Delete(path + UnfinishedSuffix);
        });
        AtomicFile.SyncFolder(FolderOf(path));
    }

    public void MakeFolder(string path)
    {
        AtomicFile.CreateFolder(path);
        AtomicFile.SyncFolder(FolderOf(path));
    }

    public void RemoveFolder(string path)
    {
        if (Directory.Exists(path) && SysfsFile.Names(path).Length == 0)
        {
            AtomicFile.Change("remove", path, () => Directory.Delete(path));
            AtomicFile.SyncFolder(FolderOf(path));
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path)!;

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that is being reported matters more; the next write replaces this file.
        }
    }
}
