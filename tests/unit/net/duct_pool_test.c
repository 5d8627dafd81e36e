/* Kernel pipes for bulk: how many there are, and that their bytes come out as they went in. */
#include "net/duct_pool.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/plain.h"

static struct duct_pool pool;

static int set_up(void **unused)
{
    pool = (struct duct_pool){0};
    duct_pool_open(&pool, 4);
    return 0;
}

static int tear_down(void **unused)
{
    duct_pool_trim(&pool);
    assert_int_equal(pool.made, 0);
    return 0;
}

static void put(struct duct *duct, const char *text)
{
    assert_int_equal(write(duct_pool_way_in(duct), text, strlen(text)), strlen(text));
    duct->held += strlen(text);
}

static void test_there_is_a_bound(void **unused)
{
    struct duct *ducts[4];
    for (size_t i = 0; i < 4; i++) {
        ducts[i] = duct_take(&pool.ducts);
        assert_non_null(ducts[i]);
        assert_int_equal(ducts[i]->held, 0);
    }
    assert_null(duct_take(&pool.ducts));
    duct_give(ducts[0]);
    ducts[0] = duct_take(&pool.ducts);
    assert_non_null(ducts[0]);
    for (size_t i = 0; i < 4; i++)
        duct_give(ducts[i]);
    assert_in_range(pool.made, 1, 2); /* a few are kept */
}

static void test_none_at_all(void **unused)
{
    pool.most = 0;
    assert_null(duct_take(&pool.ducts));
}

/* Bytes of one session must not come out of the duct of another. */
static void test_given_back_with_bytes(void **unused)
{
    struct duct *duct = duct_take(&pool.ducts);
    put(duct, "secret");
    duct_give(duct);
    assert_int_equal(pool.made, 0);
    duct = duct_take(&pool.ducts);
    put(duct, "mine");
    uint8_t bytes[16];
    assert_true(duct_read(duct, bytes));
    assert_memory_equal(bytes, "mine", 4);
    duct_give(duct);
}

static void test_read_back(void **unused)
{
    struct duct *duct = duct_take(&pool.ducts);
    uint8_t bytes[16] = {0};
    put(duct, "one");
    put(duct, "two");
    assert_true(duct_read(duct, bytes));
    assert_memory_equal(bytes, "onetwo", 6);
    assert_int_equal(duct->held, 0);
    duct->held = 1; /* it is not there */
    assert_false(duct_read(duct, bytes));
    duct_give(duct);
}

/* ---- through sockets ---- */

static void test_from_socket_to_socket(void **unused)
{
    int from[2], to[2];
    struct plain source, sink;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, from), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, to), 0);
    struct transport *reads = plain_init(&source, from[0], &transport_target);
    struct transport *writes = plain_init(&sink, to[0], &transport_client);
    assert_true(transport_takes_ducts(reads));
    struct duct *duct = duct_take(&pool.ducts);
    assert_int_equal(transport_fill(reads, duct, 1000).status, IO_WANT_READ);
    assert_int_equal(write(from[1], "payload", 7), 7);
    struct io io = transport_fill(reads, duct, 1000);
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 7);
    assert_true(io.drained);
    assert_int_equal(duct->held, 7);
    assert_int_equal(transport_write_more(writes, (const uint8_t *)"head", 4).n, 4);
    io = transport_pour(writes, duct);
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 7);
    assert_false(io.blocked);
    char bytes[16];
    assert_int_equal(read(to[1], bytes, sizeof(bytes)), 11);
    assert_memory_equal(bytes, "headpayload", 11);
    close(from[1]);
    assert_int_equal(transport_fill(reads, duct, 1000).status, IO_EOF);
    duct_give(duct);
    transport_close(reads);
    transport_close(writes);
    close(to[1]);
}

/* A sink that is full takes a part; what is left comes with the next write. */
static void test_a_sink_that_is_full(void **unused)
{
    static char bytes[200000];
    int from[2], to[2], small = 4096;
    struct plain source, sink;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, from), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, to), 0);
    assert_int_equal(setsockopt(to[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    struct transport *reads = plain_init(&source, from[0], &transport_target);
    struct transport *writes = plain_init(&sink, to[0], &transport_client);
    struct duct *duct = duct_take(&pool.ducts);
    size_t moved = 0, got = 0;
    for (int turns = 0; duct->held == 0; turns++) { /* until something is left in the duct */
        assert_true(turns < 1000);
        assert_true(write(from[1], bytes, 20000) > 0);
        assert_int_equal(transport_fill(reads, duct, 1 << 20).status, IO_OK);
        moved += duct->held;
        struct io io = transport_pour(writes, duct);
        assert_true(io.status == IO_OK ? io.blocked == (duct->held > 0)
                                       : io.status == IO_WANT_WRITE);
    }
    for (int turns = 0; got < moved; turns++) {
        assert_true(turns < 1000);
        ssize_t n = read(to[1], bytes, sizeof(bytes));
        got += n > 0 ? (size_t)n : 0;
        if (duct->held > 0)
            assert_int_not_equal(transport_pour(writes, duct).status, IO_FAIL);
    }
    assert_int_equal(got, moved);
    assert_int_equal(duct->held, 0);
    duct_give(duct);
    transport_close(reads);
    transport_close(writes);
    close(from[1]);
    close(to[1]);
}

static void test_a_sink_that_is_gone(void **unused)
{
    int to[2];
    struct plain sink;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, to), 0);
    struct transport *writes = plain_init(&sink, to[0], &transport_client);
    struct duct *duct = duct_take(&pool.ducts);
    put(duct, "lost");
    close(to[1]);
    struct io io = transport_pour(writes, duct);
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(io.reason, REASON_client_reset);
    duct_give(duct);
    transport_close(writes);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_there_is_a_bound),      TEST(test_none_at_all),
        TEST(test_given_back_with_bytes), TEST(test_read_back),
        TEST(test_from_socket_to_socket), TEST(test_a_sink_that_is_full),
        TEST(test_a_sink_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
