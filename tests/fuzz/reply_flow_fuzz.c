/*
 * Several plain requests on one connection: the client receives the same answers in the same order,
 * each with its Content-Length, however its bytes are cut and however little it reads at a time.
 *
 * Input: three bytes (how the requests are cut, how much is taken at a time, what kind of
 * transport), then what the client sends.
 */
#include "serve/http/reply_flow.h"

#include "core/session/opening.h"
#include "lib/fake_transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define OUT_MAX   ((size_t)128 * 1024)
#define INPUT_MAX 2048

static const struct http_limits limits = {1024, 512, 20};
static const char text[5000];
static uint8_t scratch[REPLY_FLOW_PIECE];

struct client {
    struct fake fake;
    struct opening opening;
    size_t room;
    bool over;
};

static void send_all(struct client *client, const struct reply *reply,
                     const struct reply_terms *terms)
{
    struct reply_flow *flow = reply_flow_create(reply, terms);
    wsl_assert(flow);
    struct io io;
    while ((io = reply_flow_turn(flow, &client->fake.transport, scratch)).status == IO_WANT_WRITE)
        client->fake.room = client->room;
    wsl_assert(io.status == IO_OK);
    wsl_assert(reply_flow_body_sent(flow) ==
               (reply_sends_body(reply, terms) ? reply->body.length : 0));
    reply_flow_free(flow);
}

/* The answer depends on the request, so that a misread request changes the output. */
static void answer(struct client *client, const struct http_head *head)
{
    struct reply reply = {.status = head->field_count % 2 == 0 ? 200 : 304,
                          .body = reply_static((struct slice){text, head->target.len * 7})};
    if (head->target.len % 3 == 1) {
        reply.body.source = REPLY_BORROWED;
        reply.body.bytes = head->target.ptr;
        reply.body.length = head->target.len;
    }
    client->over = head->has_body || http_head_lists(head, SLICE("Connection"), SLICE("close"));
    struct reply_terms terms = {.keep = !client->over,
                                .head_only = slice_equal(head->method, SLICE("HEAD"))};
    send_all(client, &reply, &terms);
}

/* Each piece is a copy of its own: the sanitizer reports a slice that outlives it. */
static void feed(struct client *client, const uint8_t *bytes, size_t length)
{
    struct opening_request request;
    if (length == 0 || client->over)
        return;
    char *piece = malloc(length);
    wsl_assert(piece);
    memcpy(piece, bytes, length);
    enum opening_verdict verdict = opening_feed(&client->opening, piece, length, &limits, &request);
    while (verdict == OPENING_REQUEST) {
        answer(client, &request.head);
        wsl_assert(opening_next(&client->opening, &request));
        if (client->over || !opening_has_pending(&client->opening))
            break;
        verdict = opening_feed(&client->opening, NULL, 0, &limits, &request);
    }
    free(piece);
    if (verdict != OPENING_REFUSED)
        return;
    client->over = true;
    if (reason_row(client->opening.refusal)->http_status == 0)
        return;
    struct reply reply = reply_refusal(client->opening.refusal);
    send_all(client, &reply, &(struct reply_terms){0});
}

static void begin(struct client *client, size_t room, bool sealed)
{
    *client = (struct client){.room = room};
    fake_init(&client->fake, 0, OUT_MAX);
    client->fake.room = room;
    client->fake.sealed = sealed;
}

static void end(struct client *client)
{
    opening_free(&client->opening);
    fake_free(&client->fake);
}

static void expect_same(const struct client *a, const struct client *b)
{
    wsl_assert(a->over == b->over);
    wsl_assert(a->fake.out_length == b->fake.out_length);
    wsl_assert(memcmp(a->fake.out, b->fake.out, a->fake.out_length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 4 || size > INPUT_MAX)
        return 0;
    const uint8_t *bytes = input + 3;
    size_t length = size - 3, step = input[0] % 64 + 1;
    struct client whole, cut;
    begin(&whole, FAKE_NO_LIMIT, false);
    feed(&whole, bytes, length);
    begin(&cut, (size_t)input[1] + 1, input[2] & 1);
    for (size_t at = 0; at < length; at += step)
        feed(&cut, bytes + at, at + step < length ? step : length - at);
    expect_same(&whole, &cut);
    end(&whole);
    end(&cut);
    return 0;
}
