#include "net/loop/pieces.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000u

extern const char __executable_start[]; /* NOLINT: the linker's name */

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* CPU time: others on a busy machine do not count. */
struct pieces_clock pieces_now(void)
{
    return (struct pieces_clock){nanoseconds(CLOCK_THREAD_CPUTIME_ID),
                                 nanoseconds(CLOCK_MONOTONIC)};
}

int pieces_print(char line[PIECES_LINE], const char *kind, pieces_fn *function,
                 const struct pieces_clock *took)
{
    return snprintf(line, PIECES_LINE, "%d %s %#llx %llu %llu\n", (int)gettid(), kind,
                    (unsigned long long)((uintptr_t)function - (uintptr_t)__executable_start),
                    (unsigned long long)took->cpu, (unsigned long long)took->wall);
}

void pieces_note(const char *kind, pieces_fn *function, const struct pieces_clock *began)
{
    struct pieces_clock took = pieces_now();
    took.cpu -= began->cpu;
    took.wall -= began->wall;
    const char *path = took.cpu > PIECES_LONG_NS ? getenv(PIECES_FILE) : NULL;
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    char line[PIECES_LINE];
    (void)!write(fd, line, (size_t)pieces_print(line, kind, function, &took));
    close(fd);
}
