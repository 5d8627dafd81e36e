#include "run/command/rebind.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebind/shim.h"

static char error[512];

/* The value of a variable; NULL: it is not there. */
static const char *value(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; environment[i]; i++)
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=')
            return environment[i] + length + 1;
    return NULL;
}

static int try_bind(uint16_t port, bool reuse)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    if (reuse)
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    int result = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    close(fd);
    return result;
}

static void test_a_reserved_port_is_for_the_command_alone(void **unused)
{
    struct rebind rebind = {.fd = -1};
    assert_true(rebind_reserve(&rebind));
    assert_int_not_equal(rebind.to, 0);
    uint16_t port = rebind.to;
    assert_int_not_equal(try_bind(port, false), 0);
    assert_int_equal(try_bind(port, true), 0);
    rebind_release(&rebind);
    assert_int_equal(rebind.to, 0);
    assert_int_equal(try_bind(port, false), 0);
}

static void test_variables_for_this_process_alone_are_not_passed_on(void **unused)
{
    static const char *const private_ones[] = {
        "NOTIFY_SOCKET",  "WATCHDOG_PID", "WATCHDOG_USEC",    "LISTEN_FDS", "LISTEN_PID",
        "LISTEN_FDNAMES", "WSLUICE_FDS",  "WSLUICE_READY_FD", SHIM_FROM,    SHIM_TO,
    };
    const struct rebind none = {.fd = -1};
    for (size_t i = 0; i < WSL_COUNT(private_ones); i++)
        setenv(private_ones[i], "1", 1);
    setenv("LISTEN_FDS_OTHER", "kept", 1);
    setenv("LD_PRELOAD", "kept.so", 1);
    char **environment = rebind_environment(&none, error, sizeof(error));
    assert_non_null(environment);
    for (size_t i = 0; i < WSL_COUNT(private_ones); i++) {
        assert_null(value(environment, private_ones[i]));
        unsetenv(private_ones[i]);
    }
    assert_string_equal(value(environment, "LISTEN_FDS_OTHER"), "kept");
    assert_string_equal(value(environment, "LD_PRELOAD"), "kept.so");
    assert_null(value(environment, "WSLUICE_COMMAND_PORT"));
    rebind_free_environment(environment);
    unsetenv("LD_PRELOAD");
}

static void test_the_shim_comes_before_other_libraries(void **unused)
{
    const struct rebind rebind = {.fd = -1, .from = 80, .to = 40000};
    setenv("WSLUICE_REBIND", "/dev/null", 1);
    for (int others = 0; others < 2; others++) {
        setenv("LD_PRELOAD", others ? "other.so" : "", 1);
        char **environment = rebind_environment(&rebind, error, sizeof(error));
        assert_non_null(environment);
        assert_string_equal(value(environment, "LD_PRELOAD"),
                            others ? "/dev/null:other.so" : "/dev/null");
        assert_string_equal(value(environment, SHIM_FROM), "80");
        assert_string_equal(value(environment, SHIM_TO), "40000");
        assert_string_equal(value(environment, "WSLUICE_COMMAND_PORT"), "40000");
        rebind_free_environment(environment);
    }
    unsetenv("LD_PRELOAD");
    unsetenv("WSLUICE_REBIND");
}

static void test_a_shim_that_cannot_be_loaded(void **unused)
{
    const struct rebind rebind = {.fd = -1, .from = 80, .to = 40000};
    setenv("WSLUICE_REBIND", "/nosuchfolder/shim.so", 1);
    assert_null(rebind_environment(&rebind, error, sizeof(error)));
    assert_non_null(strstr(error, "cannot be found"));

    char file[] = "/tmp/wsluice shim XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    setenv("WSLUICE_REBIND", file, 1);
    assert_null(rebind_environment(&rebind, error, sizeof(error)));
    assert_non_null(strstr(error, "a space or colon"));
    unlink(file);
    unsetenv("WSLUICE_REBIND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reserved_port_is_for_the_command_alone),
        cmocka_unit_test(test_variables_for_this_process_alone_are_not_passed_on),
        cmocka_unit_test(test_the_shim_comes_before_other_libraries),
        cmocka_unit_test(test_a_shim_that_cannot_be_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
