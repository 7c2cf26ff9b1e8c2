// What benchmarks/baseline/pace.c works on: memory, rings and blocks of a driver in C, with their checks. On x86-64, stores are seen in
// order by a device and loads are done in order, so that only the compiler is restrained.
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define compiler_barrier() asm volatile("" ::: "memory")

// The same numbers as in PaceBenchmark.cs.
enum {
    PAGE = 4096, ENTRIES = 64, BLOCKS = 64, BLOCK_LENGTH = 2048, BURST = 32, RENTED = 8, PART = 1024,
    SUBMISSION_DOORBELL = 512, COMPLETION_DOORBELL = 516, STATUS = 512,
};

struct memory {
    uint8_t *start;
    uint64_t length;
};

struct command {
    uint8_t opcode, flags;
    uint16_t id;
    uint32_t namespace_id;
    uint64_t reserved, metadata, prp1, prp2, start_block;
    uint16_t block_count, control;
    uint32_t dataset, reference;
    uint16_t tag, tag_mask;
};
_Static_assert(sizeof(struct command) == 64, "an NVMe command has 64 bytes");

struct completion {
    uint32_t result, reserved;
    uint16_t queue_head, queue_id, id, status;
};
_Static_assert(sizeof(struct completion) == 16, "an NVMe completion has 16 bytes");

struct command_ring {
    struct command *entries;
    uint32_t count;
    uint64_t iova;
};

struct completion_ring {
    struct completion *entries;
    uint32_t count;
};

// A block that was taken. The turn tells it from the same block at another time.
struct block {
    uint32_t index, turn;
};

// Equal blocks, for one thread: a stack of the free ones.
struct pool {
    uint8_t *start;
    uint64_t iova, stride;
    uint32_t count, length, free_count;
    uint32_t free[BLOCKS];
    uint32_t turns[BLOCKS]; // how often a block was taken and given: odd while it is taken
};

// The free blocks for several threads: the first, plus 1, in the low half of head, and a count in the high half.
struct shared_pool {
    _Atomic uint64_t head;
    _Atomic uint32_t next[BLOCKS];
    _Atomic uint32_t turns[BLOCKS];
};

struct driver {
    struct memory buffer, part, bar;
    struct command_ring submissions;
    struct completion_ring completions;
    struct pool pool;
    struct shared_pool shared;
    uint32_t tail, head;
    uint16_t phase;
    struct block blocks[ENTRIES]; // of the commands, by their id
};

static inline bool contains(const struct memory *memory, uint32_t offset, uint32_t length)
{
    return !unlikely((uint64_t)offset + length > memory->length);
}

static inline bool read32(const struct memory *memory, uint32_t offset, uint32_t *value)
{
    if (!contains(memory, offset, sizeof(*value)))
        return false;
    *value = *(volatile uint32_t *)(memory->start + offset);
    return true;
}

static inline bool write32(const struct memory *memory, uint32_t offset, uint32_t value)
{
    if (!contains(memory, offset, sizeof(value)))
        return false;
    *(volatile uint32_t *)(memory->start + offset) = value;
    return true;
}

// What was stored before is there when the device sees this.
static inline bool ring_doorbell(const struct memory *bar, uint32_t offset, uint32_t value)
{
    compiler_barrier();
    return write32(bar, offset, value);
}

static inline struct command *command_at(const struct command_ring *ring, uint32_t index)
{
    return unlikely(index >= ring->count) ? 0 : &ring->entries[index];
}

static inline struct completion *completion_at(const struct completion_ring *ring, uint32_t index)
{
    return unlikely(index >= ring->count) ? 0 : &ring->entries[index];
}

static inline uint32_t next_of(uint32_t index, uint32_t count)
{
    return index + 1 == count ? 0 : index + 1;
}

static inline bool pool_take(struct pool *pool, struct block *blocks, uint32_t count)
{
    if (unlikely(count > pool->free_count))
        return false;
    pool->free_count -= count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = pool->free[pool->free_count + i];
        blocks[i] = (struct block){index, ++pool->turns[index]};
    }
    return true;
}

static inline bool is_taken(const struct pool *pool, struct block block)
{
    return !unlikely(block.index >= pool->count) && !unlikely(pool->turns[block.index] != block.turn);
}

static inline bool pool_give(struct pool *pool, const struct block *blocks, uint32_t count)
{
    if (unlikely(count > pool->count - pool->free_count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_taken(pool, blocks[i]))
            return false;
        pool->turns[blocks[i].index]++;
        pool->free[pool->free_count + i] = blocks[i].index;
    }
    pool->free_count += count;
    return true;
}

static inline bool shared_take(struct shared_pool *pool, struct block *blocks, uint32_t count)
{
    uint64_t old = atomic_load(&pool->head);
    uint32_t first;
    do {
        first = (uint32_t)old;
        for (uint32_t i = 0; i < count; i++) {
            if (unlikely(first == 0))
                return false;
            blocks[i].index = first - 1;
            first = atomic_load_explicit(&pool->next[first - 1], memory_order_relaxed);
        }
    } while (!atomic_compare_exchange_weak(&pool->head, &old, ((old & ~0xffffffffull) + (1ull << 32)) | first));
    for (uint32_t i = 0; i < count; i++) {
        blocks[i].turn = atomic_load_explicit(&pool->turns[blocks[i].index], memory_order_relaxed) + 1;
        atomic_store_explicit(&pool->turns[blocks[i].index], blocks[i].turn, memory_order_release);
    }
    return true;
}

// Of two threads that give the same block, one is refused: its turn is exchanged.
static inline bool shared_give(struct shared_pool *pool, const struct block *blocks, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t turn = blocks[i].turn;
        if (unlikely(blocks[i].index >= BLOCKS)
            || unlikely(!atomic_compare_exchange_strong(&pool->turns[blocks[i].index], &turn, turn + 1)))
            return false;
        if (i + 1 < count)
            atomic_store_explicit(&pool->next[blocks[i].index], blocks[i + 1].index + 1, memory_order_relaxed);
    }
    uint64_t old = atomic_load(&pool->head);
    do
        atomic_store_explicit(&pool->next[blocks[count - 1].index], (uint32_t)old, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&pool->head, &old, ((old & ~0xffffffffull) + (1ull << 32)) | (blocks[0].index + 1)));
    return true;
}

static inline uint64_t block_iova(const struct pool *pool, struct block block)
{
    return is_taken(pool, block) ? pool->iova + block.index * pool->stride : 0;
}
