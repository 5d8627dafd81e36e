/* Standard input and output as pipes, sockets and files: when a bridge hears of them. */
#include "run/connect/connect_stdio.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/bridge/bridge.h"

static struct {
    uv_loop_t loop;
    struct watch_set watches;
    struct connect_stdio stdio;
    int kept[2], in[2], out[2];
    unsigned ready, calls;
} scene;

static void ready_cb(void *owner, unsigned ready)
{
    assert_ptr_equal(owner, &scene);
    scene.ready |= ready;
    scene.calls++;
}

/* `in`, `out`: what becomes standard input and output meanwhile. */
static void open_with(int in, int out)
{
    scene.ready = scene.calls = 0;
    for (int i = 0; i < 2; i++)
        scene.kept[i] = dup(i);
    fflush(stdout);
    assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(uv_loop_init(&scene.loop), 0);
    assert_true(watch_set_open(&scene.watches, &scene.loop));
    connect_stdio_open(&scene.stdio, &scene.watches, ready_cb, &scene);
}

static void finish(void)
{
    connect_stdio_close(&scene.stdio);
    watch_set_close(&scene.watches);
    uv_run(&scene.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dup2(scene.kept[i], i), i);
        close(scene.kept[i]);
    }
    assert_int_equal(uv_loop_close(&scene.loop), 0);
}

static void open_pipes(void)
{
    assert_int_equal(pipe(scene.in), 0);
    assert_int_equal(pipe(scene.out), 0);
    open_with(scene.in[0], scene.out[1]);
    close(scene.in[0]);
    close(scene.out[1]);
}

static unsigned turn(void)
{
    scene.ready = 0;
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    return scene.ready;
}

static void test_pipes_are_ready_when_they_are_wanted(void **unused)
{
    open_pipes();
    unsigned before = turn();
    ssize_t sent = write(scene.in[1], "x", 1);
    unsigned unwanted = turn();
    connect_stdio_want(&scene.stdio, BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE);
    unsigned both = turn();
    connect_stdio_want(&scene.stdio, 0);
    unsigned after = turn();
    finish();
    close(scene.in[1]);
    close(scene.out[0]);
    assert_int_equal(sent, 1);
    assert_int_equal(before | unwanted | after, 0);
    assert_int_equal(both, BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE);
}

/* Also while nothing is wanted, and once: `connect` ends by it while it dials. */
static void test_a_reader_that_leaves_is_reported(void **unused)
{
    open_pipes();
    close(scene.out[0]);
    unsigned left = turn(), again = turn();
    close(scene.in[1]); /* the end of the input alone is not an end */
    unsigned unwanted = turn();
    connect_stdio_want(&scene.stdio, BRIDGE_CLIENT_READ);
    unsigned end = turn();
    finish();
    assert_true(left & BRIDGE_CLIENT_BROKEN);
    assert_int_equal(again, 0);
    assert_int_equal(unwanted, 0);
    assert_int_equal(end, BRIDGE_CLIENT_READ);
}

/* One socket, as a program gives it that starts us: the end of what it sends alone is no end. */
static void test_a_reader_that_leaves_a_socket_is_reported(void **unused)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    open_with(pair[0], pair[0]);
    close(pair[0]);
    ssize_t sent = send(pair[1], "x", 1, 0);
    shutdown(pair[1], SHUT_WR);
    unsigned half = turn() | turn();
    close(pair[1]);
    unsigned left = turn(), again = turn();
    connect_stdio_want(&scene.stdio, BRIDGE_CLIENT_READ);
    unsigned bytes = turn();
    finish();
    assert_int_equal(sent, 1);
    assert_int_equal(half, 0);
    assert_true(left & BRIDGE_CLIENT_BROKEN);
    assert_int_equal(again, 0);
    assert_int_equal(bytes, BRIDGE_CLIENT_READ);
}

/* Once a bridge reads and writes, these tell of the end. */
static void test_a_reader_that_leaves_a_socket_in_use_is_found_by_reading(void **unused)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    open_with(pair[0], pair[0]);
    close(pair[0]);
    connect_stdio_want(&scene.stdio, BRIDGE_CLIENT_READ);
    unsigned before = turn();
    close(pair[1]);
    unsigned end = turn();
    finish();
    assert_int_equal(before, 0);
    assert_int_equal(end, BRIDGE_CLIENT_READ);
}

static void test_files_are_always_ready(void **unused)
{
    char path[] = "/tmp/wsluice-stdio-XXXXXX";
    int file = mkstemp(path);
    open_with(file, file);
    unsigned unwanted = turn();
    connect_stdio_want(&scene.stdio, BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE);
    unsigned both = turn() & turn();
    connect_stdio_want(&scene.stdio, BRIDGE_CLIENT_READ);
    unsigned one = turn();
    finish();
    close(file);
    unlink(path);
    assert_int_equal(unwanted, 0);
    assert_int_equal(both, BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE);
    assert_int_equal(one, BRIDGE_CLIENT_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipes_are_ready_when_they_are_wanted),
        cmocka_unit_test(test_a_reader_that_leaves_is_reported),
        cmocka_unit_test(test_a_reader_that_leaves_a_socket_is_reported),
        cmocka_unit_test(test_a_reader_that_leaves_a_socket_in_use_is_found_by_reading),
        cmocka_unit_test(test_files_are_always_ready),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
