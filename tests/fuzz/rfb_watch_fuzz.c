/*
 * The watcher of RFB sessions and the slow reference agree on what is input and on the byte from
 * which the stream is opaque, when the client's bytes come whole, one by one or cut at random.
 *
 * Input: one byte that seeds the cuts, then a conversation (lib/rfb_reference.h).
 */
#include "lib/rfb_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static size_t whole(void *owner, size_t at)
{
    (void)owner;
    (void)at;
    return RFB_TALK_MAX;
}

static size_t one(void *owner, size_t at)
{
    (void)owner;
    return at + 1;
}

static size_t random_cut(void *owner, size_t at)
{
    uint32_t *seed = owner;
    *seed = *seed * 1664525 + 1013904223;
    return at + 1 + (*seed >> 28);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static struct rfb_talk talk;
    static struct rfb_verdict verdict;
    if (size < 1)
        return 0;
    uint32_t seed = input[0];
    rfb_talk_read(&talk, input + 1, size - 1);
    rfb_reference(&talk, &verdict);
    if (rfb_differs(&talk, &verdict, whole, NULL) != SIZE_MAX ||
        rfb_differs(&talk, &verdict, one, NULL) != SIZE_MAX ||
        rfb_differs(&talk, &verdict, random_cut, &seed) != SIZE_MAX)
        abort();
    return 0;
}
