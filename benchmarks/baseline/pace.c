// What a driver's hot path costs in C: the same operations as benchmarks/Vfio.Benchmarks/PaceLoops.cs, on memory of the same kind, with
// the checks of a driver that trusts neither the device's indices nor its own. benchmarks/dma compiles it with gcc -O2 into a shared library.
#define _GNU_SOURCE
#include "pace.h"
#include <emmintrin.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void *bar_memory(void)
{
    int file = memfd_create("vfio-pace", MFD_CLOEXEC);
    if (file < 0)
        return 0;
    void *memory = ftruncate(file, PAGE) == 0 ? mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
    close(file);
    return memory == MAP_FAILED ? 0 : memory;
}

// On memory of three pages and the blocks. NULL where the kernel refuses memory for the BAR.
struct driver *pace_create(uint8_t *memory, uint64_t iova)
{
    struct driver *driver = calloc(1, sizeof(*driver));
    void *bar = bar_memory();
    if (!driver || !bar)
        return 0;
    driver->buffer = (struct memory){memory, PAGE};
    driver->part = (struct memory){memory + PART, PART};
    driver->bar = (struct memory){bar, PAGE};
    driver->submissions = (struct command_ring){(struct command *)(memory + PAGE), ENTRIES, iova + PAGE};
    driver->completions = (struct completion_ring){(struct completion *)(memory + 2 * PAGE), ENTRIES};
    driver->pool = (struct pool){
        .start = memory + 3 * PAGE, .iova = iova + 3 * PAGE, .stride = BLOCK_LENGTH, .count = BLOCKS, .length = BLOCK_LENGTH,
        .free_count = BLOCKS,
    };
    for (uint32_t i = 0; i < BLOCKS; i++) {
        driver->pool.free[i] = BLOCKS - 1 - i;
        driver->shared.next[i] = i + 1 < BLOCKS ? i + 2 : 0;
    }
    driver->shared.head = 1;
    if (!pool_take(&driver->pool, driver->blocks, RENTED))
        return 0;
    driver->phase = 1;
    for (uint16_t i = 0; i < ENTRIES; i++)
        driver->completions.entries[i] = (struct completion){.result = i, .id = i, .status = 1};
    return driver;
}

// 0 from any of the loops is an error, which the caller reports: no count is 0, and they add it to what they return.

uint64_t pace_buffer_read(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t offset = 0, value;
    for (uint64_t i = 0; i < count; i++) {
        if (!read32(&driver->buffer, offset, &value))
            return 0;
        sum += value;
        offset = offset + 4 == PAGE ? 0 : offset + 4;
    }
    return sum + count;
}

uint64_t pace_buffer_write(struct driver *driver, uint64_t count)
{
    uint32_t offset = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!write32(&driver->buffer, offset, (uint32_t)i))
            return 0;
        offset = offset + 4 == PAGE ? 0 : offset + 4;
    }
    return count;
}

uint64_t pace_buffer_slice(struct driver *driver, uint64_t count)
{
    uint32_t offset = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!contains(&driver->buffer, offset, 64))
            return 0;
        *(volatile uint32_t *)(driver->buffer.start + offset) = (uint32_t)i;
        offset = offset + 64 == PAGE ? 0 : offset + 64;
    }
    return count;
}

uint64_t pace_part_read(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t offset = 0, value;
    for (uint64_t i = 0; i < count; i++) {
        if (!read32(&driver->part, offset, &value))
            return 0;
        sum += value;
        offset = offset + 4 == PART ? 0 : offset + 4;
    }
    return sum + count;
}

// Not volatile: nothing depends on the order of these stores.
static inline void build(struct command *entry, uint16_t id, uint64_t address, uint64_t block)
{
    *entry = (struct command){
        .opcode = 2, .id = id, .namespace_id = 1, .prp1 = address, .prp2 = address + PAGE, .start_block = block, .block_count = 7,
    };
}

uint64_t pace_ring_set(struct driver *driver, uint64_t count)
{
    uint32_t tail = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct command *entry = command_at(&driver->submissions, tail);
        if (!entry)
            return 0;
        build(entry, (uint16_t)tail, i << 12, i);
        tail = next_of(tail, ENTRIES);
    }
    return count;
}

uint64_t pace_ring_get(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t head = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct completion *entry = completion_at(&driver->completions, head);
        if (!entry)
            return 0;
        compiler_barrier(); // the device may have written another since
        struct completion copy = *entry;
        sum += copy.result + copy.id + copy.status;
        head = next_of(head, ENTRIES);
    }
    return sum + count;
}

uint64_t pace_ring_read(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t head = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct completion *entry = completion_at(&driver->completions, head);
        if (!entry)
            return 0;
        sum += *(volatile uint16_t *)&entry->status;
        head = next_of(head, ENTRIES);
    }
    return sum + count;
}

uint64_t pace_ring_write(struct driver *driver, uint64_t count)
{
    uint32_t tail = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct command *entry = command_at(&driver->submissions, tail);
        if (!entry)
            return 0;
        *(volatile uint32_t *)&entry->namespace_id = (uint32_t)i;
        tail = next_of(tail, ENTRIES);
    }
    return count;
}

uint64_t pace_ring_iova(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t index = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!command_at(&driver->submissions, index))
            return 0;
        sum += driver->submissions.iova + index * sizeof(struct command);
        index = next_of(index, ENTRIES);
    }
    return sum + count;
}

#define CYCLES(name, pool_type, field, take, give, burst)                                                            \
    uint64_t name(struct driver *driver, uint64_t count)                                                             \
    {                                                                                                                \
        pool_type *pool = &driver->field;                                                                            \
        uint64_t sum = 0;                                                                                            \
        struct block blocks[burst];                                                                                  \
        for (uint64_t i = 0; i < count; i++) {                                                                       \
            if (!take(pool, blocks, burst))                                                                          \
                return 0;                                                                                            \
            compiler_barrier(); /* others have the blocks now */                                                     \
            sum += blocks[0].index;                                                                                  \
            if (!give(pool, blocks, burst))                                                                          \
                return 0;                                                                                            \
        }                                                                                                            \
        return sum + count;                                                                                          \
    }

CYCLES(pace_shared_block, struct shared_pool, shared, shared_take, shared_give, 1)
CYCLES(pace_block, struct pool, pool, pool_take, pool_give, 1)
CYCLES(pace_shared_burst, struct shared_pool, shared, shared_take, shared_give, BURST)
CYCLES(pace_burst, struct pool, pool, pool_take, pool_give, BURST)

uint64_t pace_block_write(struct driver *driver, uint64_t count)
{
    struct pool *pool = &driver->pool;
    uint32_t index = 0, offset = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct block block = driver->blocks[index];
        if (!is_taken(pool, block) || unlikely((uint64_t)offset + 4 > pool->length))
            return 0;
        *(volatile uint32_t *)(pool->start + block.index * pool->stride + offset) = (uint32_t)i;
        offset = offset + 4 == 64 ? 0 : offset + 4;
        index = next_of(index, RENTED);
    }
    return count;
}

uint64_t pace_block_iova(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t index = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t iova = block_iova(&driver->pool, driver->blocks[index]);
        if (iova == 0)
            return 0;
        sum += iova;
        index = next_of(index, RENTED);
    }
    return sum + count;
}

uint64_t pace_doorbell(struct driver *driver, uint64_t count)
{
    uint32_t tail = 0;
    for (uint64_t i = 0; i < count; i++) {
        tail = next_of(tail, ENTRIES);
        if (!ring_doorbell(&driver->bar, SUBMISSION_DOORBELL, tail))
            return 0;
    }
    return count;
}

uint64_t pace_register_read(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    uint32_t value;
    for (uint64_t i = 0; i < count; i++) {
        if (!read32(&driver->bar, STATUS, &value))
            return 0;
        compiler_barrier(); // what follows a read of the device is not done before it
        sum += value;
    }
    return sum + count;
}

uint64_t pace_post(struct driver *driver, uint64_t count)
{
    static const uint8_t data[64];
    uint32_t offset = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!contains(&driver->buffer, offset, sizeof(data)))
            return 0;
        for (int part = 0; part < 64; part += 16)
            _mm_stream_si128((__m128i *)(driver->buffer.start + offset + part), _mm_loadu_si128((const __m128i *)(data + part)));
        _mm_sfence();
        offset = offset + 64 == PAGE ? 0 : offset + 64;
    }
    return count;
}

static bool submit(struct driver *driver, uint64_t address, uint64_t block)
{
    struct command *entry = command_at(&driver->submissions, driver->tail);
    if (!entry)
        return false;
    build(entry, (uint16_t)driver->tail, address, block);
    driver->tail = next_of(driver->tail, driver->submissions.count);
    return ring_doorbell(&driver->bar, SUBMISSION_DOORBELL, driver->tail);
}

enum outcome { NONE, DONE, BROKEN };

static enum outcome complete(struct driver *driver, struct completion *completion)
{
    struct completion *entry = completion_at(&driver->completions, driver->head);
    if (!entry)
        return BROKEN;
    uint16_t status = *(volatile uint16_t *)&entry->status;
    compiler_barrier();
    if ((status & 1) != driver->phase)
        return NONE;
    *completion = *entry;
    if (unlikely(completion->id >= driver->submissions.count))
        return BROKEN;
    driver->head = next_of(driver->head, driver->completions.count);
    if (driver->head == 0)
        driver->phase ^= 1;
    return ring_doorbell(&driver->bar, COMPLETION_DOORBELL, driver->head) ? DONE : BROKEN;
}

// Stands in for the device: it completes all commands of the next lap.
static void complete_lap(struct driver *driver)
{
    for (uint32_t i = 0; i < ENTRIES; i++)
        driver->completions.entries[i].status ^= 1;
}

uint64_t pace_io(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    struct completion completion;
    for (uint64_t i = 0; i < count; i++) {
        if (!submit(driver, i << 12, i))
            return 0;
        enum outcome outcome;
        while ((outcome = complete(driver, &completion)) == NONE)
            ;
        if (outcome == BROKEN)
            return 0;
        sum += completion.result;
        if (driver->head == 0)
            complete_lap(driver);
    }
    return sum + count;
}

uint64_t pace_io_block(struct driver *driver, uint64_t count)
{
    uint64_t sum = 0;
    struct completion completion;
    for (uint64_t i = 0; i < count; i++) {
        struct block block;
        if (!pool_take(&driver->pool, &block, 1))
            return 0;
        driver->blocks[driver->tail] = block;
        uint64_t iova = block_iova(&driver->pool, block);
        if (iova == 0 || !submit(driver, iova, i))
            return 0;
        enum outcome outcome;
        while ((outcome = complete(driver, &completion)) == NONE)
            ;
        if (outcome == BROKEN || !pool_give(&driver->pool, &driver->blocks[completion.id], 1))
            return 0;
        sum += completion.result;
        if (driver->head == 0)
            complete_lap(driver);
    }
    return sum + count;
}
