namespace Vfio;

/// <summary>
/// Explains what is wrong with a node below <c>/dev</c> that the kernel has: a container has its own folder of nodes,
/// and a list of those that it may open.
/// </summary>
internal static class NodeTrouble
{
    /// <summary>Compares a node with what sysfs reports about it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="node">The node: <c>/dev/vfio/3</c>.</param>
    /// <param name="numberFile">The path of its <c>dev</c> file in sysfs.</param>
    /// <returns>
    /// What is wrong, as the end of a sentence about the node; <see langword="null"/> if nothing is, or if the kernel
    /// does not have the node either.
    /// </returns>
    public static string? Find(HostRoot host, string node, string numberFile)
    {
        if (FileIdentity.OfNode(SysfsFile.Read(numberFile), isBlock: false) is not FileIdentity real)
        {
            return null;
        }

        return FileIdentity.Of(host.Combine(node[1..])) switch
        {
            null => "does not exist here, although the kernel has it",
            { Kind: FileKind.CharacterDevice } there when there != real =>
                $"belongs to another device: its number is {there.Major}:{there.Minor}, and the kernel's is "
                + $"{real.Major}:{real.Minor}",
            _ => null,
        };
    }

    /// <summary>Gets what to do about a node that could not be opened.</summary>
    /// <param name="host">The host.</param>
    /// <param name="node">The node.</param>
    /// <param name="numberFile">The path of its <c>dev</c> file in sysfs.</param>
    /// <param name="errno">The error.</param>
    /// <returns>A hint; <see langword="null"/> if nothing is wrong with the node itself.</returns>
    public static string? HintFor(HostRoot host, string node, string numberFile, int errno) => errno switch
    {
        Errno.EACCES or Errno.EPERM when Users.IsRoot => "not even root can open it: a container can open only the "
            + $"nodes that it was started with (--device {node})",
        _ => Find(host, node, numberFile) is string trouble
            ? $"it {trouble}: start the container again, with --device {node}"
            : null,
    };

    /// <summary>Gets whether the kernel has the node.</summary>
    public static bool IsThere(string numberFile) => SysfsFile.Read(numberFile) is not null;

    /// <summary>Returns the path of the <c>dev</c> file of a group's node.</summary>
    public static string OfGroup(HostRoot host, string name) => host.Combine($"sys/class/vfio/{name}/dev");

    /// <summary>Returns the path of the <c>dev</c> file of <c>/dev/vfio/vfio</c>.</summary>
    public static string OfContainer(HostRoot host) => host.Combine("sys/class/misc/vfio/dev");

    /// <summary>Returns the path of the <c>dev</c> file of <c>/dev/iommu</c>.</summary>
    public static string OfIommufd(HostRoot host) => host.Combine("sys/class/misc/iommu/dev");
}
