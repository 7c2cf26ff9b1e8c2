using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>The ioctl of a type1 container that carries a pointer; the errno comes back, 0 if it worked.</summary>
internal static unsafe class Type1Ioctl
{
    /// <summary>Starts or stops the record of written pages (VFIO_IOMMU_DIRTY_PAGES).</summary>
    public static int SetDirtyTracking(SystemCalls calls, SafeFileHandle container, uint flag)
    {
        VfioUapi.vfio_iommu_type1_dirty_bitmap request =
            new() { argsz = (uint)sizeof(VfioUapi.vfio_iommu_type1_dirty_bitmap), flags = flag };
        return calls.Ioctl("VFIO_IOMMU_DIRTY_PAGES", container, VfioUapi.VFIO_IOMMU_DIRTY_PAGES, ref request);
    }

    /// <summary>Reads and clears which pages of a range were written since the last time.</summary>
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
            // Written by pointer: the structure holds one, which MemoryMarshal refuses.
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
