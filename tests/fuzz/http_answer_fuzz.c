/*
 * The verdict on an answer, what is kept of it and what follows it are the same however its bytes
 * are cut. An answer that is accepted has one end only, and keeps within its limits. Each input is
 * read twice: as an answer to GET, and to an upgrade.
 */
#include "codec/http/answer/http_collect.h"
#include "codec/http/answer/http_freshness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY_MAX 64
#define CUTS_MAX 32

/* The bytes in a copy of exactly that size, at a new address each time. */
static enum http_answer_verdict take(struct http_collect *collect, const uint8_t *data, size_t size,
                                     size_t *used)
{
    char *bytes = malloc(size ? size : 1);
    wsl_assert(bytes);
    memcpy(bytes, data, size);
    enum http_answer_verdict verdict =
        http_collect_take(collect, (struct slice){bytes, size}, used);
    wsl_assert(*used <= size && (verdict != HTTP_ANSWER_MORE || *used == size));
    free(bytes);
    return verdict;
}

static void check_answer(const struct http_collect *collect)
{
    const struct http_answer *answer = &collect->answer;
    const char *head = collect->head.bytes, *end = head + collect->head.length;
    unsigned lengths, codings;
    http_head_only(&answer->head, SLICE("Content-Length"), &lengths);
    http_head_only(&answer->head, SLICE("Transfer-Encoding"), &codings);
    wsl_assert(lengths + codings <= 1);
    if (collect->asked == HTTP_ASKED_UPGRADE)
        wsl_assert(collect->body.length == 0);
    if (answer->status == 101)
        wsl_assert(collect->asked == HTTP_ASKED_UPGRADE && lengths + codings == 0);
    else
        wsl_assert(answer->status >= 200 && answer->status <= 599);
    wsl_assert(collect->body.length <= BODY_MAX);
    wsl_assert(answer->body != HTTP_ANSWER_EMPTY || collect->body.length == 0);
    wsl_assert(answer->body != HTTP_ANSWER_LENGTH || collect->asked == HTTP_ASKED_UPGRADE ||
               collect->body.length == answer->length);
    wsl_assert(answer->body != HTTP_ANSWER_UNTIL_CLOSE || !answer->persists);
    wsl_assert(collect->head.length >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0);
    for (unsigned i = 0; i < answer->head.field_count; i++) {
        struct slice value = answer->head.fields[i].value;
        wsl_assert(value.ptr >= head && value.ptr + value.len <= end);
    }
    wsl_assert(http_freshness_seconds(answer, 100) <= 100);
}

struct outcome {
    enum http_answer_verdict verdict, at_end;
    size_t used, body;
    const char *fault;
};

static struct outcome conclude(struct http_collect *collect, enum http_answer_verdict verdict,
                               size_t used)
{
    struct outcome out = {.verdict = verdict, .used = used};
    out.at_end = http_collect_end(collect);
    wsl_assert(verdict == HTTP_ANSWER_MORE || out.at_end == verdict);
    wsl_assert(out.at_end == HTTP_ANSWER_DONE || out.at_end == HTTP_ANSWER_BAD);
    wsl_assert((out.at_end == HTTP_ANSWER_BAD) == (collect->fault != NULL));
    if (out.at_end == HTTP_ANSWER_DONE)
        check_answer(collect);
    out.body = collect->body.length;
    out.fault = collect->fault;
    http_collect_free(collect);
    return out;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    wsl_assert(a->verdict == b->verdict && a->at_end == b->at_end && a->fault == b->fault);
    wsl_assert(a->verdict != HTTP_ANSWER_DONE || (a->used == b->used && a->body == b->body));
}

static struct outcome read_in_two(const uint8_t *data, size_t size, size_t cut,
                                  enum http_asked asked)
{
    struct http_collect collect;
    size_t used, more = 0;
    http_collect_begin(&collect, BODY_MAX, asked);
    enum http_answer_verdict verdict = take(&collect, data, cut, &used);
    if (verdict == HTTP_ANSWER_MORE)
        verdict = take(&collect, data + cut, size - cut, &more);
    return conclude(&collect, verdict, used + more);
}

static void check_input(const uint8_t *data, size_t size, enum http_asked asked)
{
    struct outcome whole = read_in_two(data, size, size, asked);
    size_t stride = size / CUTS_MAX + 1;
    for (size_t cut = size % stride; cut < size; cut += stride) {
        struct outcome part = read_in_two(data, size, cut, asked);
        check_same(&part, &whole);
    }
    struct http_collect collect;
    enum http_answer_verdict verdict = HTTP_ANSWER_MORE;
    size_t used, at = 0;
    http_collect_begin(&collect, BODY_MAX, asked);
    for (; at < size && verdict == HTTP_ANSWER_MORE; at++)
        verdict = take(&collect, data + at, 1, &used);
    struct outcome dripped = conclude(&collect, verdict, at);
    check_same(&dripped, &whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_input(data, size, HTTP_ASKED_GET);
    check_input(data, size, HTTP_ASKED_UPGRADE);
    return 0;
}
