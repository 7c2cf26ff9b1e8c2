using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Makes the ioctls of a device's own node and of <c>/dev/iommu</c> that contain descriptors or pointers. The methods
/// return the errno, 0 for success.
/// </summary>
internal static unsafe class IommufdIoctl
{
    private const int TokenBytes = 16;

    // A device behind a real IOMMU has only a few ranges; each reserved window adds one.
    private const int UsualRanges = 32;
    private const int MostRanges = 65536;
    private const int MostRounds = 8;

    /// <summary>Binds a device to an iommufd (VFIO_DEVICE_BIND_IOMMUFD).</summary>
    public static int Bind(
        SystemCalls calls, SafeFileHandle device, SafeFileHandle iommufd, Guid? token, out uint deviceId)
    {
        byte* bytes = stackalloc byte[TokenBytes];
        token?.TryWriteBytes(new Span<byte>(bytes, TokenBytes), bigEndian: true, out _);
        using HandleUse use = new(iommufd);
        VfioUapi.vfio_device_bind_iommufd bind = new()
        {
            argsz = (uint)sizeof(VfioUapi.vfio_device_bind_iommufd),
            flags = token is null ? 0 : VfioUapi.VFIO_DEVICE_BIND_FLAG_TOKEN,
            iommufd = use.Number,
            token_uuid_ptr = token is null ? 0 : (ulong)bytes,
        };
        // Kernels without tokens know the structure without its last field.
        bind.argsz -= token is null ? sizeof(ulong) : 0u;
        int errno = calls.Ioctl("VFIO_DEVICE_BIND_IOMMUFD", device, VfioUapi.VFIO_DEVICE_BIND_IOMMUFD, ref bind);
        deviceId = bind.out_devid;
        return errno;
    }

    /// <summary>Attaches a device to an IOAS or a page table (VFIO_DEVICE_ATTACH_IOMMUFD_PT).</summary>
    public static int Attach(SystemCalls calls, SafeFileHandle device, uint id)
    {
        VfioUapi.vfio_device_attach_iommufd_pt attach = new() { pt_id = id };
        // Without pasid, as older kernels know the structure.
        attach.argsz = (uint)(sizeof(VfioUapi.vfio_device_attach_iommufd_pt) - sizeof(uint));
        return calls.Ioctl("VFIO_DEVICE_ATTACH_IOMMUFD_PT", device, VfioUapi.VFIO_DEVICE_ATTACH_IOMMUFD_PT, ref attach);
    }

    /// <summary>Gets the addresses that an IOAS can map, and their alignment (IOMMU_IOAS_IOVA_RANGES).</summary>
    public static int GetRanges(
        SystemCalls calls,
        SafeFileHandle iommufd,
        uint ioas,
        out IommufdUapi.iommu_iova_range[] ranges,
        out ulong alignment)
    {
        ranges = new IommufdUapi.iommu_iova_range[UsualRanges];
        for (int round = 1; ; round++)
        {
            fixed (IommufdUapi.iommu_iova_range* start = ranges)
            {
                IommufdUapi.iommu_ioas_iova_ranges question = new()
                {
                    size = (uint)sizeof(IommufdUapi.iommu_ioas_iova_ranges),
                    ioas_id = ioas,
                    num_iovas = (uint)ranges.Length,
                    allowed_iovas = (ulong)start,
                };
                int errno = calls.Ioctl(
                    "IOMMU_IOAS_IOVA_RANGES", iommufd, IommufdUapi.IOMMU_IOAS_IOVA_RANGES, ref question);
                alignment = question.out_iova_alignment;
                bool isTooSmall = question.num_iovas > (uint)ranges.Length;
                if (isTooSmall && (question.num_iovas > MostRanges || round == MostRounds))
                {
                    return Errno.EMSGSIZE;
                }

                if (errno != 0 && !(errno == Errno.EMSGSIZE && isTooSmall))
                {
                    return errno;
                }

                if (errno == 0 && !isTooSmall)
                {
                    Array.Resize(ref ranges, (int)question.num_iovas);
                    return 0;
                }

                ranges = new IommufdUapi.iommu_iova_range[question.num_iovas];
            }
        }
    }

    /// <summary>Maps pages of a file, which can be memory of a device (IOMMU_IOAS_MAP_FILE).</summary>
    public static int MapFile(
        SystemCalls calls, SafeFileHandle iommufd, IommufdUapi.iommu_ioas_map_file map, SafeFileHandle file)
    {
        using HandleUse use = new(file);
        map.size = (uint)Unsafe.SizeOf<IommufdUapi.iommu_ioas_map_file>();
        map.fd = use.Number;
        return calls.Ioctl("IOMMU_IOAS_MAP_FILE", iommufd, IommufdUapi.IOMMU_IOAS_MAP_FILE, ref map);
    }

    /// <summary>Reads and clears the pages that devices wrote (IOMMU_HWPT_GET_DIRTY_BITMAP).</summary>
    public static int GetDirtyBitmap(
        SystemCalls calls,
        SafeFileHandle iommufd,
        uint pageTable,
        ulong iova,
        ulong length,
        ulong pageSize,
        Span<ulong> bitmap)
    {
        fixed (ulong* start = bitmap)
        {
            IommufdUapi.iommu_hwpt_get_dirty_bitmap question = new()
            {
                size = (uint)sizeof(IommufdUapi.iommu_hwpt_get_dirty_bitmap),
                hwpt_id = pageTable,
                iova = iova,
                length = length,
                page_size = pageSize,
                data = (ulong)start,
            };
            return calls.Ioctl(
                "IOMMU_HWPT_GET_DIRTY_BITMAP", iommufd, IommufdUapi.IOMMU_HWPT_GET_DIRTY_BITMAP, ref question);
        }
    }
}
