/*
 * The opening of a session has the same verdict, refusal and answer when its bytes come whole, one
 * by one or cut in two. The bytes behind the head are kept.
 *
 * Input: two bytes that choose the cut, then what the client sends.
 */
#include "core/session/opening.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static const struct http_limits limits = {2048, 1024, 20};

struct outcome {
    enum opening_verdict verdict;
    struct opening opening;
    size_t used; /* bytes fed */
};

/* Each piece is a copy of its own: the sanitizer reports a slice that outlives it. */
static bool feed(struct outcome *outcome, const uint8_t *bytes, size_t length)
{
    if (length == 0 || outcome->verdict != OPENING_MORE)
        return false;
    char *piece = malloc(length);
    wsl_assert(piece);
    memcpy(piece, bytes, length);
    struct opening_request request;
    outcome->verdict = opening_feed(&outcome->opening, piece, length, &limits, &request);
    if (outcome->verdict == OPENING_REQUEST)
        outcome->verdict = opening_upgrade(&outcome->opening, &request, &(struct opening_terms){0});
    outcome->used += length;
    free(piece);
    return true;
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
    const struct opening *x = &a->opening, *y = &b->opening;
    wsl_assert(a->verdict == b->verdict);
    wsl_assert(x->refusal == y->refusal && x->head_only == y->head_only);
    wsl_assert((a->verdict == OPENING_REFUSED) == (x->refusal != REASON_none));
    wsl_assert(x->answer_length == y->answer_length);
    if (x->answer_length > 0)
        wsl_assert(memcmp(x->answer, y->answer, x->answer_length) == 0);
    if (a->verdict == OPENING_UPGRADE)
        wsl_assert(a->used - x->early_length == b->used - y->early_length);
}

static void expect_early(const struct outcome *outcome, const uint8_t *bytes)
{
    const struct opening *opening = &outcome->opening;
    if (opening->early_length > 0)
        wsl_assert(memcmp(opening->early, bytes + outcome->used - opening->early_length,
                          opening->early_length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 3)
        return 0;
    const uint8_t *bytes = input + 2;
    size_t length = size - 2, cut = (size_t)(input[0] << 8 | input[1]) % length;
    struct outcome whole = {0}, halves = {0}, dripped = {0};
    feed(&whole, bytes, length);
    feed(&halves, bytes, cut);
    feed(&halves, bytes + cut, length - cut);
    for (size_t i = 0; i < length; i++)
        if (!feed(&dripped, bytes + i, 1))
            break;
    expect_same(&whole, &halves);
    expect_same(&whole, &dripped);
    expect_early(&whole, bytes);
    expect_early(&halves, bytes);
    opening_free(&whole.opening);
    opening_free(&halves.opening);
    opening_free(&dripped.opening);
    return 0;
}
