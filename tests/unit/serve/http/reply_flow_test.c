/* Answers from every source, over a transport that takes as much as the test allows. */
#include "serve/http/reply_flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/fake_transport.h"

#define BODY_MAX ((size_t)700 * 1024)

static uint8_t scratch[REPLY_FLOW_PIECE];
static char body[BODY_MAX];

static int set_up(void **unused)
{
    for (size_t i = 0; i < BODY_MAX; i++)
        body[i] = (char)(i * 2654435761u >> 13);
    return 0;
}

static int file_with(size_t length)
{
    char name[] = "/tmp/reply_flow_test.XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(pwrite(fd, body, length, 100), length);
    return fd;
}

static struct reply_body body_from(enum reply_source source, size_t length)
{
    struct reply_body from = {.source = source, .bytes = body, .length = length};
    if (source == REPLY_OWNED) {
        char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, body, length);
        return reply_owned(copy, length);
    }
    if (source == REPLY_FILE) {
        from.fd = file_with(length);
        from.offset = 100;
    }
    return from;
}

/* A transport with send_file, like a plain socket. */
static struct io fake_send_file(struct transport *transport, int file, uint64_t offset,
                                size_t length)
{
    static uint8_t piece[BODY_MAX];
    ssize_t n = pread(file, piece, length < BODY_MAX ? length : BODY_MAX, (off_t)offset);
    assert_true(n >= 0);
    fake_of(transport)->owed_length =
        0; /* bytes that it did not take are read from the file again */
    return n == 0 ? io_status(IO_EOF) : fake_write(transport, piece, (size_t)n);
}

static struct io fake_refuse_file(struct transport *transport, int file, uint64_t offset,
                                  size_t length)
{
    (void)transport;
    (void)file;
    (void)offset;
    (void)length;
    return io_status(IO_WANT_READ);
}

struct case_of {
    enum reply_source source;
    size_t length, step; /* room per write */
    bool sealed;
    struct io (*send_file)(struct transport *, int, uint64_t, size_t);
};

static void open_fake(struct fake *fake, struct transport_ops *ops, const struct case_of *row)
{
    fake_init(fake, 0, BODY_MAX + 4096);
    *ops = *fake->transport.ops;
    ops->send_file = row->send_file;
    fake->transport.ops = ops;
    fake->sealed = row->sealed;
    fake->room = row->step;
}

static void expect_whole(const struct fake *fake, const struct reply_flow *flow, size_t length)
{
    const uint8_t *end = memmem(fake->out, fake->out_length, "\r\n\r\n", 4);
    assert_non_null(end);
    size_t head = (size_t)(end + 4 - fake->out);
    assert_int_equal(fake->out_length - head, length);
    assert_memory_equal(fake->out + head, body, length);
    assert_int_equal(fake->inside, 0);
    assert_int_equal(reply_flow_body_sent(flow), length);
    assert_int_equal(reply_flow_sent(flow), fake->out_length);
}

static void check(const struct case_of *row)
{
    struct reply reply = {.status = 200, .body = body_from(row->source, row->length)};
    struct reply_terms terms = {.keep = true};
    struct transport_ops ops;
    struct fake fake;
    open_fake(&fake, &ops, row);
    struct reply_flow *flow = reply_flow_create(&reply, &terms);
    assert_non_null(flow);
    struct io io;
    unsigned turns = 0;
    while ((io = reply_flow_turn(flow, &fake.transport, scratch)).status == IO_WANT_WRITE) {
        fake.room = row->step;
        assert_true(++turns < 2 * (BODY_MAX + 4096));
    }
    assert_int_equal(io.status, IO_OK);
    expect_whole(&fake, flow, row->length);
    reply_flow_free(flow);
    fake_free(&fake);
}

static void test_from_every_source(void **unused)
{
    static const size_t lengths[] = {1, 300, 65536, REPLY_FLOW_PIECE, BODY_MAX};
    static const size_t steps[] = {1, 7, 4096, 100001, FAKE_NO_LIMIT};
    struct case_of row;
    for (row.source = REPLY_BORROWED; row.source <= REPLY_FILE; row.source++)
        for (size_t i = 0; i < WSL_COUNT(lengths); i++)
            for (size_t k = lengths[i] > 1000 ? 2 : 0; k < WSL_COUNT(steps); k++)
                for (int way = 0; way < 4; way++) {
                    row.length = lengths[i];
                    row.step = steps[k];
                    row.sealed = way == 1;
                    row.send_file = way == 2 ? fake_send_file : way == 3 ? fake_refuse_file : NULL;
                    check(&row);
                }
}

/* A turn is bounded even if there is room for all. */
static void test_a_turn_is_bounded(void **unused)
{
    char *large = calloc(1, BODY_MAX * 4);
    assert_non_null(large);
    struct reply reply = {.status = 200, .body = reply_owned(large, BODY_MAX * 4)};
    struct fake fake;
    fake_init(&fake, 0, BODY_MAX * 8);
    struct reply_flow *flow = reply_flow_create(&reply, &(struct reply_terms){0});
    assert_non_null(flow);
    assert_int_equal(reply_flow_turn(flow, &fake.transport, scratch).status, IO_WANT_WRITE);
    assert_int_equal(fake.out_length, REPLY_FLOW_PIECE);
    reply_flow_free(flow);
    fake_free(&fake);
}

/* The first write of a file is short, so that a second one may follow in the same turn. */
static void test_a_turn_with_a_file_is_bounded(void **unused)
{
    const struct case_of row = {
        .length = BODY_MAX, .step = FAKE_NO_LIMIT, .send_file = fake_send_file};
    struct reply reply = {.status = 200, .body = body_from(REPLY_FILE, BODY_MAX)};
    struct transport_ops ops;
    struct fake fake;
    open_fake(&fake, &ops, &row);
    struct reply_flow *flow = reply_flow_create(&reply, &(struct reply_terms){0});
    assert_non_null(flow);
    assert_int_equal(reply_flow_turn(flow, &fake.transport, scratch).status, IO_WANT_WRITE);
    assert_int_equal(fake.writes, 2);
    assert_true(fake.out_length < 2 * REPLY_FLOW_PIECE);
    reply_flow_free(flow);
    fake_free(&fake);
}

static void test_head_and_small_body_are_one_write(void **unused)
{
    for (enum reply_source source = REPLY_EMPTY; source <= REPLY_FILE; source++) {
        size_t length = source == REPLY_EMPTY ? 0 : 60000;
        struct reply reply = {.status = 200, .body = body_from(source, length)};
        struct fake fake;
        fake_init(&fake, 0, BODY_MAX);
        struct reply_flow *flow = reply_flow_create(&reply, &(struct reply_terms){0});
        assert_non_null(flow);
        assert_int_equal(reply_flow_turn(flow, &fake.transport, scratch).status, IO_OK);
        assert_int_equal(fake.writes, 1);
        reply_flow_free(flow);
        fake_free(&fake);
    }
}

static void test_head_only(void **unused)
{
    struct reply replies[] = {
        {.status = 200, .body = body_from(REPLY_OWNED, 1000)},
        {.status = 200, .body = body_from(REPLY_FILE, 1000)},
        {.status = 200, .body = {.source = REPLY_FILE, .fd = -1, .length = 1000}},
    };
    for (size_t i = 0; i < WSL_COUNT(replies); i++) {
        struct fake fake;
        fake_init(&fake, 0, 4096);
        struct reply_flow *flow =
            reply_flow_create(&replies[i], &(struct reply_terms){.head_only = true});
        assert_non_null(flow);
        assert_int_equal(reply_flow_turn(flow, &fake.transport, scratch).status, IO_OK);
        assert_non_null(memmem(fake.out, fake.out_length, "Content-Length: 1000\r\n\r\n", 24));
        assert_memory_equal(fake.out + fake.out_length - 4, "\r\n\r\n", 4);
        assert_int_equal(reply_flow_body_sent(flow), 0);
        reply_flow_free(flow);
        fake_free(&fake);
    }
}

/* The length was sent: other bytes in its place would be taken for the file. */
static void test_a_file_that_becomes_shorter(void **unused)
{
    for (int way = 0; way < 3; way++) {
        struct case_of row = {.step = 100000, .send_file = way == 1 ? fake_send_file : NULL};
        struct reply reply = {.status = 200, .body = body_from(REPLY_FILE, BODY_MAX)};
        struct transport_ops ops;
        struct fake fake;
        open_fake(&fake, &ops, &row);
        struct reply_flow *flow = reply_flow_create(&reply, &(struct reply_terms){0});
        assert_non_null(flow);
        if (way != 2)
            assert_int_equal(reply_flow_turn(flow, &fake.transport, scratch).status, IO_WANT_WRITE);
        fake.owed_length = 0;
        fake.room = FAKE_NO_LIMIT;
        assert_int_equal(ftruncate(reply.body.fd, way == 2 ? 0 : 200), 0);
        struct io io = reply_flow_turn(flow, &fake.transport, scratch);
        assert_int_equal(io.status, IO_FAIL);
        assert_int_equal(io.reason, REASON_file_changed);
        reply_flow_free(flow);
        fake_free(&fake);
    }
}

static void test_a_broken_transport(void **unused)
{
    struct reply reply = {.status = 200, .body = body_from(REPLY_OWNED, BODY_MAX)};
    struct fake fake;
    fake_init(&fake, 0, BODY_MAX + 4096);
    fake.room = 5000;
    struct reply_flow *flow = reply_flow_create(&reply, &(struct reply_terms){0});
    assert_non_null(flow);
    assert_int_equal(reply_flow_turn(flow, &fake.transport, scratch).status, IO_WANT_WRITE);
    fake_break(&fake, REASON_client_reset);
    struct io io = reply_flow_turn(flow, &fake.transport, scratch);
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(io.reason, REASON_client_reset);
    reply_flow_free(flow);
    fake_free(&fake);
}

static void test_without_memory(void **unused)
{
    for (enum reply_source source = REPLY_BORROWED; source <= REPLY_FILE; source++) {
        struct reply reply = {.status = 200, .body = body_from(source, 1000)};
        failing_alloc_arm(1);
        struct reply_flow *flow = reply_flow_create(&reply, &(struct reply_terms){0});
        assert_true(failing_alloc_disarm());
        assert_null(flow);
    }
    struct reply bad = {.status = 302, .location = "a b", .body = body_from(REPLY_OWNED, 10)};
    assert_null(reply_flow_create(&bad, &(struct reply_terms){0}));
    reply_flow_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(test_from_every_source),
        TEST(test_a_turn_is_bounded),
        TEST(test_a_turn_with_a_file_is_bounded),
        TEST(test_head_and_small_body_are_one_write),
        TEST(test_head_only),
        TEST(test_a_file_that_becomes_shorter),
        TEST(test_a_broken_transport),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
