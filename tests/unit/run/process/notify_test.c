/* The datagrams that systemd receives. */
#include "run/process/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char received[256];

static int listen_as(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    return fd;
}

static const char *receive(int fd)
{
    ssize_t length = recv(fd, received, sizeof(received) - 1, 0);
    received[length > 0 ? length : 0] = '\0';
    return received;
}

static void set(const char *path, const char *interval, const char *pid)
{
    const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    const char *const values[] = {path, interval, pid};
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        if (values[i])
            setenv(names[i], values[i], 1);
        else
            unsetenv(names[i]);
}

static void test_messages(void **unused)
{
    static const char *const names[] = {"@wsluice-notify-test", "/tmp/wsluice-notify-test"};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        struct notify notify;
        struct timespec now;
        (void)unlink(names[i]);
        int fd = listen_as(names[i]);
        set(names[i], NULL, NULL);
        notify_open(&notify);
        assert_int_equal(notify.watchdog_ms, 0);
        notify_send(&notify, "READY=1\nSTATUS=serving");
        assert_string_equal(receive(fd), "READY=1\nSTATUS=serving");
        notify_main_pid(&notify, 4711);
        assert_string_equal(receive(fd), "MAINPID=4711");
        notify_stopping(&notify, 120000);
        assert_string_equal(receive(fd),
                            "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=125000000");
        notify_reloading(&notify);
        clock_gettime(CLOCK_MONOTONIC, &now);
        static const char begin[] = "RELOADING=1\nMONOTONIC_USEC=";
        assert_memory_equal(receive(fd), begin, sizeof(begin) - 1);
        unsigned long long at = strtoull(received + sizeof(begin) - 1, NULL, 10);
        assert_in_range((unsigned long long)now.tv_sec * 1000000 + 1000000 - at, 0, 3000000);
        notify_close(&notify);
        notify_send(&notify, "STOPPING=1");
        assert_string_equal(receive(fd), "");
        close(fd);
        (void)unlink(names[i]);
    }
}

static void test_without_a_usable_socket(void **unused)
{
    char too_long[200] = "/";
    memset(too_long + 1, 'x', sizeof(too_long) - 2);
    const char *const paths[] = {NULL, "", "relative", "vsock:1:2", too_long, "/nonexistent/x",
                                 "/",  "@"};
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        struct notify notify;
        set(paths[i], NULL, NULL);
        notify_open(&notify);
        notify_send(&notify, "READY=1");
        notify_close(&notify);
    }
}

static void test_watchdog(void **unused)
{
    char own[16], other[16];
    snprintf(own, sizeof(own), "%ld", (long)getpid());
    snprintf(other, sizeof(other), "%ld", (long)getppid());
    const struct {
        const char *interval, *pid;
        uint64_t milliseconds;
    } rows[] = {
        {NULL, NULL, 0},          {"30000000", NULL, 15000},
        {"30000000", own, 15000}, {"30000000", other, 0},
        {"0", NULL, 0},           {"nonsense", NULL, 0},
        {"1999", NULL, 0},        {"2000", NULL, 1},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct notify notify;
        set("@wsluice-notify-test", rows[i].interval, rows[i].pid);
        notify_open(&notify);
        assert_int_equal(notify.watchdog_ms, rows[i].milliseconds);
        notify_close(&notify);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_without_a_usable_socket),
        cmocka_unit_test(test_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
