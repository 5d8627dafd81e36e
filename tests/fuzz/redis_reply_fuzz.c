/*
 * A stream of replies means the same in any pieces. No reply is longer than it may be, no more than
 * that waits for its end, and a broken stream stays broken. An error's meaning never quotes it.
 *
 * Input: one byte, the length of the pieces, and the stream.
 */
#include "core/tokens/redis_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#if WSLUICE_HIREDIS

#define REPLIES_MAX 256

struct outcome {
    enum redis_reply_kind kind;
    size_t length;
    uint32_t sum; /* of the text */
};

struct outcomes {
    size_t count;
    struct outcome items[REPLIES_MAX];
};

static uint32_t sum_of(struct slice text)
{
    uint32_t sum = 5381;
    for (size_t i = 0; i < text.len; i++)
        sum = sum * 33 + (uint8_t)text.ptr[i];
    return sum;
}

static void check_explained(struct slice error)
{
    const char *meaning = redis_reply_explain(error);
    wsl_assert(meaning && *meaning);
    /* Longer than any of our own phrases have in common with a server's. */
    if (error.len > 40)
        wsl_assert(!memmem(meaning, strlen(meaning), error.ptr, error.len));
}

/* False: the stream is broken. */
static bool drain(struct redis_parser *parser, struct outcomes *outcomes)
{
    for (;;) {
        struct redis_reply reply = redis_reply_next(parser);
        if (reply.kind == REDIS_INCOMPLETE)
            return true;
        wsl_assert(reply.text.len <= REDIS_VALUE_MAX);
        wsl_assert((reply.fault != NULL) == (reply.kind == REDIS_BROKEN));
        if (reply.kind == REDIS_ERROR)
            check_explained(reply.text);
        if (outcomes->count < REPLIES_MAX)
            outcomes->items[outcomes->count++] =
                (struct outcome){reply.kind, reply.text.len, sum_of(reply.text)};
        if (reply.kind == REDIS_BROKEN) {
            wsl_assert(redis_reply_next(parser).kind == REDIS_BROKEN);
            return false;
        }
    }
}

static void read_stream(struct slice stream, size_t piece, struct outcomes *outcomes)
{
    struct redis_parser *parser = redis_reply_create();
    wsl_assert(parser);
    outcomes->count = 0;
    bool whole = true;
    while (whole && stream.len > 0) {
        struct slice part = {stream.ptr, size_min(piece, stream.len)};
        redis_reply_feed(parser, part);
        stream = slice_from(stream, part.len);
        whole = drain(parser, outcomes);
    }
    redis_reply_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcomes at_once, in_pieces;
    if (size < 1)
        return 0;
    struct slice stream = {(const char *)data + 1, size - 1};
    read_stream(stream, REDIS_VALUE_MAX, &at_once);
    read_stream(stream, data[0] % 61U + 1, &in_pieces);
    wsl_assert(at_once.count == in_pieces.count);
    for (size_t i = 0; i < at_once.count; i++) {
        wsl_assert(at_once.items[i].kind == in_pieces.items[i].kind);
        wsl_assert(at_once.items[i].length == in_pieces.items[i].length);
        wsl_assert(at_once.items[i].sum == in_pieces.items[i].sum);
    }
    return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)data, (void)size;
    return 0;
}

#endif
