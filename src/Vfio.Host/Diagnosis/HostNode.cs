namespace Vfio.Host;

/// <summary>A node below <c>/dev</c>, and whether this user may use it.</summary>
/// <param name="Path">The host's name for it.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="MayUse">Whether this user may read and write it: as the kernel says, with groups and ACL entries.</param>
internal sealed record HostNode(string Path, string Owner, bool MayUse)
{
    /// <summary>What is wrong with it, the end of a sentence; null where it is what the kernel calls so. A container has nodes of its own.</summary>
    public string? Trouble { get; init; }

    /// <summary>Whether it is there.</summary>
    public bool IsThere { get; init; } = true;

    /// <summary>Whether this user can open the device by it.</summary>
    public bool IsUsable => IsThere && MayUse && Trouble is null;

    /// <summary>Looks at a node, without opening it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="path">The host's name for it.</param>
    /// <param name="numberFile">The path of its <c>dev</c> file in sysfs.</param>
    /// <returns>Null where it is not there, and the kernel has none.</returns>
    public static HostNode? Find(HostRoot host, string path, string numberFile)
    {
        string? trouble = NodeTrouble.Find(host, path, numberFile);
        return FileStatus.Of(host.Combine(path.TrimStart('/'))) is FileStatus status
            // In a copy of a host nobody in particular asks.
            ? new HostNode(path, Users.Name(status.UserId), !host.IsRunningHost || FileStatus.MayReadAndWrite(path)) { Trouble = trouble }
            : trouble is null ? null : new HostNode(path, "", MayUse: false) { Trouble = trouble, IsThere = false };
    }
}
