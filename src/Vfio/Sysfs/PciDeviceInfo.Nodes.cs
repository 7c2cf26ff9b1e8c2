using Vfio.Interop;
using Vfio.Sysfs;

namespace Vfio;

/// <summary>A node below <c>/dev</c> by which a device is opened, and whose it is.</summary>
/// <param name="Path">The host's name for it: <c>/dev/vfio/12</c>.</param>
/// <param name="UserId">Its owner: who may open it, besides root.</param>
/// <param name="UserName">That user's name, or the number where it has none.</param>
/// <param name="OtherUsers">The names, or numbers, of the users who may open it too: by its access list, which <c>vfio bind --user</c> writes.</param>
public sealed record VfioNode(string Path, uint UserId, string UserName, IReadOnlyList<string> OtherUsers);

// Where VFIO lets it be opened.
public sealed partial class PciDeviceInfo
{
    private const int MostUsers = 64;

    /// <summary>Finds the nodes by which VFIO opens the device: its group's, and its own where the kernel has such nodes.</summary>
    /// <returns>Those that are there; none where no VFIO driver has the device.</returns>
    public IReadOnlyList<VfioNode> FindVfioNodes()
    {
        if (!HasVfioDriver || IommuGroup is not int group)
        {
            return [];
        }

        string groupNode = ReadHasNoIommu() ? $"vfio/noiommu-{group}" : $"vfio/{group}";
        return [.. SysfsFile.Names(Attribute("vfio-dev"))
            .Select(name => $"vfio/devices/{name}")
            .Prepend(groupNode)
            .Select(node => FileStatus.Of(_host.Combine($"dev/{node}")) is FileStatus status
                ? new VfioNode($"/dev/{node}", status.UserId, Users.Name(status.UserId), OthersWhoMayOpen(_host.Combine($"dev/{node}"))) : null)
            .OfType<VfioNode>()];
    }

    private static List<string> OthersWhoMayOpen(string path) =>
        AccessList.Of(path) is AccessList list ? [.. list.NamedUsers.Where(list.Allows).Take(MostUsers).Select(Users.Name)] : [];
}
