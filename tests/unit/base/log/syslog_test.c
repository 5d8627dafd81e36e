/* Lines to a syslog server: their form, and a server that is slow, down or restarted. */
#include "base/log/syslog.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/log/log.h"
#include "lib/log_lab.h"

static char folder[] = "/tmp/wsluice-syslog-XXXXXX";
static char path[64];
static char received[4096];

static int set_up(void **unused)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/log", folder);
    return 0;
}

static int tear_down(void **unused)
{
    unlink(path);
    rmdir(folder);
    return 0;
}

static int serve(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(at);
    memcpy(address.sun_path, at, length);
    if (at[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (at[0] != '@'))),
        0);
    return fd;
}

static const char *take(int fd)
{
    ssize_t n = recv(fd, received, sizeof(received) - 1, MSG_DONTWAIT);
    received[n > 0 ? n : 0] = '\0';
    return received;
}

static void open_at(struct syslog *syslog, const char *address, enum syslog_form form)
{
    char error[256];
    const struct syslog_options options = {.address = address, .form = form};
    assert_true(syslog_open(syslog, &options, error, sizeof(error)));
}

static const struct syslog_entry entry = {
    .level = REASON_WARN,
    .stamp = "2024-05-06T07:08:09.010Z",
    .event = "session",
    .text = {"session a=b", 11},
};

static void test_rfc5424(void **unused)
{
    char expected[512], host[256];
    int server = serve(path);
    struct syslog syslog;
    open_at(&syslog, path, SYSLOG_RFC5424);
    gethostname(host, sizeof(host));
    assert_true(syslog_send(&syslog, &entry));
    snprintf(expected, sizeof(expected),
             "<28>1 2024-05-06T07:08:09.010Z %s wsluice %d session - session a=b", host, getpid());
    assert_string_equal(take(server), expected);
    syslog_close(&syslog);
    close(server);
}

static void test_legacy(void **unused)
{
    char expected[512], error[256];
    int server = serve("@wsluice-syslog-test");
    struct syslog syslog;
    const struct syslog_options options = {.address = "@wsluice-syslog-test",
                                           .form = SYSLOG_LEGACY,
                                           .facility = SYSLOG_USER,
                                           .ident = "websockify"};
    assert_true(syslog_open(&syslog, &options, error, sizeof(error)));
    assert_true(syslog_send(&syslog, &entry));
    snprintf(expected, sizeof(expected), "<12>websockify[%d]: session a=b", getpid());
    assert_string_equal(take(server), expected);
    syslog_close(&syslog);
    close(server);
}

static void test_priorities(void **unused)
{
    static const char *const expected[] = {[REASON_DEBUG] = "<31>1",
                                           [REASON_INFO] = "<30>1",
                                           [REASON_WARN] = "<28>1",
                                           [REASON_ERROR] = "<27>1"};
    int server = serve(path);
    struct syslog syslog;
    open_at(&syslog, path, SYSLOG_RFC5424);
    for (int level = REASON_DEBUG; level <= REASON_ERROR; level++) {
        struct syslog_entry other = entry;
        other.level = (enum reason_level)level;
        assert_true(syslog_send(&syslog, &other));
        assert_memory_equal(take(server), expected[level], 5);
    }
    syslog_close(&syslog);
    close(server);
}

static void test_unknown_words(void **unused)
{
    int server = serve(path);
    struct syslog syslog;
    char error[256];
    const struct syslog_options options = {.address = path, .ident = "two words"};
    struct syslog_entry prose = entry;
    prose.event = NULL;
    assert_true(syslog_open(&syslog, &options, error, sizeof(error)));
    assert_true(syslog_send(&syslog, &prose));
    assert_non_null(strstr(take(server), " - "));
    assert_non_null(strstr(received, " - - session a=b"));
    syslog_close(&syslog);
    close(server);
}

static void test_udp(void **unused)
{
    for (size_t i = 0; i < 2; i++) {
        char address[64];
        struct sockaddr_in6 any = {.sin6_family = AF_INET6};
        socklen_t length = sizeof(any);
        int server = socket(AF_INET6, SOCK_DGRAM, 0);
        if (server < 0)
            skip();
        assert_int_equal(bind(server, (struct sockaddr *)&any, sizeof(any)), 0);
        assert_int_equal(getsockname(server, (struct sockaddr *)&any, &length), 0);
        snprintf(address, sizeof(address), i ? "[::1]:%u" : "127.0.0.1:%u", ntohs(any.sin6_port));
        struct syslog syslog;
        open_at(&syslog, address, SYSLOG_RFC5424);
        assert_true(syslog_send(&syslog, &entry));
        assert_non_null(strstr(take(server), "session a=b"));

        /* The network reports a lost server one line late; a new one gets lines again. */
        close(server);
        (void)!syslog_send(&syslog, &entry);
        (void)!syslog_send(&syslog, &entry);
        server = socket(AF_INET6, SOCK_DGRAM, 0);
        assert_int_equal(bind(server, (struct sockaddr *)&any, sizeof(any)), 0);
        assert_true(syslog_send(&syslog, &entry));
        assert_non_null(strstr(take(server), "session a=b"));
        syslog_close(&syslog);
        close(server);
    }
}

static void test_a_restarted_server(void **unused)
{
    int server = serve(path);
    struct syslog syslog;
    open_at(&syslog, path, SYSLOG_RFC5424);
    close(server);
    assert_false(syslog_send(&syslog, &entry));
    unlink(path);
    assert_false(syslog_send(&syslog, &entry));
    server = serve(path);
    assert_true(syslog_send(&syslog, &entry));
    assert_non_null(strstr(take(server), "session a=b"));
    syslog_close(&syslog);
    close(server);
}

static void test_wrong_addresses(void **unused)
{
    char error[512], too_long[256];
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const wrong[] = {"/nowhere/at/all",           "localhost", "localhost:", ":514", "",
                                 "127.0.0.1:no_such_service", too_long};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        struct syslog syslog;
        const struct syslog_options options = {.address = wrong[i]};
        assert_false(syslog_open(&syslog, &options, error, sizeof(error)));
        assert_int_equal(syslog.fd, -1);
        assert_non_null(strstr(error, "cannot reach syslog at "));
    }
}

/* ---- as a target of the log ---- */

static void log_to_syslog(bool json)
{
    char error[256];
    const struct log_options options = {
        .lowest = REASON_INFO, .json = json, .target = LOG_SYSLOG, .syslog = {.address = path}};
    assert_true(log_open(&options, error, sizeof(error)));
}

static void test_the_log(void **unused)
{
    int server = serve(path);
    struct log_line line;
    log_to_syslog(false);
    log_begin(&line, REASON_INFO, "session");
    log_text(&line, "path", "/vnc");
    log_end(&line);
    assert_memory_equal(take(server), "<30>1 2", 7);
    assert_non_null(strstr(received, " session - session path=/vnc"));
    assert_string_equal(strrchr(received, '='), "=/vnc");
    log_message(REASON_ERROR, "prose");
    assert_memory_equal(take(server), "<27>1 2", 7);
    assert_non_null(strstr(received, " - - prose"));

    log_to_syslog(true);
    log_message(REASON_ERROR, "prose");
    assert_non_null(strstr(take(server), " - - {\"time\":\"2"));
    assert_non_null(strstr(received, "\"level\":\"error\",\"message\":\"prose\"}"));
    log_lab_restore();
    close(server);
}

static void test_a_server_that_does_not_read(void **unused)
{
    int server = serve(path);
    unsigned taken = 0, sent = 5000;
    uint64_t dropped = 0;
    log_to_syslog(false);
    for (unsigned i = 0; i < sent; i++)
        log_message(REASON_INFO, "line");
    for (; *take(server); taken++)
        ;
    assert_true(taken < sent);
    log_message(REASON_INFO, "after");
    const char *lines = strstr(take(server), "log_dropped lines=");
    assert_non_null(lines);
    dropped = strtoull(lines + strlen("log_dropped lines="), NULL, 10);
    assert_int_equal(taken + dropped, sent);
    assert_non_null(strstr(take(server), "after"));
    log_lab_restore();
    close(server);
}

/* Each output drops its own lines: with a server that does not read, the file gets all. */
static void test_beside_a_file(void **unused)
{
    int server = serve(path);
    char file[sizeof(path) + 8], error[256], text[64] = "";
    snprintf(file, sizeof(file), "%s.txt", path);
    const struct log_options options = {
        .lowest = REASON_INFO, .target = LOG_FILE, .file = file, .syslog = {.address = path}};
    assert_true(log_open(&options, error, sizeof(error)));
    log_message(REASON_INFO, "both");
    assert_non_null(strstr(take(server), "both"));
    log_reopen();
    log_message(REASON_INFO, "again");
    assert_non_null(strstr(take(server), "again"));

    for (unsigned i = 0; i < 5000; i++)
        log_message(REASON_INFO, "line");
    log_lab_restore();
    FILE *stream = fopen(file, "r");
    unsigned lines = 0;
    assert_non_null(stream);
    while (fgets(text, sizeof(text), stream))
        lines++;
    fclose(stream);
    assert_int_equal(lines, 5002);
    unlink(file);
    close(server);
}

static void test_beside_a_file_that_cannot_be_opened(void **unused)
{
    int server = serve(path);
    char error[256];
    const struct log_options options = {
        .target = LOG_FILE, .file = "/no/such/folder/log", .syslog = {.address = path}};
    assert_false(log_open(&options, error, sizeof(error)));
    log_message(REASON_DEBUG, "nowhere");
    assert_string_equal(take(server), "");
    close(server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_rfc5424),
        TEST(test_legacy),
        TEST(test_priorities),
        TEST(test_unknown_words),
        TEST(test_udp),
        TEST(test_a_restarted_server),
        TEST(test_wrong_addresses),
        TEST(test_the_log),
        TEST(test_a_server_that_does_not_read),
        TEST(test_beside_a_file),
        TEST(test_beside_a_file_that_cannot_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
