#include "codec/ws/ws_mask.h"

/*
 * Every path loads its last piece before it stores anything, and stores it at the end, where it may
 * overlap the piece before. So no length from 4 on needs a loop over single bytes, and moving to
 * the left over the source is safe: a store to to[n] does not reach beyond from[n]. The last piece
 * uses the mask for from[length], because its size is a multiple of the mask's.
 *
 * Short runs, of which there are most, take neither a loop nor the choice of a version.
 *
 * Unaligned types instead of memcpy: _FORTIFY_SOURCE makes clang send each vector through the
 * stack, which halves the speed.
 */
#define UNALIGNED __attribute__((aligned(1), may_alias))

typedef uint32_t four UNALIGNED;
typedef uint64_t eight UNALIGNED;
typedef uint32_t sixteen __attribute__((vector_size(16), aligned(1), may_alias));

#if defined(__x86_64__) || defined(__i386__)
#define HAS_AVX2 1
#else
#define HAS_AVX2 0
#endif

/* The mask that begins `bytes` later; its bytes are in memory order on any machine. */
static inline uint32_t rotate(uint32_t mask, size_t bytes)
{
    unsigned bits = 8 * (bytes % 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return mask >> bits | mask << (-bits % 32);
#else
    return mask << bits | mask >> (-bits % 32);
#endif
}

/* 4 to 7 bytes. */
static inline void move_two_4s(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                               uint32_t next)
{
    const size_t at = length - 4;
    const uint32_t head = *(const four *)from ^ first;
    const uint32_t last = *(const four *)(from + at) ^ next;

    *(four *)to = head;
    *(four *)(to + at) = last;
}

/* 8 to 15 bytes. */
static inline void move_two_8s(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                               uint32_t next)
{
    const uint64_t twice = 0x100000001;
    const size_t at = length - 8;
    const uint64_t head = *(const eight *)from ^ first * twice;
    const uint64_t last = *(const eight *)(from + at) ^ next * twice;

    *(eight *)to = head;
    *(eight *)(to + at) = last;
}

/* 16 to 32 bytes. */
static inline void move_two_16s(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                                uint32_t next)
{
    const size_t at = length - 16;
    const sixteen head = *(const sixteen *)from ^ first;
    const sixteen last = *(const sixteen *)(from + at) ^ next;

    *(sixteen *)to = head;
    *(sixteen *)(to + at) = last;
}

/* 32 to 64 bytes. */
static inline void move_two_32s(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                                uint32_t next)
{
    const size_t at = length - 32;
    const sixteen *head = (const sixteen *)from, *last = (const sixteen *)(from + at);
    const sixteen a = head[0] ^ first, b = head[1] ^ first;
    const sixteen c = last[0] ^ next, d = last[1] ^ next;

    ((sixteen *)to)[0] = a;
    ((sixteen *)to)[1] = b;
    ((sixteen *)(to + at))[0] = c;
    ((sixteen *)(to + at))[1] = d;
}

static inline void load_64(sixteen pieces[4], const uint8_t *from, uint32_t mask)
{
    pieces[0] = ((const sixteen *)from)[0] ^ mask;
    pieces[1] = ((const sixteen *)from)[1] ^ mask;
    pieces[2] = ((const sixteen *)from)[2] ^ mask;
    pieces[3] = ((const sixteen *)from)[3] ^ mask;
}

static inline void store_64(uint8_t *to, const sixteen pieces[4])
{
    ((sixteen *)to)[0] = pieces[0];
    ((sixteen *)to)[1] = pieces[1];
    ((sixteen *)to)[2] = pieces[2];
    ((sixteen *)to)[3] = pieces[3];
}

/* 64 to 128 bytes. */
static inline void move_two_64s(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                                uint32_t next)
{
    const size_t at = length - 64;
    sixteen head[4], last[4];

    load_64(head, from, first);
    load_64(last, from + at, next);
    store_64(to, head);
    store_64(to + at, last);
}

/* 64 bytes or more. */
static void move_64s(uint8_t *to, const uint8_t *from, size_t length, uint32_t first, uint32_t next)
{
    sixteen pieces[4], last[4];

    load_64(last, from + length - 64, next);
    for (size_t at = 0; length - at > 64; at += 64) {
        load_64(pieces, from + at, first);
        store_64(to + at, pieces);
    }
    store_64(to + length - 64, last);
}

#if HAS_AVX2
typedef uint32_t thirty_two __attribute__((vector_size(32), aligned(1), may_alias));

/*
 * 32 bytes or more. Of the stores of a long run, half would cross a cache line: it aligns them. The
 * bytes before the first aligned one are a piece that is handled as the last one is. Vectors of 64
 * bytes (AVX-512) are no faster on what lies in L2, and slow some processors' clock down.
 */
__attribute__((target("avx2"))) static void move_avx2(uint8_t *to, const uint8_t *from,
                                                      size_t length, uint32_t first, uint32_t next)
{
    const size_t size = sizeof(thirty_two), align_from = 1024;
    size_t at = length < align_from ? 0 : -(uintptr_t)to % size;
    const uint32_t mask = rotate(first, at);
    const thirty_two head = *(const thirty_two *)from ^ first;
    const thirty_two last = *(const thirty_two *)(from + length - size) ^ next;

    for (; length - at > 4 * size; at += 4 * size) {
        const thirty_two *piece = (const thirty_two *)(from + at);
        thirty_two a = piece[0], b = piece[1], c = piece[2], d = piece[3];
        thirty_two *moved = (thirty_two *)(to + at);
        moved[0] = a ^ mask;
        moved[1] = b ^ mask;
        moved[2] = c ^ mask;
        moved[3] = d ^ mask;
    }
    for (; length - at > size; at += size)
        *(thirty_two *)(to + at) = *(const thirty_two *)(from + at) ^ mask;
    *(thirty_two *)to = head;
    *(thirty_two *)(to + length - size) = last;
}
#endif

/* libgcc asks the processor before main begins; this reads what it found. */
enum ws_mask_version ws_mask_best(void)
{
#if HAS_AVX2
    if (__builtin_cpu_supports("avx2"))
        return WS_MASK_AVX2;
#endif
    return WS_MASK_16_BYTES;
}

static void move_long(enum ws_mask_version version, uint8_t *to, const uint8_t *from, size_t length,
                      uint8_t mask[4])
{
    const uint32_t first = *(const four *)mask;
    const uint32_t next = rotate(first, length);

    *(four *)mask = next;
#if HAS_AVX2
    if (version == WS_MASK_AVX2) {
        move_avx2(to, from, length, first, next);
        return;
    }
#endif
    move_64s(to, from, length, first, next);
}

void ws_mask_move_by(enum ws_mask_version version, uint8_t *to, const uint8_t *from, size_t length,
                     uint8_t mask[4])
{
    if (length > WS_MASK_SHORT)
        move_long(version, to, from, length, mask);
    else
        ws_mask_move(to, from, length, mask);
}

/* 16 bytes to WS_MASK_SHORT. */
static inline void move_medium(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                               uint32_t next)
{
    if (length > 64)
        move_two_64s(to, from, length, first, next);
    else if (length > 32)
        move_two_32s(to, from, length, first, next);
    else
        move_two_16s(to, from, length, first, next);
}

void ws_mask_move(uint8_t *to, const uint8_t *from, size_t length, uint8_t mask[4])
{
    const uint32_t first = *(const four *)mask;
    const uint32_t next = rotate(first, length);

    if (length > WS_MASK_SHORT) {
        move_long(ws_mask_best(), to, from, length, mask);
        return;
    }
    if (length >= 16)
        move_medium(to, from, length, first, next);
    else if (length >= 8)
        move_two_8s(to, from, length, first, next);
    else if (length >= 4)
        move_two_4s(to, from, length, first, next);
    else
        for (size_t i = 0; i < length; i++)
            to[i] = from[i] ^ mask[i];
    *(four *)mask = next;
}
