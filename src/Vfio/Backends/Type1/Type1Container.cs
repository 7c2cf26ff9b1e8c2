using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Represents a VFIO container, <c>/dev/vfio/vfio</c>: the IOMMU context that groups are added to. An iommufd can
/// replace it.
/// </summary>
internal static class Type1Container
{
    public static SafeFileHandle Open(SystemCalls calls, HostRoot host, bool isIommufd)
    {
        string path = host.Combine(isIommufd ? "dev/iommu" : "dev/vfio/vfio");
        int errno = calls.Open(path, Libc.O_RDWR, out SafeFileHandle container);
        (string node, string numberFile) = isIommufd
            ? (NodeErrors.Iommufd, NodeTrouble.OfIommufd(host))
            : ("/dev/vfio/vfio", NodeTrouble.OfContainer(host));
        return errno == 0 ? container : throw NodeErrors.Explain(host, path, node, numberFile, errno, hint: errno switch
        {
            Errno.ENOENT or Errno.ENODEV when isIommufd =>
                "the kernel has no iommufd (CONFIG_IOMMUFD); type1v2 needs none",
            Errno.EACCES or Errno.EPERM when isIommufd => NodeErrors.IommufdIsRoots(path),
            Errno.ENOENT or Errno.ENODEV => "the kernel's VFIO is not loaded: modprobe vfio-pci",
            Errno.EACCES or Errno.EPERM => $"every user can usually open {path} (mode 666); check its permissions",
            _ => null,
        });
    }

    public static void CheckVersion(SystemCalls calls, SafeFileHandle container)
    {
        const string Call = "VFIO_GET_API_VERSION";
        int errno = calls.Ioctl(Call, container, VfioUapi.VFIO_GET_API_VERSION, 0, out int version);
        if (errno != 0)
        {
            throw new VfioException(Call, "the container", errno);
        }

        if (version != VfioUapi.VFIO_API_VERSION)
        {
            throw new VfioException(
                Call,
                "the container",
                $"the kernel has version {version} of the API, and this library supports {VfioUapi.VFIO_API_VERSION}");
        }
    }

    /// <summary>
    /// Sets the IOMMU model of the container after a group was added: the first of the wanted models that the kernel
    /// supports.
    /// </summary>
    public static Type1Model SetIommu(SystemCalls calls, SafeFileHandle container, IReadOnlyList<Type1Model> wanted)
    {
        Type1Model model = wanted.FirstOrDefault(model => Has(calls, container, model.Extension))
            ?? throw new VfioException(
                "VFIO_CHECK_EXTENSION",
                "the container",
                $"the kernel does not offer {string.Join(" or ", wanted.Select(model => model.Name))}",
                wanted.Contains(Type1Model.None)
                    ? "the kernel must be built with CONFIG_VFIO_NOIOMMU, and vfio.enable_unsafe_noiommu_mode=1"
                    : "modprobe vfio_iommu_type1; other IOMMU models are not supported");
        int errno = calls.Ioctl("VFIO_SET_IOMMU", container, VfioUapi.VFIO_SET_IOMMU, model.Extension, out _);
        return errno == 0
            ? model
            : throw new VfioException("VFIO_SET_IOMMU", $"the container ({model.Name})", errno, errno == Errno.EPERM
                ? "the platform cannot isolate interrupts (no interrupt remapping), or this is noiommu and needs root; "
                    + "the kernel's log (dmesg) says more"
                : null);
    }

    public static bool Has(SystemCalls calls, SafeFileHandle container, int extension)
    {
        int errno = calls.Ioctl(
            "VFIO_CHECK_EXTENSION", container, VfioUapi.VFIO_CHECK_EXTENSION, extension, out int answer);
        return errno == 0 ? answer > 0 : throw new VfioException("VFIO_CHECK_EXTENSION", "the container", errno);
    }
}
