#include "base/siphash.h"

#include <sys/random.h>

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void compress(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

/* Up to eight bytes as a little-endian number, on any machine. */
static uint64_t load(const uint8_t *bytes, size_t length)
{
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

bool siphash_seed(struct siphash_seed *seed)
{
    return getrandom(seed, sizeof(*seed), 0) == sizeof(*seed);
}

uint64_t siphash_of(const struct siphash_seed *seed, const void *bytes, size_t length)
{
    struct state s = {seed->low ^ 0x736f6d6570736575, seed->high ^ 0x646f72616e646f6d,
                      seed->low ^ 0x6c7967656e657261, seed->high ^ 0x7465646279746573};
    const uint8_t *at = bytes;
    size_t left = length;
    for (; left >= 8; left -= 8, at += 8)
        compress(&s, load(at, 8));
    compress(&s, load(at, left) | (uint64_t)length << 56);
    s.v2 ^= 0xFF;
    for (unsigned i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
