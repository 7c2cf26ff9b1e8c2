using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Changes the files of a <see cref="FakeHost"/> for real, records each change, and fails or "kills the process" at a
/// chosen one.
/// </summary>
internal sealed class FakeFiles(FakeHost host) : IHostFiles
{
    private readonly HostFiles _real = new();
    private readonly List<string> _calls = [];

    /// <summary>Every change, in order, with paths below the host's root.</summary>
    public IReadOnlyList<string> Calls => _calls;

    /// <summary>Gets or sets the fault, and the change at which it occurs; once.</summary>
    public Fault? Fault { get; init; }

    public void Write(string path, byte[] content) => Change("write", path, () => _real.Write(path, content));

    public void Link(string path, string target) => Change("link", path, () => _real.Link(path, target));

    public void Remove(string path) => Change("remove", path, () => _real.Remove(path));

    public void MakeFolder(string path) => Change("create", path, () => _real.MakeFolder(path));

    public void RemoveFolder(string path) => Change("rmdir", path, () => _real.RemoveFolder(path));

    private void Change(string what, string path, Action change)
    {
        _calls.Add($"{what} {Path.GetRelativePath(host.Folder, path)}");
        Fault? fault = Fault?.Call == _calls.Count ? Fault : null;
        if (fault is { After: false })
        {
            throw fault.Make();
        }

        change();
        if (fault is not null)
        {
            throw fault.Make();
        }
    }
}
