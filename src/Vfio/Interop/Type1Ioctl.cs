using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Makes the ioctl of a type1 container that contains a pointer. The methods return the errno, 0 for success.
/// </summary>
internal static unsafe class Type1Ioctl
{
    /// <summary>Starts or stops dirty tracking (VFIO_IOMMU_DIRTY_PAGES).</summary>
    public static int SetDirtyTracking(SystemCalls calls, SafeFileHandle container, uint flag)
    {
        VfioUapi.vfio_iommu_type1_dirty_bitmap request =
            new() { argsz = (uint)sizeof(VfioUapi.vfio_iommu_type1_dirty_bitmap), flags = flag };
        return calls.Ioctl("VFIO_IOMMU_DIRTY_PAGES", container, VfioUapi.VFIO_IOMMU_DIRTY_PAGES, ref request);
    }

    /// <summary>Reads and clears the pages of a range that were written since the last time.</summary>
    public static int GetDirtyBitmap(
        SystemCalls calls, SafeFileHandle container, ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap)
    {
        int header = sizeof(VfioUapi.vfio_iommu_type1_dirty_bitmap);
        Span<byte> argument = stackalloc byte[header + sizeof(VfioUapi.vfio_iommu_type1_dirty_bitmap_get)];
        VfioUapi.vfio_iommu_type1_dirty_bitmap request =
            new() { argsz = (uint)argument.Length, flags = VfioUapi.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP };
        MemoryMarshal.Write(argument, in request);
        fixed (ulong* start = bitmap)
        {
            // Written through a pointer: the structure contains one, which MemoryMarshal refuses.
            fixed (byte* place = argument[header..])
            {
                *(VfioUapi.vfio_iommu_type1_dirty_bitmap_get*)place = new VfioUapi.vfio_iommu_type1_dirty_bitmap_get
                {
                    iova = iova,
                    size = length,
                    bitmap = new VfioUapi.vfio_bitmap
                    {
                        pgsize = pageSize,
                        size = (ulong)bitmap.Length * sizeof(ulong),
                        data = start,
                    },
                };
            }

            return calls.Ioctl("VFIO_IOMMU_DIRTY_PAGES", container, VfioUapi.VFIO_IOMMU_DIRTY_PAGES, argument, out _);
        }
    }
}
