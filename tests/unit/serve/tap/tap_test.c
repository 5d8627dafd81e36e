/* Observers of a bridge: payload in a recording, marks, back-pressure and its end. */
#include "serve/tap/tap.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log/log.h"
#include "core/bridge/bridge.h"
#include "lib/failing_alloc.h"
#include "lib/work_lab.h"
#include "serve/tap/recorder.h"

static char folder[] = "/tmp/wsluice-tap-XXXXXX";
static char path[sizeof(folder) + 8];
static uv_loop_t loop;
static struct work_lab lab;
static uint64_t skip;
static unsigned closed, resumed;

static void closed_cb(void *owner)
{
    assert_ptr_equal(owner, &closed);
    closed++;
}

static void resume_cb(void *owner)
{
    assert_ptr_equal(owner, &resumed);
    resumed++;
}

static int set_up(void **unused)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/rec", folder);
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&lab, &loop);
    skip = closed = resumed = 0;
    return 0;
}

static int tear_down(void **unused)
{
    char name[sizeof(path) + 2];
    snprintf(name, sizeof(name), "%s.1", path);
    unlink(name);
    rmdir(folder);
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    return 0;
}

static struct recorder_request recording(void)
{
    return (struct recorder_request){
        .lane = &lab.lane,
        .path = path,
        .number = 1,
        .skip = &skip,
        .resume = resume_cb,
        .owner = &resumed,
        .closed = closed_cb,
        .closed_owner = &closed,
    };
}

static struct tap *tap_records(const struct recorder_request *request)
{
    return tap_begin(&(struct tap_request){.recording = request});
}

static bool pass_payload(struct tap *tap, bool from_client, struct slice payload)
{
    struct bridge_tap *bridge = tap_for_bridge(tap);
    const struct bridge_payload run = {.from_client = from_client, .bytes = payload};
    return bridge->on_payload(bridge, &run, uv_now(&loop));
}

static void test_payload_is_recorded(void **unused)
{
    char name[sizeof(path) + 2], content[256] = "";
    const struct recorder_request request = recording();
    struct tap *tap = tap_records(&request);
    assert_non_null(tap);
    pass_payload(tap, false, SLICE("RFB"));
    /* The rest of a run that is recorded already. */
    pass_payload(tap, true, (struct slice){NULL, 0});
    tap_end(tap);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    snprintf(name, sizeof(name), "%s.1", path);
    int fd = open(name, O_RDONLY);
    assert_true(read(fd, content, sizeof(content) - 1) > 0);
    close(fd);
    assert_string_equal(content, "var VNC_frame_data = [\n'{0{RFB',\n'EOF'];\n");
}

static void test_a_full_recording_stops_the_bridge(void **unused)
{
    static const char zeros[RECORDER_FULL / 4];
    const struct recorder_request request = recording();
    struct tap *tap = tap_records(&request);
    assert_non_null(tap);
    assert_false(tap_for_bridge(tap)->full);
    pass_payload(tap, false, (struct slice){zeros, sizeof(zeros)});
    assert_true(tap_for_bridge(tap)->full);
    assert_int_equal(resumed, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_false(tap_for_bridge(tap)->full);
    assert_int_equal(resumed, 1);
    tap_end(tap);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
}

/* ---- input ---- */

static char opaque[64];
static unsigned opaques;

static void opaque_cb(void *owner, const char *why)
{
    assert_ptr_equal(owner, opaque);
    snprintf(opaque, sizeof(opaque), "%s", why);
    opaques++;
}

static void test_input_of_any_client(void **unused)
{
    const struct recorder_request request = recording();
    struct tap *tap = tap_records(&request);
    assert_non_null(tap);
    assert_true(pass_payload(tap, true, SLICE("a")));
    assert_false(pass_payload(tap, false, SLICE("a")));
    assert_false(pass_payload(tap, true, (struct slice){NULL, 0}));
    tap_end(tap);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
}

static void test_input_of_an_rfb_client(void **unused)
{
    opaques = 0;
    struct tap *tap =
        tap_begin(&(struct tap_request){.rfb = true, .opaque = opaque_cb, .owner = opaque});
    assert_non_null(tap);
    assert_false(pass_payload(tap, false, SLICE("RFB 003.008\n")));
    assert_false(pass_payload(tap, true, SLICE("RFB 003.008\n")));
    assert_false(pass_payload(tap, false, SLICE("\1\1")));
    assert_false(pass_payload(tap, true, SLICE("\1\1\3\0\0\0\0\0\0\0\0\0")));
    assert_false(pass_payload(tap, true, SLICE("\5\0\0\0\0")));
    assert_false(pass_payload(tap, true, (struct slice){NULL, 0}));
    assert_true(pass_payload(tap, true, SLICE("\0")));
    assert_int_equal(opaques, 0);
    assert_true(pass_payload(tap, true, SLICE("\7")));
    assert_true(pass_payload(tap, true, SLICE("\3")));
    assert_int_equal(opaques, 1);
    assert_string_equal(opaque, "message type 7");
    tap_end(tap);
}

/* Standard output is a pipe here. */
static void test_marks_without_a_recording(void **unused)
{
    int ends[2], stdout_before = dup(STDOUT_FILENO);
    char marks[1024] = "";
    fflush(stdout);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    bool started = log_start();
    struct tap *tap = tap_begin(&(struct tap_request){.traffic = true});
    if (tap) {
        pass_payload(tap, true, SLICE("a"));
        pass_payload(tap, false, SLICE("b"));
        tap_end(tap);
    }
    log_stop();
    dup2(stdout_before, STDOUT_FILENO);
    close(stdout_before);
    close(ends[1]);
    assert_true(started && tap);
    assert_true(read(ends[0], marks, sizeof(marks) - 1) > 0);
    close(ends[0]);
    assert_non_null(strstr(marks, "from the client"));
    assert_non_null(strstr(marks, "}.>{<."));
}

static void test_no_memory(void **unused)
{
    const struct recorder_request request = recording();
    for (unsigned call = 1; call <= 2; call++) { /* the tap, its recorder */
        failing_alloc_arm(call);
        assert_null(tap_records(&request));
        assert_true(failing_alloc_disarm());
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 0);
    tap_end(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_payload_is_recorded),       TEST(test_a_full_recording_stops_the_bridge),
        TEST(test_input_of_any_client),       TEST(test_input_of_an_rfb_client),
        TEST(test_marks_without_a_recording), TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
