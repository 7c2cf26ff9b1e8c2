using Vfio.Interop;
using Vfio.Sysfs;

namespace Vfio.Diagnosis;

/// <summary>A node below <c>/dev</c>, and whether this user may use it.</summary>
/// <param name="Path">The host's name for it.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="MayUse">Whether this user may read and write it: as the kernel says, with groups and ACL entries.</param>
internal sealed record HostNode(string Path, string Owner, bool MayUse)
{
    /// <summary>Looks at a node, without opening it.</summary>
    /// <returns>Null where it is not there.</returns>
    public static HostNode? Find(HostRoot host, string path) =>
        FileStatus.Of(host.Combine(path.TrimStart('/'))) is FileStatus status
            // In a copy of a host nobody in particular asks.
            ? new HostNode(path, Users.Name(status.UserId), !host.IsRunningHost || FileStatus.MayReadAndWrite(path))
            : null;
}
