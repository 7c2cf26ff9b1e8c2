// What it costs in C from an interrupt to the code that handles it: a blocking read, a spinning one, epoll, and epoll with a hand-over to another thread. And who makes the
// interrupts, for C and for C# alike: a thread that sleeps a while, notes the time, and signals, by writing an eventfd or a device's register.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NANOSECONDS = 60 * 1000 }; // long enough for whoever waits to be asleep

struct source {
    int fd;                      // of the eventfd that is signalled
    volatile uint32_t *reg;      // written with 1 where the device signals it
    sem_t wanted;
    volatile uint64_t start;     // when the last signal was made; nanoseconds
    pthread_t thread;
};

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void *make_signals(void *argument)
{
    struct source *source = argument;
    const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    const uint64_t one = 1;
    for (;;) {
        while (sem_wait(&source->wanted) != 0) {}
        nanosleep(&pause, 0);
        source->start = now();
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (source->reg)
            *source->reg = 1;
        else if (write(source->fd, &one, sizeof one) != sizeof one)
            abort();
    }
    return 0;
}

// Lives as long as the process.
struct source *source_create(int fd, void *reg)
{
    struct source *source = calloc(1, sizeof *source);
    source->fd = fd;
    source->reg = reg;
    sem_init(&source->wanted, 0, 0);
    pthread_create(&source->thread, 0, make_signals, source);
    return source;
}

void source_want(struct source *source)
{
    sem_post(&source->wanted);
}

uint64_t source_start(struct source *source)
{
    return source->start;
}

// The first page of a device's BAR0, which is the first region of its descriptor.
void *source_map(int device)
{
    void *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
    return memory == MAP_FAILED ? 0 : memory;
}

// A device that is mapped is not given back.
void source_unmap(void *memory)
{
    munmap((void *)((uintptr_t)memory & ~(uintptr_t)4095), 4096);
}

void wait_read(struct source *source, uint64_t *samples, uint64_t count)
{
    uint64_t value;
    for (uint64_t i = 0; i < count; i++) {
        source_want(source);
        if (read(source->fd, &value, sizeof value) != sizeof value)
            abort();
        samples[i] = now() - source->start;
    }
}

void wait_spin(struct source *source, uint64_t *samples, uint64_t count)
{
    uint64_t value;
    const struct iovec vector = {.iov_base = &value, .iov_len = sizeof value};
    for (uint64_t i = 0; i < count; i++) {
        source_want(source);
        while (preadv2(source->fd, &vector, 1, -1, RWF_NOWAIT) != sizeof value)
            __builtin_ia32_pause();
        samples[i] = now() - source->start;
    }
}

static int watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return epoll;
}

void wait_epoll(struct source *source, uint64_t *samples, uint64_t count)
{
    struct epoll_event event;
    uint64_t value;
    int epoll = watch(source->fd);
    for (uint64_t i = 0; i < count; i++) {
        source_want(source);
        while (epoll_wait(epoll, &event, 1, -1) != 1) {}
        if (read(source->fd, &value, sizeof value) != sizeof value)
            abort();
        samples[i] = now() - source->start;
    }
    close(epoll);
}

struct handover {
    struct source *source;
    uint64_t count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ready;
};

static void *hand_over(void *argument)
{
    struct handover *handover = argument;
    struct epoll_event event;
    uint64_t value;
    int epoll = watch(handover->source->fd);
    for (uint64_t i = 0; i < handover->count; i++) {
        while (epoll_wait(epoll, &event, 1, -1) != 1) {}
        if (read(handover->source->fd, &value, sizeof value) != sizeof value)
            abort();
        pthread_mutex_lock(&handover->lock);
        handover->ready = 1;
        pthread_cond_signal(&handover->changed);
        pthread_mutex_unlock(&handover->lock);
    }
    close(epoll);
    return 0;
}

void wait_handover(struct source *source, uint64_t *samples, uint64_t count)
{
    struct handover handover = {.source = source, .count = count, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    pthread_create(&thread, 0, hand_over, &handover);
    for (uint64_t i = 0; i < count; i++) {
        source_want(source);
        pthread_mutex_lock(&handover.lock);
        while (!handover.ready)
            pthread_cond_wait(&handover.changed, &handover.lock);
        handover.ready = 0;
        pthread_mutex_unlock(&handover.lock);
        samples[i] = now() - source->start;
    }
    pthread_join(thread, 0);
}
