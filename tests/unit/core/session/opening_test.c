#include "core/session/opening.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define GOOD                                                                                       \
    "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                  \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define END "\r\n"

static const struct http_limits limits = {1024, 512, 10};

struct outcome {
    enum opening_verdict verdict;
    enum reason refusal;
    bool head_only;
    size_t answer_length, early_length;
    char answer[512];
    uint8_t early[64];
};

/* Feeds up to a verdict; each piece is in memory of its own, which is freed before the next. */
static void feed(struct opening *opening, enum opening_verdict *verdict, const char *bytes,
                 size_t length)
{
    char *piece = malloc(length);
    assert_non_null(piece);
    memcpy(piece, bytes, length);
    struct opening_request request;
    if (length > 0 && *verdict == OPENING_MORE)
        *verdict = opening_feed(opening, piece, length, &limits, &request);
    if (*verdict == OPENING_REQUEST)
        *verdict = opening_upgrade(opening, &request, &(struct opening_terms){0});
    free(piece);
}

static struct outcome take(struct opening *opening, enum opening_verdict verdict)
{
    struct outcome outcome = {verdict,
                              opening->refusal,
                              opening->head_only,
                              opening->answer_length,
                              opening->early_length,
                              {0},
                              {0}};
    assert_true(opening->answer_length <= sizeof(outcome.answer));
    assert_true(opening->early_length <= sizeof(outcome.early));
    if (opening->answer)
        memcpy(outcome.answer, opening->answer, opening->answer_length);
    if (opening->early)
        memcpy(outcome.early, opening->early, opening->early_length);
    opening_free(opening);
    return outcome;
}

static struct outcome open_in_two(const char *bytes, size_t length, size_t cut)
{
    struct opening opening = {0};
    enum opening_verdict verdict = OPENING_MORE;
    feed(&opening, &verdict, bytes, cut);
    bool judged = verdict != OPENING_MORE;
    feed(&opening, &verdict, bytes + cut, length - cut);
    struct outcome outcome = take(&opening, verdict);
    if (judged && verdict == OPENING_UPGRADE) { /* the rest is for the bridge to read */
        memcpy(outcome.early + outcome.early_length, bytes + cut, length - cut);
        outcome.early_length += length - cut;
    }
    return outcome;
}

static struct outcome open_byte_by_byte(const char *bytes, size_t length, size_t *used)
{
    struct opening opening = {0};
    enum opening_verdict verdict = OPENING_MORE;
    for (*used = 0; *used < length && verdict == OPENING_MORE; ++*used)
        feed(&opening, &verdict, bytes + *used, 1);
    return take(&opening, verdict);
}

static struct outcome expect_same_however_cut(const char *bytes, size_t length)
{
    struct outcome whole = open_in_two(bytes, length, length);
    for (size_t cut = 0; cut < length; cut++) {
        struct outcome outcome = open_in_two(bytes, length, cut);
        assert_int_equal(outcome.verdict, whole.verdict);
        assert_int_equal(outcome.refusal, whole.refusal);
        assert_int_equal(outcome.head_only, whole.head_only);
        assert_int_equal(outcome.answer_length, whole.answer_length);
        assert_int_equal(outcome.early_length, whole.early_length);
        assert_memory_equal(outcome.answer, whole.answer, sizeof(whole.answer));
        assert_memory_equal(outcome.early, whole.early, sizeof(whole.early));
    }
    size_t used;
    struct outcome outcome = open_byte_by_byte(bytes, length, &used);
    assert_int_equal(outcome.verdict, whole.verdict);
    assert_int_equal(outcome.refusal, whole.refusal);
    assert_memory_equal(outcome.answer, whole.answer, sizeof(whole.answer));
    if (whole.verdict == OPENING_UPGRADE)
        assert_int_equal(length - used, whole.early_length);
    return whole;
}

static struct outcome open_text(const char *text)
{
    return expect_same_however_cut(text, strlen(text));
}

static void test_upgrade(void **unused)
{
    struct outcome outcome = open_text(GOOD END);
    assert_int_equal(outcome.verdict, OPENING_UPGRADE);
    assert_non_null(strstr(outcome.answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_int_equal(outcome.early_length, 0);
}

static void test_early_frames_are_kept(void **unused)
{
    const char text[] = GOOD END "\x82\x85\0\0\0\0hello\x89";
    struct outcome outcome = expect_same_however_cut(text, sizeof(text) - 1);
    assert_int_equal(outcome.verdict, OPENING_UPGRADE);
    assert_int_equal(outcome.early_length, 12);
    assert_memory_equal(outcome.early, "\x82\x85\0\0\0\0hello\x89", 12);
}

static void test_subprotocol(void **unused)
{
    struct outcome outcome = open_text(GOOD "Sec-WebSocket-Protocol: chat, binary\r\n" END);
    assert_int_equal(outcome.verdict, OPENING_UPGRADE);
    assert_non_null(strstr(outcome.answer, "Sec-WebSocket-Protocol: binary\r\n"));
}

/* The opening of a client that offers these to a target that chooses itself. */
static enum opening_verdict offer(struct opening *opening, const char *offers,
                                  const struct opening_terms *terms)
{
    char text[512];
    int size = snprintf(text, sizeof(text), GOOD "Sec-WebSocket-Protocol: %s\r\n" END, offers);
    struct opening_request request;
    enum opening_verdict verdict = opening_feed(opening, text, (size_t)size, &limits, &request);
    if (verdict == OPENING_REQUEST)
        verdict = opening_upgrade(opening, &request, terms);
    memset(text, 'x', sizeof(text)); /* the offers are copies */
    return verdict;
}

static void test_target_chooses_the_subprotocol(void **unused)
{
    struct opening opening = {0};
    const struct opening_terms terms = {.target_chooses = true, .fields = SLICE("X-Route: a\r\n")};
    assert_int_equal(offer(&opening, "binary, bearer.secret, v4.channel", &terms), OPENING_UPGRADE);
    assert_int_equal(opening.offers.count, 2);
    assert_string_equal(opening.offers.items[0], "binary");
    assert_string_equal(opening.offers.items[1], "v4.channel");
    assert_null(memmem(opening.answer, opening.answer_length, "-Protocol", 9));
    assert_true(opening_choose(&opening, opening.offers.items[1]));
    static const char end[] = "\r\nX-Route: a\r\nSec-WebSocket-Protocol: v4.channel\r\n\r\n";
    assert_true(opening.answer_length > strlen(end));
    assert_memory_equal(opening.answer + opening.answer_length - strlen(end), end, strlen(end));
    opening_free(&opening);

    assert_int_equal(offer(&opening, "", &terms), OPENING_UPGRADE);
    assert_int_equal(opening.offers.count, 0);
    opening_free(&opening);

    static const char *const wanted[] = {"v4.channel"};
    const struct opening_terms some = {wanted, 1, .target_chooses = true};
    assert_int_equal(offer(&opening, "binary, v4.channel", &some), OPENING_UPGRADE);
    assert_int_equal(opening.offers.count, 1);
    assert_string_equal(opening.offers.items[0], "v4.channel");
    opening_free(&opening);
}

static void test_refusals(void **unused)
{
    static const struct {
        const char *text;
        enum reason reason;
        bool head_only;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", REASON_http_not_upgrade, false},
        {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", REASON_http_method, false},
        {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", REASON_http_method, true},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", REASON_http_malformed, false},
        {"GET / HTTP/1.1\r\n\r\n", REASON_http_host, false},
        {GOOD "Content-Length: 5\r\n" END "hello", REASON_http_body, false},
        {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03", REASON_tls_unavailable, false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct outcome outcome = open_text(rows[i].text);
        assert_int_equal(outcome.verdict, OPENING_REFUSED);
        assert_string_equal(reason_row(outcome.refusal)->name, reason_row(rows[i].reason)->name);
        assert_int_equal(outcome.head_only, rows[i].head_only);
    }
}

static void test_too_large(void **unused)
{
    char text[2048] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    memset(text + strlen(text), 'x', sizeof(text) - 1 - strlen(text));
    struct outcome outcome = open_text(text);
    assert_int_equal(outcome.verdict, OPENING_REFUSED);
    assert_int_equal(outcome.refusal, REASON_http_head_too_large);
}

/* The answer has room for a subprotocol of any length. */
static void test_subprotocols_of_any_length(void **unused)
{
    char text[800], name[251];
    for (size_t length = 1; length < sizeof(name); length++) {
        memset(name, 'p', length);
        name[length] = '\0';
        snprintf(text, sizeof(text), GOOD "Sec-WebSocket-Protocol: %s\r\n" END, name);
        struct outcome outcome = open_text(text);
        assert_int_equal(outcome.verdict, OPENING_UPGRADE);
        assert_non_null(memmem(outcome.answer, outcome.answer_length, name, length));
    }
}

/* Heads around the limit, each cut at every byte. */
static void test_heads_of_the_largest_size(void **unused)
{
    for (size_t size = limits.head_bytes - 2; size <= limits.head_bytes + 2; size++) {
        char text[1024 + 3] = GOOD "X: ";
        size_t used = strlen(text);
        memset(text + used, 'x', size - used - 4);
        memcpy(text + size - 4, "\r\n\r\n", 4);
        struct outcome outcome = expect_same_however_cut(text, size);
        bool fits = size <= limits.head_bytes;
        assert_int_equal(outcome.verdict, fits ? OPENING_UPGRADE : OPENING_REFUSED);
        assert_int_equal(outcome.refusal, fits ? REASON_none : REASON_http_head_too_large);
    }
}

/* Each allocation fails in turn: the opening ends with that reason and without a leak. */
static void test_out_of_memory(void **unused)
{
    static const char text[] = GOOD END "\x89\x80\0\0\0\0";
    unsigned failures = 0;
    for (unsigned n = 1;; n++) {
        struct opening opening = {0};
        failing_alloc_arm(n);
        struct opening_request request;
        enum opening_verdict verdict = opening_feed(&opening, text, 20, &limits, &request);
        if (verdict == OPENING_MORE)
            verdict = opening_feed(&opening, text + 20, sizeof(text) - 21, &limits, &request);
        if (verdict == OPENING_REQUEST)
            verdict = opening_upgrade(&opening, &request, &(struct opening_terms){0});
        bool failed = failing_alloc_disarm();
        /* OpenSSL may hash without the memory that it was refused. */
        if (verdict == OPENING_REFUSED)
            assert_int_equal(opening.refusal, REASON_out_of_memory);
        else
            assert_int_equal(verdict, OPENING_UPGRADE);
        failures += verdict == OPENING_REFUSED;
        opening_free(&opening);
        if (!failed)
            break;
    }
    assert_true(failures >= 3); /* head, answer, early frames */
}

/* The answer is sent before the target is asked. */
static void test_the_target_is_told_the_subprotocol(void **unused)
{
    struct opening opening = {0};
    static const char *const wanted[] = {"v5.channel", "v4.channel"};
    const struct opening_terms any = {.target_is_told = true}, some = {wanted, 2, false, true, {0}};
    assert_int_equal(offer(&opening, "v4.channel, v5.channel", &any), OPENING_UPGRADE);
    assert_non_null(memmem(opening.answer, opening.answer_length, "-Protocol: v4.channel\r\n", 23));
    assert_int_equal(opening.offers.count, 1);
    assert_string_equal(opening.offers.items[0], "v4.channel");
    opening_free(&opening);
    assert_int_equal(offer(&opening, "v4.channel, v5.channel", &some), OPENING_UPGRADE);
    assert_int_equal(opening.offers.count, 1);
    assert_string_equal(opening.offers.items[0], "v5.channel");
    opening_free(&opening);
    assert_int_equal(offer(&opening, "", &any), OPENING_UPGRADE);
    assert_int_equal(opening.offers.count, 0);
    opening_free(&opening);
}

static void test_offers_out_of_memory(void **unused)
{
    const struct opening_terms terms = {.target_chooses = true};
    unsigned failures = 0;
    for (unsigned n = 1;; n++) {
        struct opening opening = {0};
        failing_alloc_arm(n);
        enum opening_verdict verdict = offer(&opening, "a, b", &terms);
        bool chosen = verdict == OPENING_UPGRADE && opening_choose(&opening, "a");
        bool failed = failing_alloc_disarm();
        failures += !chosen;
        opening_free(&opening);
        if (!failed)
            break;
    }
    assert_true(failures >= 3); /* offers, answer, the answer with the choice */
}

/* ---- one request after another ---- */

struct walk {
    char targets[256]; /* of the requests, each with a space behind it */
    enum opening_verdict last;
};

static void note(struct walk *walk, struct slice target)
{
    size_t at = strlen(walk->targets);
    assert_true(at + target.len + 2 <= sizeof(walk->targets));
    memcpy(walk->targets + at, target.ptr, target.len);
    walk->targets[at + target.len] = ' ';
}

/* As a session does: bytes that arrive, then those that are held. */
static void walk(struct opening *opening, struct walk *walk, const char *bytes, size_t length)
{
    struct opening_request request;
    if (length == 0)
        return;
    char *piece = malloc(length);
    assert_non_null(piece);
    memcpy(piece, bytes, length);
    walk->last = opening_feed(opening, piece, length, &limits, &request);
    while (walk->last == OPENING_REQUEST) {
        note(walk, request.head.target);
        assert_true(opening_next(opening, &request));
        walk->last = opening_has_pending(opening)
                         ? opening_feed(opening, NULL, 0, &limits, &request)
                         : OPENING_MORE;
    }
    free(piece);
}

static void test_requests_one_after_another(void **unused)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
                               "HEAD /b HTTP/1.1\r\nHost: b\r\n\r\n"
                               "GET /c?d HTTP/1.1\r\nHost: c\r\nX: y\r\n\r\nGET /e HT";
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        struct opening opening = {0};
        struct walk found = {.last = OPENING_MORE};
        walk(&opening, &found, text, cut);
        walk(&opening, &found, text + cut, sizeof(text) - 1 - cut);
        assert_string_equal(found.targets, "/a /b /c?d ");
        assert_int_equal(found.last, OPENING_MORE);
        assert_int_equal(opening.held_length, strlen("GET /e HT"));
        opening_free(&opening);
    }
}

/* No bytes are held between two requests. */
static void test_nothing_is_held_between(void **unused)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    struct opening opening = {0};
    struct walk found = {.last = OPENING_MORE};
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        walk(&opening, &found, text + i, 1);
    assert_string_equal(found.targets, "/a ");
    assert_null(opening.held);
    assert_int_equal(opening.held_length, 0);
}

static void test_a_bad_one_after_a_good_one(void **unused)
{
    static const char text[] = "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET /b HTTP/1.1\r\nHost : b\r\n\r\n";
    struct opening opening = {0};
    struct walk found = {.last = OPENING_MORE};
    walk(&opening, &found, text, sizeof(text) - 1);
    assert_string_equal(found.targets, "/a ");
    assert_int_equal(found.last, OPENING_REFUSED);
    assert_int_equal(opening.refusal, REASON_http_malformed);
    assert_false(opening.head_only);
    opening_free(&opening);
}

static void test_the_next_one_without_memory(void **unused)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET";
    struct opening opening = {0};
    struct opening_request request;
    assert_int_equal(opening_feed(&opening, text, sizeof(text) - 1, &limits, &request),
                     OPENING_REQUEST);
    failing_alloc_arm(1);
    assert_false(opening_next(&opening, &request));
    assert_true(failing_alloc_disarm());
    opening_free(&opening);
}

static void test_connections_that_stay(void **unused)
{
    static const struct {
        const char *text;
        bool stays, stays_behind_body;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, true},
        {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", false, false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false, false},
        {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", false, false},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", false, true},
        {"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\n", false, false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct opening opening = {0};
        struct opening_request request;
        assert_int_equal(
            opening_feed(&opening, rows[i].text, strlen(rows[i].text), &limits, &request),
            OPENING_REQUEST);
        assert_int_equal(opening_may_stay(&request.head, false), rows[i].stays);
        assert_int_equal(opening_may_stay(&request.head, true), rows[i].stays_behind_body);
        opening_free(&opening);
    }
}

/* ---- bodies ---- */

#define FORM      "POST /login HTTP/1.1\r\nHost: a\r\n"
#define BODY_MOST 8
#define NEXT      "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

struct bodies {
    char text[256]; /* "target=body " for each request */
    enum opening_verdict last;
};

static void note_request(struct bodies *bodies, const struct opening_request *request)
{
    size_t at = strlen(bodies->text);
    snprintf(bodies->text + at, sizeof(bodies->text) - at, "%.*s=%.*s ",
             (int)request->head.target.len, request->head.target.ptr, (int)request->body.len,
             request->body.ptr ? request->body.ptr : "");
}

/* As a session does for a route that takes bodies. */
static void walk_bodies(struct opening *opening, struct bodies *bodies, const char *bytes,
                        size_t length)
{
    struct opening_request request;
    char *piece = malloc(length ? length : 1);
    assert_non_null(piece);
    memcpy(piece, bytes, length);
    if (length > 0 && bodies->last == OPENING_MORE)
        bodies->last = opening_feed(opening, piece, length, &limits, &request);
    for (;;) {
        if (bodies->last == OPENING_REQUEST && request.head.has_body)
            bodies->last = opening_body(opening, &request, BODY_MOST);
        if (bodies->last != OPENING_REQUEST && bodies->last != OPENING_BODY)
            break;
        note_request(bodies, &request);
        assert_true(opening_next(opening, &request));
        bodies->last = opening_has_pending(opening)
                           ? opening_feed(opening, NULL, 0, &limits, &request)
                           : OPENING_MORE;
    }
    free(piece);
}

/* Cut in three at all places. */
static void expect_bodies(const char *text, const char *wanted, enum reason refusal)
{
    size_t length = strlen(text);
    for (size_t first = 0; first <= length; first++) {
        for (size_t second = first; second <= length; second += second < first + 3 ? 1 : 7) {
            struct opening opening = {0};
            struct bodies found = {.last = OPENING_MORE};
            walk_bodies(&opening, &found, text, first);
            walk_bodies(&opening, &found, text + first, second - first);
            walk_bodies(&opening, &found, text + second, length - second);
            assert_string_equal(found.text, wanted);
            assert_int_equal(found.last, refusal ? OPENING_REFUSED : OPENING_MORE);
            assert_int_equal(opening.refusal, refusal);
            opening_free(&opening);
        }
    }
}

static void test_bodies(void **unused)
{
    expect_bodies(FORM "Content-Length: 5\r\n\r\nhello", "/login=hello ", REASON_none);
    expect_bodies("\r\n" FORM "Content-Length: 8\r\n\r\nhello=yo" NEXT,
                  "/login=hello=yo /next= ", REASON_none);
    expect_bodies(NEXT FORM "Content-Length: 1\r\n\r\nx" FORM "Content-Length: 2\r\n\r\nyz" NEXT,
                  "/next= /login=x /login=yz /next= ", REASON_none);
    expect_bodies(FORM "Content-Length: 0\r\n\r\n" NEXT, "/login= /next= ", REASON_none);
    expect_bodies(FORM "Content-Length: 5\r\n\r\nhell", "", REASON_none);
    /* A body that looks like a request is a body. */
    expect_bodies(FORM "Content-Length: 7\r\n\r\nGET / H" NEXT,
                  "/login=GET / H /next= ", REASON_none);
}

static void test_bodies_that_are_refused(void **unused)
{
    expect_bodies(FORM "Content-Length: 9\r\n\r\nhello=you", "", REASON_http_body_too_large);
    expect_bodies(FORM "Content-Length: 99999999999999999999\r\n\r\n", "",
                  REASON_http_body_too_large);
    expect_bodies(FORM "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "",
                  REASON_http_body);
    expect_bodies(FORM "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", "",
                  REASON_http_body);
    expect_bodies(FORM "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello", "",
                  REASON_http_body);
    expect_bodies(FORM "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "",
                  REASON_http_malformed);
    expect_bodies(FORM "Content-Length: 5, 5\r\n\r\nhello", "", REASON_http_malformed);
    expect_bodies(FORM "Content-Length: +5\r\n\r\nhello", "", REASON_http_malformed);
    expect_bodies(FORM "Content-Length: 1\r\n\r\nx" FORM "Content-Length: 5x\r\n\r\n", "/login=x ",
                  REASON_http_malformed);
}

/* A password does not stay in memory that is held on, or given back. */
static void test_bodies_are_wiped(void **unused)
{
    static const char text[] = FORM "Content-Length: 6\r\n\r\nSECRET" NEXT;
    struct opening opening = {0};
    struct opening_request request;
    size_t cut = sizeof(text) - 1 - strlen("CRET" NEXT);
    assert_int_equal(opening_feed(&opening, text, cut, &limits, &request), OPENING_REQUEST);
    assert_int_equal(opening_body(&opening, &request, BODY_MOST), OPENING_MORE);
    assert_int_equal(opening_feed(&opening, text + cut, sizeof(text) - 1 - cut, &limits, &request),
                     OPENING_BODY);
    assert_non_null(memmem(opening.held, opening.held_capacity, "SECRET", 6));
    assert_true(opening_next(&opening, &request));
    assert_null(memmem(opening.held, opening.held_capacity, "SECRET", 6));
    assert_int_equal(opening.held_length, strlen(NEXT));
    opening_free(&opening);
}

static void test_bodies_out_of_memory(void **unused)
{
    static const char text[] = FORM "Content-Length: 6\r\n\r\nSECRET";
    size_t cut = sizeof(text) - 3;
    for (unsigned n = 1; n <= 3; n++) {
        struct opening opening = {0};
        struct opening_request request;
        failing_alloc_arm(n);
        enum opening_verdict verdict = opening_feed(&opening, text, 20, &limits, &request);
        if (verdict == OPENING_MORE)
            verdict = opening_feed(&opening, text + 20, cut - 20, &limits, &request);
        if (verdict == OPENING_REQUEST)
            verdict = opening_body(&opening, &request, BODY_MOST);
        if (verdict == OPENING_MORE)
            verdict = opening_feed(&opening, text + cut, 2, &limits, &request);
        bool failed = failing_alloc_disarm();
        assert_int_equal(verdict, failed ? OPENING_REFUSED : OPENING_BODY);
        assert_int_equal(opening.refusal, failed ? REASON_out_of_memory : REASON_none);
        opening_free(&opening);
    }
    struct opening opening = {0};
    struct opening_request request;
    assert_int_equal(opening_feed(&opening, text, cut, &limits, &request), OPENING_REQUEST);
    failing_alloc_arm(1);
    assert_int_equal(opening_body(&opening, &request, BODY_MOST), OPENING_REFUSED);
    assert_true(failing_alloc_disarm());
    assert_int_equal(opening.refusal, REASON_out_of_memory);
    opening_free(&opening);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_early_frames_are_kept),
        cmocka_unit_test(test_subprotocol),
        cmocka_unit_test(test_target_chooses_the_subprotocol),
        cmocka_unit_test(test_the_target_is_told_the_subprotocol),
        cmocka_unit_test(test_offers_out_of_memory),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_subprotocols_of_any_length),
        cmocka_unit_test(test_heads_of_the_largest_size),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_requests_one_after_another),
        cmocka_unit_test(test_nothing_is_held_between),
        cmocka_unit_test(test_a_bad_one_after_a_good_one),
        cmocka_unit_test(test_the_next_one_without_memory),
        cmocka_unit_test(test_connections_that_stay),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_bodies_that_are_refused),
        cmocka_unit_test(test_bodies_are_wiped),
        cmocka_unit_test(test_bodies_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
