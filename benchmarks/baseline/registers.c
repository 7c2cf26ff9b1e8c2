// What a register access costs in C: the same loops as benchmarks/Vfio.Benchmarks/DriverLoops.cs, on memory of the same kind as a
// model's memory BAR. benchmarks/run compiles it with gcc -O2 into a shared library.
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// A memory BAR: a page of a memfd, mapped shared. NULL where the kernel refuses.
void *baseline_memory(uint64_t length)
{
    int file = memfd_create("vfio-baseline", MFD_CLOEXEC);
    if (file < 0)
        return 0;
    void *memory = ftruncate(file, (off_t)length) == 0 ? mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
    close(file);
    return memory == MAP_FAILED ? 0 : memory;
}

// From the chain's register to the one that is written for it.
#define DOORBELLS 2048

#define LOOPS(bits)                                                                                          \
    /* Reads that wait for each other: each gives the offset of the next. */                                 \
    uint64_t chain##bits(uint8_t *memory, uint64_t offset, uint64_t count)                                   \
    {                                                                                                        \
        for (uint64_t i = 0; i < count; i++)                                                                 \
            offset = *(volatile uint##bits##_t *)(memory + offset);                                          \
        return offset;                                                                                       \
    }                                                                                                        \
    /* A read that says where to write, and the write; the next read waits for this one. */                  \
    uint64_t ring##bits(uint8_t *memory, uint64_t offset, uint64_t count)                                    \
    {                                                                                                        \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            offset = *(volatile uint##bits##_t *)(memory + offset);                                          \
            *(volatile uint##bits##_t *)(memory + DOORBELLS + offset) = (uint##bits##_t)offset;              \
        }                                                                                                    \
        return offset;                                                                                       \
    }

LOOPS(8)
LOOPS(16)
LOOPS(32)
LOOPS(64)

// Reads that wait for nothing.
uint64_t read32(uint8_t *memory, uint64_t offset, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += *(volatile uint32_t *)(memory + offset);
    return sum;
}

// Writes that wait for nothing.
uint64_t write32(uint8_t *memory, uint64_t offset, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        *(volatile uint32_t *)(memory + offset) = (uint32_t)i;
    return count;
}

// A register read, changed and written back.
uint64_t update32(uint8_t *memory, uint64_t offset, uint64_t count)
{
    uint32_t value = 0;
    for (uint64_t i = 0; i < count; i++) {
        value = *(volatile uint32_t *)(memory + offset);
        *(volatile uint32_t *)(memory + offset) = value + 1;
    }
    return value;
}

// A trapped access: a device's function behind a pointer.
struct device {
    uint64_t (*read)(struct device *device, uint64_t offset, int width);
    void (*write)(struct device *device, uint64_t offset, int width, uint64_t value);
    uint64_t identification;
    uint64_t liveness;
};

static uint64_t device_read(struct device *device, uint64_t offset, int width)
{
    if (width != 4)
        return 0;
    switch (offset) {
    case 0x0: return device->identification;
    case 0x4: return device->liveness;
    default: return ~0ul;
    }
}

static void device_write(struct device *device, uint64_t offset, int width, uint64_t value)
{
    if (width == 4 && offset == 0x4)
        device->liveness = ~value & 0xffffffff;
}

static struct device device = { device_read, device_write, 0x010000ed, 0 };

void *baseline_device(void)
{
    return &device;
}

uint64_t trapped_read(struct device *behind, uint64_t offset, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += behind->read(behind, offset, 4);
    return sum;
}

uint64_t trapped_write(struct device *behind, uint64_t offset, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        behind->write(behind, offset, 4, i);
    return count;
}
