/* What of a session is recorded or watched: its file, what it holds until that is closed, its log.
 */
#include "serve/stages/session_tap.h"

#include "lib/failing_alloc.h"

#include "core/tokens/resolver_answer.h"
#include "core/tokens/token_destination.h"
#include "lib/client_lab.h"
#include "lib/log_lab.h"
#include "lib/loopback.h"
#include "serve/session/session_bridge.h"
#include "serve/tap/recorder.h"
#include "serve/tap/tap.h"

#define UPGRADE                                                                                    \
    "GET /other HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"      \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static struct loopback server;
static char folder[] = "/tmp/wsluice-session-tap-XXXXXX";
static char file[sizeof(folder) + 8];

/* A session as it is just before it opens, without a client or a target. */
static struct session session;
static struct session_entry entry;
static struct config_route route;

static void open_lab(bool traffic)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/rec", folder);
    server = loopback_open();
    struct config *config = client_lab_config();
    config->log.traffic = traffic;
    client_lab.lab.targets[2].address.port = server.port;
    client_lab.lab.routes[1].record = file;
    client_lab_open(config);
    route = (struct config_route){0};
    entry = (struct session_entry){0};
    session = (struct session){
        .env = &client_lab.env,
        .site = client_lab.site,
        .route = &route,
        .entry = &entry,
        .number = 7,
    };
    assert_true(limits_reserve(client_lab.lab.shared.limits, &session.usage, 2, 2));
}

static int set_up(void **unused)
{
    open_lab(false);
    return 0;
}

static int set_up_traffic(void **unused)
{
    open_lab(true);
    return 0;
}

static void remove_recording(const char *name)
{
    char path[sizeof(folder) + 64];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

/* The session is over, and then its recording. */
static void end_tap(void)
{
    tap_end(session.tap);
    session.tap = NULL;
    limits_leave(&session.usage);
    while (client_lab.env.recordings > 0)
        uv_run(&client_lab.loop, UV_RUN_ONCE);
}

/* Each test removes its recordings. */
static int tear_down(void **unused)
{
    end_tap();
    loopback_close(&server);
    client_lab_close(unused);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

/* ---- what begins one ---- */

static void test_nothing_is_asked(void **unused)
{
    session_tap_begin(&session);
    assert_null(session.tap);
    assert_null(session.bridge.tap);
    assert_int_equal(client_lab.env.live, 0);
    route.expect = "ssh";
    session_tap_begin(&session);
    assert_null(session.tap);
}

static void test_traffic(void **unused)
{
    session_tap_begin(&session);
    assert_non_null(session.tap);
    assert_ptr_equal(session.bridge.tap, tap_for_bridge(session.tap));
    assert_int_equal(client_lab.env.recordings, 0);
    end_tap();
}

/* ---- recordings ---- */

/* It counts as a descriptor, and holds the worker, until the file is closed. */
static void test_a_recording_outlasts_its_session(void **unused)
{
    struct limits *limits = client_lab.lab.shared.limits;
    struct limits_usage other;
    route.record = file;
    session_tap_begin(&session);
    assert_ptr_equal(session.bridge.tap, tap_for_bridge(session.tap));
    assert_int_equal(client_lab.env.recordings, 1);
    assert_int_equal(client_lab.env.live, 1);
    tap_end(session.tap);
    session.tap = NULL;
    limits_leave(&session.usage);
    assert_int_equal(client_lab.env.recordings, 1);
    assert_false(limits_reserve(limits, &other, 2, 2));
    assert_true(limits_reserve(limits, &other, 1, 2));
    limits_leave(&other);
    while (client_lab.env.recordings > 0)
        uv_run(&client_lab.loop, UV_RUN_ONCE);
    assert_int_equal(client_lab.env.live, 0);
    assert_true(limits_reserve(limits, &other, 2, 2));
    limits_leave(&other);
    remove_recording("rec.7");
}

static void test_a_service_names_recordings(void **unused)
{
    struct resolver_answer answer = {.record = "ann"};
    struct token_destination destination = {.answer = &answer};
    route.record = file;
    entry.destination = &destination;
    session_tap_begin(&session);
    end_tap();
    remove_recording("rec-ann.7");
    destination.answer = NULL; /* a token of a file */
    assert_true(limits_reserve(client_lab.lab.shared.limits, &session.usage, 2, 2));
    session_tap_begin(&session);
    end_tap();
    remove_recording("rec.7");
    answer.record[0] = '\0';
    destination.answer = &answer;
    assert_true(limits_reserve(client_lab.lab.shared.limits, &session.usage, 2, 2));
    session_tap_begin(&session);
    end_tap();
    remove_recording("rec.7");
}

/* The only thread of the pool is busy: no file is written meanwhile. */
static void busy_work(uv_work_t *work)
{
    uv_sem_wait(work->data);
}

static void done_cb(uv_work_t *work, int status)
{
    assert_int_equal(status, 0);
}

/* Bytes that the client has received until nothing more comes for so many milliseconds, or `most`.
 */
static size_t pour(int target, size_t most, int patience)
{
    static char bytes[RECORDER_FULL];
    size_t received = 0;
    for (int idle = 0; received < most && idle < patience; idle++) {
        (void)!send(target, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
        client_lab_turn();
        ssize_t n = recv(client_lab.peer, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n > 0) {
            received += (size_t)n;
            idle = 0;
        } else {
            usleep(1000);
        }
    }
    return received;
}

/* More than a recorder holds: the bridge reads no more, and goes on when the file has that. */
static void test_a_full_recorder_makes_the_bridge_wait(void **unused)
{
    const size_t much = 8 * RECORDER_FULL;
    uv_sem_t release;
    uv_work_t work = {.data = &release};
    assert_int_equal(uv_sem_init(&release, 0), 0);
    assert_int_equal(uv_queue_work(&client_lab.loop, &work, busy_work, done_cb), 0);
    loopback_listen(&server);
    client_lab_connect(UPGRADE);
    int target = loopback_accept(&server);
    assert_true(target >= 0);
    client_lab_turn();
    client_lab_expect("101");
    assert_int_equal(client_lab.env.recordings, 1);
    size_t before = pour(target, much, 50);
    assert_true(client_lab_session()->bridge.tap->full);
    assert_in_range(before, 1, much - 1);
    uv_sem_post(&release);
    assert_true(pour(target, much, 5000) >= much);
    uv_sem_destroy(&release);
    close(target);
    close(client_lab.peer);
    client_lab.peer = -1;
    while (client_lab.env.live > 0)
        uv_run(&client_lab.loop, UV_RUN_ONCE);
    remove_recording("rec.0");
}

/* ---- out of memory ---- */

/* Whether the n-th allocation of a tap fails. The session goes on without it, and the log says so.
 */
static bool fails_at(unsigned nth)
{
    static const char warning[] = "a session is not recorded or watched: out of memory";
    char said[1024] = "";
    int log[2];
    assert_int_equal(pipe2(log, O_NONBLOCK), 0);
    session.bridge.tap = NULL;
    log_lab_to(log[1], REASON_INFO);
    failing_alloc_arm(nth);
    session_tap_begin(&session);
    bool failed = failing_alloc_disarm(), begun = session.tap != NULL;
    log_lab_restore();
    (void)!read(log[0], said, sizeof(said) - 1);
    close(log[0]);
    close(log[1]);
    assert_int_equal(begun, session.bridge.tap != NULL);
    assert_int_equal(begun, strstr(said, warning) == NULL);
    assert_int_equal(client_lab.env.recordings, begun);
    assert_int_equal(client_lab.env.live, begun);
    assert_int_equal(session.usage.descriptors, begun ? 1 : 2);
    assert_true(begun || failed);
    return failed;
}

static void test_no_memory(void **unused)
{
    unsigned without = 0;
    route.record = file;
    for (unsigned nth = 1; fails_at(nth); nth++) {
        without += session.tap == NULL;
        end_tap(); /* a recorder alone may lack memory, too: it says so, and stops */
        assert_true(limits_reserve(client_lab.lab.shared.limits, &session.usage, 2, 2));
    }
    assert_true(without >= 2);
    end_tap();
    remove_recording("rec.7");
}

/* ---- RFB that is not followed ---- */

/* What the log has from `lowest` on, when a client sends what is no RFB. */
static void lose_track(enum reason_level lowest, char *said, size_t size)
{
    int log[2];
    assert_int_equal(pipe2(log, O_NONBLOCK), 0);
    log_lab_to(log[1], lowest);
    session_tap_begin(&session);
    struct bridge_tap *tap = session.bridge.tap;
    const struct bridge_payload run = {.from_client = true, .bytes = SLICE("GET / HTTP/1.1\r\n")};
    bool input = tap->on_payload(tap, &run, 0) && tap->on_payload(tap, &run, 0);
    log_lab_restore();
    end_tap();
    ssize_t length = read(log[0], said, size - 1);
    said[length > 0 ? length : 0] = '\0';
    close(log[0]);
    close(log[1]);
    assert_true(input);
}

/* Operators hear of it where a session may end for lack of input. */
static void test_what_cannot_be_followed_is_logged(void **unused)
{
    char said[1024];
    route.expect = "rfb";
    lose_track(REASON_INFO, said, sizeof(said));
    assert_string_equal(said, "");
    lose_track(REASON_DEBUG, said, sizeof(said));
    assert_non_null(strstr(said, "all data of the client counts as input"));
    route.input_timeout_ms = 1000;
    lose_track(REASON_INFO, said, sizeof(said));
    const char *text = strstr(said, "all data of the client counts as input");
    assert_non_null(text);
    assert_null(strstr(text + 1, "all data of the client")); /* once */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_asked),
        cmocka_unit_test_setup_teardown(test_traffic, set_up_traffic, tear_down),
        TEST(test_a_recording_outlasts_its_session),
        TEST(test_a_service_names_recordings),
        TEST(test_a_full_recorder_makes_the_bridge_wait),
        TEST(test_no_memory),
        TEST(test_what_cannot_be_followed_is_logged),
    };
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
