using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Locates the host's <c>/sys</c>, <c>/proc</c>, <c>/dev</c>, <c>/run</c> and <c>/etc</c>: below <c>/</c>, or below a
/// folder with a copy.
/// </summary>
/// <remarks>A value; creating it opens nothing.</remarks>
internal sealed class HostRoot
{
    private readonly string _root;

    /// <summary>Creates an instance for a host whose files are below a folder.</summary>
    /// <param name="root">The folder; <c>/</c> for the running host.</param>
    /// <exception cref="ArgumentException"><paramref name="root"/> is empty.</exception>
    public HostRoot(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        _root = root;
    }

    /// <summary>Gets the running host.</summary>
    public static HostRoot Default { get; } = new("/");

    /// <summary>
    /// Gets whether this is the running host, so that information that is not in files (users, interface addresses) is
    /// available too.
    /// </summary>
    internal bool IsRunningHost => _root == "/";

    /// <summary>
    /// Returns the full path of a file of the host, given without the leading slash: <c>sys/bus/pci/devices</c>.
    /// </summary>
    internal string Combine(string relative) => Path.Combine(_root, relative);

    internal string PciDevice(PciAddress address) => Combine($"sys/bus/pci/devices/{address}");

    internal string SriovParameter => Combine("sys/module/vfio_pci/parameters/enable_sriov");

    internal string PciDriver(string driver) => Combine($"sys/bus/pci/drivers/{driver}");
}
