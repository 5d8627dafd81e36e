/* Readiness over real sockets: which events are reported, and that none is repeated without end. */
#include "net/watch.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct watched {
    struct watch *watch;
    unsigned calls, last, seen;
    struct watched *closes; /* this one is closed in the callback */
    bool reads;
    int fd;
};

static uv_loop_t loop;
static struct watch_set set;
static int ours, theirs;
static struct watched watched;

static void seen_cb(void *owner, unsigned ready)
{
    struct watched *one = owner;
    char bytes[64];
    one->calls++;
    one->last = ready;
    one->seen |= ready;
    if (one->reads)
        (void)!recv(one->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (one->closes) {
        watch_close(one->closes->watch);
        one->closes->watch = NULL;
    }
}

static void connect_pair(int *one, int *other)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    *one = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(connect(*one, (struct sockaddr *)&address, length), 0);
    *other = accept(listener, NULL, NULL);
    assert_true(*other >= 0);
    close(listener);
}

static void open_watch(unsigned want)
{
    watched = (struct watched){.fd = ours};
    watched.watch = watch_open(&set, ours, want, seen_cb, &watched);
    assert_non_null(watched.watch);
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&set, &loop));
    connect_pair(&ours, &theirs);
    return 0;
}

static int tear_down(void **unused)
{
    watch_close(watched.watch);
    close(ours);
    if (theirs >= 0)
        close(theirs);
    watch_set_close(&set);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

/* Loopback delivers at once, but a loaded machine may take its time. */
static unsigned calls_in(int turns)
{
    unsigned before = watched.calls;
    for (int i = 0; i < turns; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    return watched.calls - before;
}

static void wait_for(unsigned ready)
{
    for (int i = 0; i < 5000 && !(watched.seen & ready); i++)
        calls_in(1);
    assert_true(watched.seen & ready);
}

static void reset_peer(void)
{
    struct linger none = {.l_onoff = 1};
    setsockopt(theirs, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    close(theirs);
    theirs = -1;
}

static void test_silence(void **unused)
{
    open_watch(WATCH_READ);
    assert_int_equal(calls_in(10), 0);
}

static void test_readable(void **unused)
{
    open_watch(WATCH_READ);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    wait_for(WATCH_READ);
    assert_true(calls_in(3) >= 2); /* level-triggered: the bytes are unread */
    watched.reads = true;
    calls_in(2);
    assert_int_equal(calls_in(5), 0);
}

static void test_writable(void **unused)
{
    open_watch(WATCH_WRITE);
    wait_for(WATCH_WRITE);
    watch_want(watched.watch, 0);
    assert_int_equal(calls_in(10), 0);
    watch_want(watched.watch, WATCH_READ | WATCH_WRITE);
    wait_for(WATCH_WRITE);
}

static void test_unwanted_bytes_are_not_reported(void **unused)
{
    open_watch(WATCH_READ);
    watch_want(watched.watch, 0);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    assert_int_equal(calls_in(20), 0);
    watch_want(watched.watch, WATCH_READ);
    wait_for(WATCH_READ);
}

/* A FIN is reported to a watch that waits to read, and not otherwise. */
static void test_fin(void **unused)
{
    open_watch(0);
    shutdown(theirs, SHUT_WR);
    assert_int_equal(calls_in(20), 0);
    watch_want(watched.watch, WATCH_READ);
    wait_for(WATCH_READ);
}

static void test_a_reset_is_reported_without_wants(void **unused)
{
    open_watch(0);
    reset_peer();
    wait_for(WATCH_BROKEN);
    assert_int_equal(calls_in(20), 0); /* once */
}

static void test_reset_behind_unread_bytes(void **unused)
{
    open_watch(0);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    calls_in(5);
    reset_peer();
    wait_for(WATCH_BROKEN);
    assert_int_equal(calls_in(20), 0);
    watch_want(watched.watch, WATCH_READ); /* the bytes before it can still be read */
    assert_true(calls_in(3) > 0);
    assert_true(watched.last & WATCH_READ);
}

static void test_reset_after_fin(void **unused)
{
    open_watch(0);
    shutdown(theirs, SHUT_WR);
    calls_in(10);
    assert_int_equal(send(ours, "x", 1, 0), 1); /* unread at the peer: its close is a reset */
    calls_in(2);
    close(theirs);
    theirs = -1;
    wait_for(WATCH_BROKEN);
    assert_int_equal(calls_in(20), 0);
}

/* epoll reports a closed Unix peer as EPOLLHUP in every call, without being asked to. */
static void test_a_unix_peer_that_closes(void **unused)
{
    int pair[2];
    close(ours);
    close(theirs);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ours = pair[0];
    theirs = -1;
    open_watch(0);
    assert_int_equal(send(pair[1], "x", 1, 0), 1);
    close(pair[1]);
    assert_int_equal(calls_in(20), 0);
    struct epoll_event event;
    assert_int_equal(epoll_wait(set.epoll, &event, 1, 0), 0); /* nothing spins */
    watch_want(watched.watch, WATCH_READ); /* the bytes before it can still be read */
    wait_for(WATCH_READ);
}

/* Without a turn of the loop. */
static void test_polled_at_once(void **unused)
{
    open_watch(WATCH_READ);
    watch_poll(watched.watch);
    assert_int_equal(watched.calls, 0);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    for (int i = 0; i < 5000 && watched.calls == 0; i++) {
        watch_poll(watched.watch);
        usleep(1000);
    }
    assert_int_equal(watched.last, WATCH_READ);
    watch_want(watched.watch, 0);
    watched.calls = 0;
    watch_poll(watched.watch);
    assert_int_equal(watched.calls, 0);
    watch_want(watched.watch, WATCH_WRITE);
    watch_poll(watched.watch);
    assert_true(watched.last & WATCH_WRITE);
    watch_poll(NULL);
}

static void test_a_polled_reset_is_reported_once(void **unused)
{
    open_watch(0);
    reset_peer();
    for (int i = 0; i < 5000 && watched.calls == 0; i++) {
        watch_poll(watched.watch);
        usleep(1000);
    }
    assert_true(watched.last & WATCH_BROKEN);
    watch_poll(watched.watch);
    assert_int_equal(watched.calls, 1);
    assert_int_equal(calls_in(20), 0);
}

static void test_closes_itself_when_polled(void **unused)
{
    open_watch(WATCH_WRITE);
    watched.closes = &watched;
    watch_poll(watched.watch);
    assert_int_equal(watched.calls, 1);
    assert_null(watched.watch);
}

static void test_adopted(void **unused)
{
    struct watched other = {.fd = ours};
    open_watch(WATCH_READ);
    watch_adopt(watched.watch, seen_cb, &other);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    for (int i = 0; i < 5000 && other.calls == 0; i++)
        calls_in(1);
    assert_true(other.calls > 0);
    assert_int_equal(watched.calls, 0);
}

/* Two are ready at once; the first callback closes the other watch, which is not called. */
static void test_closed_while_an_event_is_under_way(void **unused)
{
    int more_ours, more_theirs;
    connect_pair(&more_ours, &more_theirs);
    struct watched other = {.fd = more_ours, .closes = &watched};
    open_watch(WATCH_READ);
    watched.closes = &other;
    other.watch = watch_open(&set, more_ours, WATCH_READ, seen_cb, &other);
    assert_non_null(other.watch);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    assert_int_equal(send(more_theirs, "x", 1, 0), 1);
    usleep(20000);
    uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(watched.calls + other.calls, 1);
    watch_close(other.watch);
    close(more_ours);
    close(more_theirs);
}

static void test_closes_itself(void **unused)
{
    open_watch(WATCH_WRITE);
    watched.closes = &watched;
    wait_for(WATCH_WRITE);
    assert_int_equal(watched.calls, 1);
    watch_close(NULL);
}

/* As with a child that holds it as well: the connection stays open behind a closed descriptor. */
static void test_closed_while_others_hold_it(void **unused)
{
    int held = dup(ours);
    open_watch(WATCH_READ);
    watch_close(watched.watch);
    watched.watch = NULL;
    close(ours);
    ours = held;
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    assert_int_equal(calls_in(20), 0);
}

static void test_a_bad_descriptor(void **unused)
{
    open_watch(0);
    assert_null(watch_open(&set, -1, WATCH_READ, seen_cb, &watched));
}

/* ---- holders ---- */

struct kept {
    struct watch_holder holder;
    struct watch *watch;
    unsigned closed;
};

static void close_kept(struct watch_holder *holder)
{
    struct kept *kept = WSL_CONTAINER(holder, struct kept, holder);
    kept->closed++;
    watch_close(kept->watch);
}

static void test_holders_are_closed_with_the_set(void **unused)
{
    struct watch_set other;
    struct kept stays = {.holder.close = close_kept}, leaves = stays;
    watched = (struct watched){0};
    assert_true(watch_set_open(&other, &loop));
    stays.watch = watch_open(&other, ours, WATCH_READ, seen_cb, &watched);
    assert_non_null(stays.watch);
    watch_set_hold(&other, &leaves.holder);
    watch_set_hold(&other, &stays.holder);
    list_remove(&leaves.holder.link);
    watch_set_close(&other);
    assert_int_equal(stays.closed, 1);
    assert_int_equal(leaves.closed, 0);
    uv_run(&loop, UV_RUN_NOWAIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_silence),
        TEST(test_readable),
        TEST(test_writable),
        TEST(test_unwanted_bytes_are_not_reported),
        TEST(test_fin),
        TEST(test_a_reset_is_reported_without_wants),
        TEST(test_reset_behind_unread_bytes),
        TEST(test_reset_after_fin),
        TEST(test_a_unix_peer_that_closes),
        TEST(test_polled_at_once),
        TEST(test_a_polled_reset_is_reported_once),
        TEST(test_closes_itself_when_polled),
        TEST(test_adopted),
        TEST(test_closed_while_an_event_is_under_way),
        TEST(test_closes_itself),
        TEST(test_closed_while_others_hold_it),
        TEST(test_a_bad_descriptor),
        TEST(test_holders_are_closed_with_the_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
