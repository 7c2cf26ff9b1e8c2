// What DMA costs in C: memory mapped and unmapped by ioctl, a transfer of QEMU's edu. The same as
// benchmarks/Vfio.Benchmarks/DmaBenchmark.cs does, on the same descriptors, the same memory and the same device.
#include <linux/vfio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

// linux/iommufd.h has these; the headers of older systems lack it.
struct ioas_map {
    uint32_t size, flags, ioas_id, reserved;
    uint64_t user_va, length, iova;
};
struct ioas_unmap {
    uint32_t size, ioas_id;
    uint64_t iova, length;
};
enum { IOAS_MAP = 0x3b85, IOAS_UNMAP = 0x3b86, FIXED_IOVA = 1, WRITEABLE = 2, READABLE = 4 };

struct target {
    int fd;          // container, or iommufd
    uint32_t ioas;
    uint64_t vaddr;
    uint64_t iova;
    uint64_t length;
    volatile uint8_t *bar0;
};

// 0 where an ioctl fails: the caller compares with what it asked for.
uint64_t type1_map(struct target *target, uint64_t unused, uint64_t count)
{
    (void)unused;
    for (uint64_t i = 0; i < count; i++) {
        struct vfio_iommu_type1_dma_map map = {
            .argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
            .vaddr = target->vaddr, .iova = target->iova, .size = target->length,
        };
        struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof(unmap), .iova = target->iova, .size = target->length};
        if (ioctl(target->fd, VFIO_IOMMU_MAP_DMA, &map) != 0 || ioctl(target->fd, VFIO_IOMMU_UNMAP_DMA, &unmap) != 0)
            return 0;
    }
    return count;
}

uint64_t iommufd_map(struct target *target, uint64_t unused, uint64_t count)
{
    (void)unused;
    for (uint64_t i = 0; i < count; i++) {
        struct ioas_map map = {
            .size = sizeof(map), .flags = FIXED_IOVA | READABLE | WRITEABLE,
            .ioas_id = target->ioas, .user_va = target->vaddr, .length = target->length, .iova = target->iova,
        };
        struct ioas_unmap unmap = {.size = sizeof(unmap), .ioas_id = target->ioas, .iova = target->iova, .length = target->length};
        if (ioctl(target->fd, IOAS_MAP, &map) != 0 || ioctl(target->fd, IOAS_UNMAP, &unmap) != 0)
            return 0;
    }
    return count;
}

// BAR0 of a device's descriptor; it is the first region, at offset 0.
void *bar0_map(int device, uint64_t length)
{
    void *memory = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
    return memory == MAP_FAILED ? 0 : memory;
}

// A device that is mapped is not given back.
void bar0_unmap(void *memory, uint64_t length)
{
    munmap(memory, length);
}

// 4 KiB from memory into edu's buffer, until the device says that it is done (QEMU's docs/specs/edu).
uint64_t edu_transfer(struct target *target, uint64_t iova, uint64_t count)
{
    volatile uint8_t *bar0 = target->bar0;
    for (uint64_t i = 0; i < count; i++) {
        *(volatile uint64_t *)(bar0 + 0x80) = iova;
        *(volatile uint64_t *)(bar0 + 0x88) = 0x40000;
        *(volatile uint64_t *)(bar0 + 0x90) = 4096;
        *(volatile uint64_t *)(bar0 + 0x98) = 1;
        while (*(volatile uint64_t *)(bar0 + 0x98) & 1)
            ;
    }
    return count;
}
