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
    watched = (struct watched){0};
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

/* Instead of the TCP connection. Returns the other end, which is the caller's. */
static int use_unix_pair(void)
{
    int pair[2];
    close(ours);
    close(theirs);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ours = pair[0];
    theirs = -1;
    return pair[1];
}

/* epoll reports a closed Unix peer as EPOLLHUP in every call, without being asked to. */
static void test_a_unix_peer_that_closes(void **unused)
{
    int peer = use_unix_pair();
    open_watch(0);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    close(peer);
    assert_int_equal(calls_in(20), 0);
    struct epoll_event event;
    assert_int_equal(epoll_wait(set.interactive.epoll, &event, 1, 0), 0); /* nothing spins */
    watch_want(watched.watch, WATCH_READ); /* the bytes before it can still be read */
    wait_for(WATCH_READ);
}

/* Once, and with no other readiness than is wanted, though bytes are unread. */
static void test_a_unix_peer_that_closes_is_a_hang_up_if_that_is_wanted(void **unused)
{
    int peer = use_unix_pair();
    open_watch(WATCH_HUNG_UP);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    shutdown(peer, SHUT_WR); /* one direction */
    assert_int_equal(calls_in(20), 0);
    close(peer);
    wait_for(WATCH_HUNG_UP);
    assert_int_equal(watched.calls, 1);
    assert_false(watched.seen & WATCH_BROKEN);
    assert_int_equal(calls_in(20), 0);
    struct epoll_event event;
    assert_int_equal(epoll_wait(set.interactive.epoll, &event, 1, 0), 0); /* nothing spins */
    watch_want(watched.watch, WATCH_READ | WATCH_HUNG_UP);
    wait_for(WATCH_READ);
    watch_want(watched.watch, WATCH_HUNG_UP);
    calls_in(2);
    assert_int_equal(calls_in(20), 0);
}

static void test_a_reset_is_a_hang_up_too(void **unused)
{
    open_watch(WATCH_HUNG_UP);
    reset_peer();
    wait_for(WATCH_BROKEN);
    assert_true(watched.last & WATCH_HUNG_UP);
    assert_int_equal(calls_in(20), 0);
    assert_int_equal(watched.calls, 1);
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

/* ---- who is served when ---- */

/* What it moves in each turn, and for how many turns it has more. */
struct bulk {
    struct watch *watch;
    int ours, theirs;
    size_t moves;
    unsigned more, turns, turns_at_key;
    bool types; /* makes the other one readable in its second turn */
};

static struct bulk bulks[2];
static unsigned key_after; /* turns of bulk before the key was served */

static void bulk_cb(void *owner, unsigned ready)
{
    struct bulk *bulk = owner;
    assert_true(ready & WATCH_READ);
    bulk->turns++;
    if (bulk->types && bulk->turns == 2)
        assert_int_equal(send(theirs, "k", 1, 0), 1);
    watch_moved(bulk->watch, bulk->moves, bulk->turns <= bulk->more);
    if (bulk->turns > bulk->more)
        watch_want(bulk->watch, 0);
}

static void key_cb(void *owner, unsigned ready)
{
    char byte;
    (void)ready;
    (void)owner;
    assert_int_equal(recv(ours, &byte, 1, 0), 1);
    key_after = bulks[0].turns + bulks[1].turns;
}

static void open_bulk(struct bulk *bulk, size_t moves, unsigned more)
{
    *bulk = (struct bulk){.moves = moves, .more = more};
    connect_pair(&bulk->ours, &bulk->theirs);
    assert_int_equal(send(bulk->theirs, "x", 1, 0), 1);
    bulk->watch = watch_open(&set, bulk->ours, WATCH_READ, bulk_cb, bulk);
    assert_non_null(bulk->watch);
}

static void close_bulk(struct bulk *bulk)
{
    watch_close(bulk->watch);
    close(bulk->ours);
    close(bulk->theirs);
}

static void run_bulk(void)
{
    for (int i = 0; i < 1000; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* Two downloads with much more; a key that comes in a turn is served before the next one. */
static void test_a_key_waits_for_one_buffer(void **unused)
{
    key_after = 0;
    for (size_t i = 0; i < 2; i++)
        open_bulk(&bulks[i], SCHEDULE_QUANTUM, 50);
    watched.watch = watch_open(&set, ours, WATCH_READ, key_cb, NULL);
    for (int i = 0; i < 10 && bulks[0].turns + bulks[1].turns < 8; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_false(watch_set_is_pressed(&set));
    bulks[0].types = true;
    bulks[0].turns = bulks[1].turns = 0;
    run_bulk();
    assert_in_range(key_after, 2, 4);
    assert_int_equal(bulks[0].turns, 51); /* nobody is forgotten */
    assert_int_equal(bulks[1].turns, 51);
    assert_true(watch_set_is_pressed(&set));
    for (size_t i = 0; i < 2; i++)
        close_bulk(&bulks[i]);
}

/* It goes on while there is more, though the descriptor tells nothing new; and then waits. */
static void test_more_needs_no_event(void **unused)
{
    open_bulk(&bulks[0], 1000, 20);
    run_bulk();
    assert_int_equal(bulks[0].turns, 21);
    watch_want(bulks[0].watch, WATCH_READ);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(bulks[0].turns > 21);
    close_bulk(&bulks[0]);
}

/* Small turns make it interactive again: it is heard of by the other epoll instance. */
static void test_bulk_becomes_interactive(void **unused)
{
    struct epoll_event event;
    open_bulk(&bulks[0], SCHEDULE_QUANTUM, 0);
    run_bulk();
    watch_want(bulks[0].watch, WATCH_READ);
    assert_int_equal(epoll_wait(set.patient.epoll, &event, 1, 0), 1);
    assert_int_equal(epoll_wait(set.interactive.epoll, &event, 1, 0), 0);
    bulks[0].moves = 10;
    for (int i = 0; i < 100; i++) {
        watch_want(bulks[0].watch, WATCH_READ);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    watch_want(bulks[0].watch, WATCH_READ);
    assert_int_equal(epoll_wait(set.patient.epoll, &event, 1, 0), 0);
    assert_int_equal(epoll_wait(set.interactive.epoll, &event, 1, 0), 1);
    close_bulk(&bulks[0]);
}

static void test_an_opening_waits_for_its_turn(void **unused)
{
    struct epoll_event event;
    watched = (struct watched){.fd = ours, .reads = true};
    watched.watch = watch_open_opening(&set, ours, WATCH_READ, seen_cb, &watched);
    assert_int_equal(send(theirs, "x", 1, 0), 1);
    usleep(2000);
    assert_int_equal(epoll_wait(set.patient.epoll, &event, 1, 0), 1);
    wait_for(WATCH_READ);
}

/* Closed while they wait for their turn, in the turn of another one, or with the set. */
static void test_closed_while_it_waits(void **unused)
{
    for (size_t i = 0; i < 2; i++)
        open_bulk(&bulks[i], SCHEDULE_QUANTUM, 1000);
    uv_run(&loop, UV_RUN_NOWAIT);
    unsigned turns = bulks[1].turns;
    close_bulk(&bulks[1]);
    run_bulk();
    assert_int_equal(bulks[1].turns, turns);
    assert_true(bulks[0].turns > 900);
    open_bulk(&bulks[1], SCHEDULE_QUANTUM, 1000);
    uv_run(&loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < 2; i++)
        close_bulk(&bulks[i]);
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
        TEST(test_a_unix_peer_that_closes_is_a_hang_up_if_that_is_wanted),
        TEST(test_a_reset_is_a_hang_up_too),
        TEST(test_polled_at_once),
        TEST(test_a_polled_reset_is_reported_once),
        TEST(test_closes_itself_when_polled),
        TEST(test_adopted),
        TEST(test_closed_while_an_event_is_under_way),
        TEST(test_closes_itself),
        TEST(test_closed_while_others_hold_it),
        TEST(test_a_bad_descriptor),
        TEST(test_a_key_waits_for_one_buffer),
        TEST(test_more_needs_no_event),
        TEST(test_bulk_becomes_interactive),
        TEST(test_an_opening_waits_for_its_turn),
        TEST(test_closed_while_it_waits),
        TEST(test_holders_are_closed_with_the_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
