using System.Globalization;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>
/// Represents every file, link and folder of a <see cref="FakeHost"/> with its content, mode and owner, except the
/// journal's folder: what must be unchanged after everything was released.
/// </summary>
internal sealed class TreeSnapshot
{
    private readonly SortedDictionary<string, string> _entries = new(StringComparer.Ordinal);

    public TreeSnapshot(FakeHost host)
    {
        Add(new DirectoryInfo(host.Folder), "");
        void Add(DirectoryInfo folder, string prefix)
        {
            foreach (FileSystemInfo info in folder.EnumerateFileSystemInfos())
            {
                string name = prefix + info.Name;
                if (name == "run/vfio")
                {
                    continue;
                }

                _entries[name] = Describe(info);
                if (info is DirectoryInfo { LinkTarget: null } child)
                {
                    Add(child, name + "/");
                }
            }
        }
    }

    /// <summary>Returns the differences, one line each; empty if there are no differences.</summary>
    public IReadOnlyList<string> DifferencesTo(TreeSnapshot later) =>
        [.. _entries.Keys.Union(later._entries.Keys).Order(StringComparer.Ordinal)
            .Where(name => _entries.GetValueOrDefault(name) != later._entries.GetValueOrDefault(name))
            .Select(name => $"{name}: was {_entries.GetValueOrDefault(name) ?? "absent"}, is "
                + $"{later._entries.GetValueOrDefault(name) ?? "absent"}")];

    /// <summary>Fails if the host has changed.</summary>
    public void AssertUnchanged(FakeHost host, string when = "")
    {
        IReadOnlyList<string> differences = DifferencesTo(new TreeSnapshot(host));
        Assert.True(differences.Count == 0, $"not restored {when}:\n{string.Join('\n', differences)}");
    }

    private static string Describe(FileSystemInfo info)
    {
        if (info.LinkTarget is string target)
        {
            return $"link to {target}";
        }

        FileStatus status = FileStatus.Of(info.FullName)
            ?? throw new InvalidOperationException($"{info.FullName} is gone");
        string owner = string.Create(
            CultureInfo.InvariantCulture, $"{Convert.ToString(status.Mode, 8)} {status.UserId}:{status.GroupId}");
        return info is FileInfo
            ? $"file {owner} {AccessList.Of(info.FullName)} '{File.ReadAllText(info.FullName)}'"
            : $"folder {owner}";
    }
}
