/* A recording and its file: its content, back-pressure by a slow disk, errors. */
#include "serve/tap/recorder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/work_lab.h"

static char folder[] = "/tmp/wsluice-recorder-XXXXXX";
static char path[sizeof(folder) + 8], content[1 << 20];
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

static const char *numbered(unsigned number)
{
    static char name[sizeof(path) + 16];
    snprintf(name, sizeof(name), "%s.%u", path, number);
    return name;
}

static int tear_down(void **unused)
{
    for (unsigned number = 1; number < 10; number++)
        unlink(numbered(number));
    rmdir(folder);
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    return 0;
}

static struct recorder *start(uint64_t number)
{
    const struct recorder_request request = {
        .lane = &lab.lane,
        .path = path,
        .number = number,
        .skip = &skip,
        .resume = resume_cb,
        .owner = &resumed,
        .closed = closed_cb,
        .closed_owner = &closed,
    };
    return recorder_start(&request);
}

static void settle(void)
{
    (void)uv_run(&loop, UV_RUN_DEFAULT);
}

static const char *read_file(unsigned number)
{
    int fd = open(numbered(number), O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, content, sizeof(content) - 1);
    if (fd >= 0)
        close(fd);
    content[n > 0 ? n : 0] = '\0';
    return content;
}

static void test_a_recording(void **unused)
{
    struct recorder *recorder = start(1);
    uint64_t now = uv_now(&loop);
    recorder_take(recorder, false, SLICE("RFB\n"), now + 12);
    settle();
    recorder_take(recorder, true, SLICE("it's"), now + 15);
    recorder_finish(recorder);
    assert_int_equal(closed, 0);
    settle();
    assert_int_equal(closed, 1);
    assert_string_equal(read_file(1), "var VNC_frame_data = [\n"
                                      "'{12{RFB\\n',\n"
                                      "'}15}it\\'s',\n"
                                      "'EOF'];\n");
}

static void test_nothing_to_record(void **unused)
{
    recorder_finish(start(1));
    settle();
    assert_int_equal(closed, 1);
    assert_string_equal(read_file(1), "var VNC_frame_data = [\n'EOF'];\n");
}

/* Batches are queued only when the loop runs: until then all bytes stay in the recorder. */
static void test_full(void **unused)
{
    static const char zeros[RECORDER_FULL / 8];
    struct recorder *recorder = start(1);
    assert_false(recorder_is_full(recorder));
    recorder_take(recorder, false, (struct slice){zeros, sizeof(zeros)}, uv_now(&loop));
    recorder_take(recorder, false, (struct slice){zeros, sizeof(zeros)}, uv_now(&loop));
    assert_true(recorder_is_full(recorder));
    assert_int_equal(resumed, 0);
    settle();
    assert_int_equal(resumed, 1);
    assert_false(recorder_is_full(recorder));
    recorder_finish(recorder);
    settle();
    assert_int_equal(closed, 1);
}

/* After recorder_finish, `resume` is not called. */
static void test_full_at_the_end(void **unused)
{
    static const char zeros[RECORDER_FULL / 4];
    struct recorder *recorder = start(1);
    recorder_take(recorder, false, (struct slice){zeros, sizeof(zeros)}, uv_now(&loop));
    recorder_finish(recorder);
    settle();
    assert_int_equal(resumed, 0);
    assert_int_equal(closed, 1);
}

static void test_numbers_that_are_taken(void **unused)
{
    close(open(numbered(1), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink("nowhere", numbered(2)), 0);
    recorder_finish(start(1));
    settle();
    assert_int_equal(skip, 2);
    recorder_finish(start(2));
    settle();
    assert_string_equal(read_file(1), "");
    assert_non_null(strstr(read_file(3), "EOF"));
    assert_non_null(strstr(read_file(4), "EOF"));
}

static void test_no_folder(void **unused)
{
    snprintf(path, sizeof(path), "%s/x/y", folder);
    struct recorder *recorder = start(1);
    settle();
    recorder_take(recorder, true, SLICE("dropped"), uv_now(&loop));
    assert_false(recorder_is_full(recorder));
    recorder_finish(recorder);
    assert_int_equal(closed, 1);
    settle();
}

/* Each allocation fails in turn: `closed` is called once, and no memory is lost. */
static void test_no_memory(void **unused)
{
    bool failed = true;
    for (unsigned call = 1; failed; call++) {
        closed = 0;
        skip = call;
        failing_alloc_arm(call);
        struct recorder *recorder = start(0);
        if (recorder) {
            recorder_take(recorder, true, SLICE("one"), uv_now(&loop));
            settle();
            recorder_take(recorder, true, SLICE("two"), uv_now(&loop));
            recorder_finish(recorder);
        }
        settle();
        failed = failing_alloc_disarm();
        assert_int_equal(closed, recorder != NULL);
        unlink(numbered(call));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_recording),     TEST(test_nothing_to_record),      TEST(test_full),
        TEST(test_full_at_the_end), TEST(test_numbers_that_are_taken), TEST(test_no_folder),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
