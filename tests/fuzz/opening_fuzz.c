/*
 * The opening of a session has the same verdict, refusal and answer when its bytes come whole, one
 * by one or cut in two. The bytes behind the head are kept. With bodies, the requests and their
 * bodies are the same, one behind the other, and no byte belongs to two of them.
 *
 * Input: two bytes that choose the cut, and whether bodies are taken; then what the client sends.
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

/* ---- requests with bodies, one after another ---- */

#define BODY_MOST 64

struct walk {
    enum opening_verdict last;
    struct opening opening;
    size_t requests, bodies; /* bodies: their bytes */
    uint64_t sum;            /* of the bodies */
};

static void count_request(struct walk *walk, const struct opening_request *request)
{
    bool whole = request->body.len == request->head.body_length;
    wsl_assert(whole && request->body.len <= BODY_MOST);
    walk->requests++;
    walk->bodies += request->body.len;
    for (size_t i = 0; i < request->body.len; i++)
        walk->sum = walk->sum * 31 + (uint8_t)request->body.ptr[i] + 1;
}

/* As a session does. Each piece is a copy of its own. */
static void walk_piece(struct walk *walk, const uint8_t *bytes, size_t length)
{
    struct opening_request request;
    if (length == 0 || walk->last != OPENING_MORE)
        return;
    char *piece = malloc(length);
    wsl_assert(piece);
    memcpy(piece, bytes, length);
    walk->last = opening_feed(&walk->opening, piece, length, &limits, &request);
    for (;;) {
        if (walk->last == OPENING_REQUEST && request.head.has_body)
            walk->last = opening_body(&walk->opening, &request, BODY_MOST);
        if (walk->last != OPENING_REQUEST && walk->last != OPENING_BODY)
            break;
        count_request(walk, &request);
        wsl_assert(opening_next(&walk->opening, &request));
        wsl_assert(opening_has_pending(&walk->opening) == (walk->opening.held_length > 0));
        walk->last = opening_has_pending(&walk->opening)
                         ? opening_feed(&walk->opening, NULL, 0, &limits, &request)
                         : OPENING_MORE;
    }
    free(piece);
}

static void expect_same_walk(const struct walk *a, const struct walk *b)
{
    wsl_assert(a->last == b->last && a->opening.refusal == b->opening.refusal);
    wsl_assert(a->requests == b->requests && a->bodies == b->bodies && a->sum == b->sum);
    if (a->last == OPENING_MORE)
        wsl_assert(opening_awaits_body(&a->opening) == opening_awaits_body(&b->opening));
}

static void walk_all(const uint8_t *bytes, size_t length, size_t cut)
{
    struct walk whole = {0}, halves = {0}, dripped = {0};
    walk_piece(&whole, bytes, length);
    walk_piece(&halves, bytes, cut);
    walk_piece(&halves, bytes + cut, length - cut);
    for (size_t i = 0; i < length; i++)
        walk_piece(&dripped, bytes + i, 1);
    expect_same_walk(&whole, &halves);
    expect_same_walk(&whole, &dripped);
    opening_free(&whole.opening);
    opening_free(&halves.opening);
    opening_free(&dripped.opening);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 3)
        return 0;
    if (input[0] & 128) {
        walk_all(input + 2, size - 2, (size_t)((input[0] & 127) << 8 | input[1]) % (size - 2));
        return 0;
    }
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
