/*
 * What unmasking costs beside memmove and memcpy: GB/s over 256 KiB, which is a worker's scratch
 * buffer and lies in the second-level cache. Frames of one length follow one another as in a
 * decoder's buffer: each payload moves left, over the headers before it. memmove does the same
 * without a mask; memcpy copies the payloads to another buffer. All take turns, and the best turn
 * of each counts. The time is in units of the faster one of memmove and memcpy.
 */
#include <time.h>

#include "codec/ws/ws_mask.h"

enum { TURNS = 2000, BYTES = 256 * 1024, HEADER = 8 };

/* After the versions of ws_mask. */
enum { MEMMOVE = WS_MASK_VERSIONS, MEMCPY, MOVERS };

static const char *const names[MOVERS] = {"16 bytes", "AVX2", "memmove", "memcpy"};
static const size_t frames[] = {8, 64, 125, 256, 1024, 4096, 16384, 65536, BYTES - HEADER};

/* A compiler removes copies that nobody reads, if it sees them. */
static void *(*volatile const libc_memcpy)(void *, const void *, size_t) = memcpy;
static void *(*volatile const libc_memmove)(void *, const void *, size_t) = memmove;

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static bool is_there(size_t mover)
{
    return mover >= WS_MASK_VERSIONS || mover <= ws_mask_best();
}

static inline void move(size_t mover, uint8_t *copy, uint8_t *to, const uint8_t *from,
                        size_t length, uint8_t mask[4])
{
    if (mover == MEMCPY)
        libc_memcpy(copy, from, length);
    else if (mover == MEMMOVE)
        libc_memmove(to, from, length);
    else
        ws_mask_move_by((enum ws_mask_version)mover, to, from, length, mask);
}

/* Nanoseconds per byte of payload. */
static double measure(size_t mover, uint8_t *copy, uint8_t *buffer, size_t frame)
{
    size_t in = HEADER, out = 0;
    double start = now_ns();
    for (; in + frame <= BYTES; in += HEADER + frame, out += frame) {
        uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
        move(mover, copy + out, buffer + out, buffer + in, frame, mask);
    }
    return (now_ns() - start) / (double)out;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void compare(size_t frame, uint8_t *copy, uint8_t *buffer)
{
    double best[MOVERS] = {1e9, 1e9, 1e9, 1e9};
    for (int i = 0; i < TURNS; i++)
        for (size_t mover = 0; mover < MOVERS; mover++)
            if (is_there(mover))
                best[mover] = smaller(best[mover], measure(mover, copy, buffer, frame));
    printf("%8zu", frame);
    for (size_t mover = 0; mover < MOVERS; mover++)
        if (is_there(mover))
            printf(" %9.1f %5.2f", 1 / best[mover],
                   best[mover] / smaller(best[MEMMOVE], best[MEMCPY]));
    printf("\n");
}

int main(void)
{
    uint8_t *copy = malloc(BYTES), *buffer = malloc(BYTES);
    wsl_assert(copy && buffer);
    memset(copy, 1, BYTES);
    memset(buffer, 2, BYTES);
    printf("%8s", "frame");
    for (size_t mover = 0; mover < MOVERS; mover++)
        if (is_there(mover))
            printf(" %9s %5s", names[mover], "time");
    printf("\n");
    for (size_t i = 0; i < WSL_COUNT(frames); i++)
        compare(frames[i], copy, buffer);
    free(copy);
    free(buffer);
    return 0;
}
