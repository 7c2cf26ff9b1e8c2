using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop;
using Vfio.Interop.Uapi;

namespace Vfio.Backends.Type1;

/// <summary>A VFIO container, <c>/dev/vfio/vfio</c>: the IOMMU context that groups are put into.</summary>
internal static class Type1Container
{
    private const string VersionTwo = "type1v2";
    private const string VersionOne = "type1";

    public static SafeFileHandle Open(HostRoot host)
    {
        string path = host.Combine("dev/vfio/vfio");
        SafeFileHandle container = Libc.Open(path, Libc.O_RDWR | Libc.O_CLOEXEC);
        if (container.IsInvalid)
        {
            int errno = Marshal.GetLastPInvokeError();
            container.Dispose();
            throw new VfioException("open", path, errno, errno switch
            {
                Errno.ENOENT or Errno.ENODEV => "the kernel's VFIO is not loaded: modprobe vfio-pci",
                Errno.EACCES or Errno.EPERM => $"{path} is usually open to everybody (mode 666); look at its permissions",
                _ => null,
            });
        }

        try
        {
            CheckVersion(container);
            return container;
        }
        catch
        {
            container.Dispose();
            throw;
        }
    }

    /// <summary>Gives the container its IOMMU model, once a group is in it: TYPE1v2 where the kernel has it, else TYPE1.</summary>
    /// <param name="container">The container.</param>
    /// <param name="wanted">The name of the only model that will do; null where any will.</param>
    /// <returns>The model's name.</returns>
    public static string SetIommu(SafeFileHandle container, string? wanted = null)
    {
        (int model, string name) = (wanted is null or VersionTwo) && Has(container, VfioUapi.VFIO_TYPE1v2_IOMMU) ? (VfioUapi.VFIO_TYPE1v2_IOMMU, VersionTwo)
            : (wanted is null or VersionOne) && Has(container, VfioUapi.VFIO_TYPE1_IOMMU) ? (VfioUapi.VFIO_TYPE1_IOMMU, VersionOne)
            : throw new VfioException(
                "VFIO_CHECK_EXTENSION", "the container", "the kernel offers neither TYPE1v2 nor TYPE1",
                "modprobe vfio_iommu_type1; other IOMMU models are not supported");
        if (Libc.Ioctl(container, VfioUapi.VFIO_SET_IOMMU, model) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw new VfioException("VFIO_SET_IOMMU", $"the container ({name})", errno, errno == Errno.EPERM
                ? "the platform cannot isolate interrupts (no interrupt remapping); the kernel's log (dmesg) says more"
                : null);
        }

        return name;
    }

    private static bool Has(SafeFileHandle container, int extension) =>
        Libc.Ioctl(container, VfioUapi.VFIO_CHECK_EXTENSION, extension) > 0;

    private static void CheckVersion(SafeFileHandle container)
    {
        int version = Libc.Ioctl(container, VfioUapi.VFIO_GET_API_VERSION, 0);
        if (version < 0)
        {
            throw new VfioException("VFIO_GET_API_VERSION", "the container", Marshal.GetLastPInvokeError());
        }

        if (version != VfioUapi.VFIO_API_VERSION)
        {
            throw new VfioException("VFIO_GET_API_VERSION", "the container", $"the kernel speaks version {version}, this library {VfioUapi.VFIO_API_VERSION}");
        }
    }
}
