namespace Vfio.Host;

/// <summary>A device node below <c>/dev</c>, and whether this user may use it.</summary>
/// <param name="Path">Its path on the host.</param>
/// <param name="Owner">The name of its owner.</param>
/// <param name="MayUse">
/// Whether this user may read and write it, as the kernel decides it, with groups and ACL entries.
/// </param>
internal sealed record HostNode(string Path, string Owner, bool MayUse)
{
    /// <summary>
    /// Gets what is wrong with it, the end of a sentence; <see langword="null"/> if it is the kernel's node of this
    /// name. A container has its own nodes.
    /// </summary>
    public string? Trouble { get; init; }

    /// <summary>Gets whether it exists.</summary>
    public bool IsThere { get; init; } = true;

    /// <summary>Gets whether this user can open the device through it.</summary>
    public bool IsUsable => IsThere && MayUse && Trouble is null;

    /// <summary>Examines a node without opening it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="path">Its path on the host.</param>
    /// <param name="numberFile">The path of its <c>dev</c> file in sysfs.</param>
    /// <returns>The node; <see langword="null"/> if it does not exist, and the kernel has no such node.</returns>
    public static HostNode? Find(HostRoot host, string path, string numberFile)
    {
        string? trouble = NodeTrouble.Find(host, path, numberFile);
        return FileStatus.Of(host.Combine(path.TrimStart('/'))) is FileStatus status
            // In a copy of a host there is no user whose access could be checked.
            ? new HostNode(path, Users.Name(status.UserId), !host.IsRunningHost || FileStatus.MayReadAndWrite(path))
            {
                Trouble = trouble,
            }
            : trouble is null ? null : new HostNode(path, "", MayUse: false) { Trouble = trouble, IsThere = false };
    }
}
