/* The queue and the thread, with hooks of the test; log_test has the whole log. */
#include "base/log/log_writer.h"

#include <fcntl.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static char folder[] = "/tmp/wsluice-writer-XXXXXX";
static char path[64], none[64];

static struct {
    atomic_uint formats, refusals, reopen_errors;
    struct log_format format;
} seen;

static sem_t rests, may_go_on;
static atomic_bool holds_rests;

/* The writer's thread alone calls it. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    if (holds_rests) {
        sem_post(&rests);
        sem_wait(&may_go_on);
    }
    return 0;
}

static void report(uint64_t lines, struct log_entry *entry, char text[static LOG_LINE_MAX])
{
    int length = snprintf(text, LOG_LINE_MAX, "lost %llu\n", (unsigned long long)lines);
    entry->text = (struct slice){text, (size_t)length};
}

static void use_format(struct log_format format)
{
    seen.format = format;
    seen.formats++;
}

static void reopened(int error)
{
    seen.reopen_errors++;
}

static void refused(const char *error)
{
    assert_non_null(strstr(error, "cannot write the log file "));
    seen.refusals++;
}

static const struct log_writer_hooks hooks = {report, use_format, reopened, refused};
static const struct log_writer fresh = LOG_WRITER_INIT(&hooks);
static struct log_writer writer;

static int set_up(void **unused)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.log", folder);
    snprintf(none, sizeof(none), "%s/none/a.log", folder);
    memset(&seen, 0, sizeof(seen));
    memcpy(&writer, &fresh, sizeof(writer));
    return 0;
}

static int tear_down(void **unused)
{
    failing_alloc_arm(0);
    log_writer_stop(&writer, 1000);
    if (writer.output.owned)
        close(writer.output.fd);
    unlink(path);
    rmdir(folder);
    return 0;
}

static bool open_file(const char *file, bool json)
{
    char error[256];
    const struct log_options options = {
        .lowest = REASON_WARN, .json = json, .target = LOG_FILE, .file = file};
    return log_writer_open(&writer, &options, error, sizeof(error));
}

static void put(const char *text)
{
    const struct log_entry entry = {.text = slice_of(text)};
    log_writer_put(&writer, &entry);
}

static void expect_file(const char *expected)
{
    char text[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void test_before_and_after_the_thread(void **unused)
{
    assert_true(open_file(path, false));
    put("before\n");
    expect_file("before\n");
    assert_true(log_writer_start(&writer));
    put("with\n");
    assert_true(log_writer_flush(&writer, 1000));
    expect_file("before\nwith\n");
    log_writer_stop(&writer, 1000);
    put("after\n");
    expect_file("before\nwith\nafter\n");
}

static void test_format_changes_with_the_output(void **unused)
{
    assert_true(open_file(path, true));
    assert_true(seen.format.json && seen.format.lowest == REASON_WARN);
    assert_false(open_file(none, false)); /* without a thread it fails at once */
    assert_int_equal(seen.formats, 1);
    assert_int_equal(seen.refusals, 0);

    assert_true(log_writer_start(&writer));
    assert_true(open_file(none, false));
    assert_true(log_writer_flush(&writer, 1000));
    assert_int_equal(seen.refusals, 1);
    assert_int_equal(seen.formats, 3); /* set, and set back */
    assert_true(seen.format.json);
    assert_int_equal(writer.opens, 0);
}

static void test_without_memory_an_open_fails_at_once(void **unused)
{
    assert_true(open_file(path, false));
    assert_true(log_writer_start(&writer));
    failing_alloc_arm(1);
    assert_false(open_file(path, true));
    assert_true(failing_alloc_disarm());
    assert_false(seen.format.json);
    assert_int_equal(writer.opens, 0);
}

static void test_reports_a_failed_reopen(void **unused)
{
    assert_true(open_file(path, false));
    assert_true(log_writer_start(&writer));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    log_writer_reopen(&writer);
    assert_true(log_writer_flush(&writer, 1000));
    assert_int_equal(seen.reopen_errors, 1);
    rmdir(path);
}

/* Lines without room in the queue are counted; the count comes before the next line. */
static void test_queue_limit(void **unused)
{
    static char line[LOG_LINE_MAX], buffer[1 << 16];
    int ends[2];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 2] = '\n';
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    writer.output.fd = ends[1];
    assert_true(log_writer_start(&writer));
    for (size_t i = 0; i < 3 * LOG_QUEUE_MAX / sizeof(line); i++)
        put(line);
    while (writer.lost == 0) /* the thread has taken what was there just before the end */
        put(line);
    assert_true(writer.filling.used <= LOG_QUEUE_MAX);
    uint64_t lost = writer.lost;

    char expected[32], *found = NULL;
    snprintf(expected, sizeof(expected), "lost %llu\n", (unsigned long long)lost);
    while (!log_writer_flush(&writer, 1))
        (void)!read(ends[0], buffer, sizeof(buffer));
    while (read(ends[0], buffer, sizeof(buffer)) > 0)
        ;
    put("last\n");
    assert_true(log_writer_flush(&writer, 1000));
    ssize_t n = read(ends[0], buffer, sizeof(buffer) - 1);
    assert_true(n > 0);
    buffer[n] = '\0';
    found = strstr(buffer, expected);
    assert_non_null(found);
    assert_string_equal(found + strlen(expected), "last\n");
    log_writer_stop(&writer, 1000);
    close(ends[0]);
    close(ends[1]);
}

/* A packet is what one call wrote. */
static void test_lines_that_follow_share_a_call(void **unused)
{
    char packet[256];
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    sem_init(&rests, 0, 0);
    sem_init(&may_go_on, 0, 0);
    writer.output.fd = ends[1];
    holds_rests = true;
    assert_true(log_writer_start(&writer));
    put("first\n");
    sem_wait(&rests);
    assert_true(log_writer_flush(&writer, 1000));
    put("a\n");
    put("b\n");
    put("c\n");
    holds_rests = false;
    sem_post(&may_go_on);
    assert_true(log_writer_flush(&writer, 1000));
    assert_int_equal(recv(ends[0], packet, sizeof(packet), MSG_DONTWAIT), 6);
    assert_int_equal(recv(ends[0], packet, sizeof(packet), MSG_DONTWAIT), 6);
    assert_memory_equal(packet, "a\nb\nc\n", 6);
    assert_int_equal(recv(ends[0], packet, sizeof(packet), MSG_DONTWAIT), -1);
    log_writer_stop(&writer, 1000);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_before_and_after_the_thread),
        TEST(test_format_changes_with_the_output),
        TEST(test_without_memory_an_open_fails_at_once),
        TEST(test_reports_a_failed_reopen),
        TEST(test_queue_limit),
        TEST(test_lines_that_follow_share_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
