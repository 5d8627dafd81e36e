#include "codec/ws/ws_mask.h"

/*
 * Every path below loads its last piece before it stores anything, and stores it at the end, where
 * it may overlap the piece before. So no length needs a loop over single bytes, and moving to the
 * left over the source is safe: a store to to[n] does not reach beyond from[n]. The last piece uses
 * the mask for from[length], because its size is a multiple of the mask's.
 *
 * Unaligned types instead of memcpy: _FORTIFY_SOURCE makes clang send each vector through the
 * stack, which halves the speed.
 */
#define UNALIGNED __attribute__((aligned(1), may_alias))

typedef uint32_t four UNALIGNED;
typedef uint64_t eight UNALIGNED;
typedef uint32_t sixteen __attribute__((vector_size(16), aligned(1), may_alias));

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

/* 16 bytes or more. */
static inline void move_sixteens(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                                 uint32_t next)
{
    const size_t size = sizeof(sixteen);
    const sixteen mask = {first, first, first, first};
    const sixteen mask_last = {next, next, next, next};
    const sixteen last = *(const sixteen *)(from + length - size) ^ mask_last;
    size_t at = 0;

    for (; length - at > 4 * size; at += 4 * size) {
        const sixteen *piece = (const sixteen *)(from + at);
        sixteen a = piece[0], b = piece[1], c = piece[2], d = piece[3];
        sixteen *moved = (sixteen *)(to + at);
        moved[0] = a ^ mask;
        moved[1] = b ^ mask;
        moved[2] = c ^ mask;
        moved[3] = d ^ mask;
    }
    for (; length - at > size; at += size)
        *(sixteen *)(to + at) = *(const sixteen *)(from + at) ^ mask;
    *(sixteen *)(to + length - size) = last;
}

/* 8 to 15 bytes. */
static inline void move_eights(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                               uint32_t next)
{
    const uint64_t twice = 0x100000001;
    const size_t at = length - sizeof(eight);
    const uint64_t head = *(const eight *)from ^ first * twice;
    const uint64_t last = *(const eight *)(from + at) ^ next * twice;

    *(eight *)to = head;
    *(eight *)(to + at) = last;
}

/* 4 to 7 bytes. */
static inline void move_fours(uint8_t *to, const uint8_t *from, size_t length, uint32_t first,
                              uint32_t next)
{
    const size_t at = length - sizeof(four);
    const uint32_t head = *(const four *)from ^ first;
    const uint32_t last = *(const four *)(from + at) ^ next;

    *(four *)to = head;
    *(four *)(to + at) = last;
}

void ws_mask_move(uint8_t *to, const uint8_t *from, size_t length, uint8_t mask[4])
{
    const uint32_t first = *(const four *)mask;
    const uint32_t next = rotate(first, length);

    if (length >= 16)
        move_sixteens(to, from, length, first, next);
    else if (length >= 8)
        move_eights(to, from, length, first, next);
    else if (length >= 4)
        move_fours(to, from, length, first, next);
    else
        for (size_t i = 0; i < length; i++)
            to[i] = from[i] ^ mask[i];
    *(four *)mask = next;
}
