// Runs one command of the test suite so that it ends for certain, leaves no process behind, and its cost is known.
//
//   job LIMIT USAGE CMD [ARG...]   runs CMD for at most LIMIT seconds (0: without a limit) and writes one line to the file USAGE:
//                                  exit code, wall time in ms, processor time in ms
//   job --calibrate                prints the processor time in ms of a fixed piece of work
//
// Exits as CMD does, with 128 + N if signal N ended it or this program was asked to stop, and with 124 when time is up.
// CMD runs in a session of its own, with the default handling of signals. Its descendants that outlive their parents become
// children of this program (PR_SET_CHILD_SUBREAPER): they are killed when CMD has ended, and their time is counted.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { grace_ms = 15000, last_wait_ms = 30000, step_ms = 20, timed_out = 124 };

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void fail(const char *what)
{
    fprintf(stderr, "job: %s: %s\n", what, strerror(errno));
    exit(126);
}

// Branches and memory in the mixture of an interpreter: what emulation and compilers mostly do. More memory than a cache holds, since
// they slow down as it does when others use the cache.
static void calibrate(void)
{
    enum { words = 1 << 24, rounds = 2 };
    uint32_t *memory = malloc(words * sizeof *memory), state = 1, sum = 0;
    if (!memory)
        fail("malloc");
    int64_t start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
    for (int round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < words; i++) {
            state = state * 1664525u + 1013904223u;
            uint32_t at = (state >> 8) % words;
            switch (state >> 29) {
            case 0: sum += memory[at]; break;
            case 1: sum ^= i; break;
            case 2: memory[at] = sum; break;
            default: memory[i] += state; break;
            }
        }
    volatile uint32_t sink = sum;
    (void)sink;
    printf("%lld\n", (long long)(now_ms(CLOCK_PROCESS_CPUTIME_ID) - start));
}

// Sends SIGKILL to each child: after CMD's end these are its descendants. Returns how many there were.
static int kill_children(void)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], line[512], state;
        int parent;
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        // The name, in parentheses, may hold anything.
        char *rest = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        fclose(file);
        if (rest && sscanf(rest + 1, " %c %d", &state, &parent) == 2 && parent == getpid()) {
            kill(atoi(entry->d_name), SIGKILL);
            count++;
        }
    }
    closedir(proc);
    return count;
}

static void write_usage(const char *path, int code, int64_t wall)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path);
    fprintf(file, "%d %lld %lld\n", code, (long long)wall,
        (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000LL + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
    if (fclose(file))
        fail(path);
}

static pid_t start(char **command, const sigset_t *blocked)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child > 0)
        return child;
    setsid();
    // A shell starts background commands with these ignored.
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, blocked, NULL);
    execvp(command[0], command);
    fprintf(stderr, "job: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

int main(int count, char **arguments)
{
    if (count == 2 && !strcmp(arguments[1], "--calibrate")) {
        calibrate();
        return 0;
    }
    if (count < 4) {
        fprintf(stderr, "usage: job LIMIT USAGE CMD [ARG...]\n");
        return 126;
    }
    int64_t limit = atoll(arguments[1]) * 1000, begin = now_ms(CLOCK_MONOTONIC);
    pid_t caller = getppid();
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGHUP);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    // An ignored SIGCHLD would be inherited, and take the children's time with it.
    signal(SIGCHLD, SIG_DFL);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_SET_PDEATHSIG, SIGTERM))
        fail("prctl");
    if (getppid() != caller)
        return 128 + SIGTERM;
    pid_t main_child = start(arguments + 3, &watched);

    int code = -1, forced = 0;
    int64_t killed_at = 0, ended_at = 0;
    for (;;) {
        int status;
        pid_t ended;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
            if (ended == main_child) {
                code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                ended_at = now_ms(CLOCK_MONOTONIC);
            }
        int64_t now = now_ms(CLOCK_MONOTONIC);
        if (code >= 0) {
            if (ended < 0 || now - ended_at > last_wait_ms)
                break;
            kill_children();
        } else if (killed_at && now - killed_at > grace_ms)
            kill(-main_child, SIGKILL);
        struct timespec wait = { .tv_nsec = step_ms * 1000000L };
        int64_t left = limit && !killed_at ? begin + limit - now : 1000;
        if (code < 0 && left > step_ms) {
            wait.tv_sec = (left < 1000 ? left : 1000) / 1000;
            wait.tv_nsec = wait.tv_sec ? 0 : left * 1000000L;
        }
        int number = sigtimedwait(&watched, NULL, &wait);
        int is_late = limit && !killed_at && now_ms(CLOCK_MONOTONIC) - begin >= limit;
        if (code < 0 && !killed_at && (is_late || (number > 0 && number != SIGCHLD))) {
            forced = is_late ? timed_out : 128 + number;
            killed_at = now_ms(CLOCK_MONOTONIC);
            kill(-main_child, SIGTERM);
            kill(-main_child, SIGCONT);
        }
    }
    code = forced ? forced : code;
    write_usage(arguments[2], code, now_ms(CLOCK_MONOTONIC) - begin);
    return code;
}
