#include "config/exposure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/load.h"

static size_t warnings_of(const char *listeners, const char *routes)
{
    char path[] = "/tmp/wsluice-exposure-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag;
    diag_init(&diag);
    dprintf(fd, "listeners: %s\nroutes: %s\n", listeners, routes);
    close(fd);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    unlink(path);
    assert_non_null(config);
    size_t count = diag.count;
    config_release(config);
    diag_free(&diag);
    return count;
}

#define DESK   "{path: /vnc, target: \"tcp://h:1\"}"
#define STATUS "{name: ops, path: /status, status: true}"

static void warns_of_operators_pages_among_users(void **state)
{
    assert_int_equal(warnings_of("[\":443\"]", "[" DESK ", " STATUS "]"), 1);
    assert_int_equal(warnings_of("[\":443\"]", "[" DESK ", {path: /m, metrics: true}]"), 1);
    assert_int_equal(warnings_of("[\":443\"]", "[{path: /*, files: /srv}, " STATUS "]"), 1);
    assert_int_equal(
        warnings_of("[{address: \":443\", routes: [/vnc, ops]}]", "[" DESK ", " STATUS "]"), 1);
}

static void says_nothing_where_few_can_come(void **state)
{
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[" DESK ", " STATUS "]"), 0);
    assert_int_equal(warnings_of("[\"unix:/run/s\"]", "[" DESK ", " STATUS "]"), 0);
    assert_int_equal(
        warnings_of("[{address: \":443\", allow: [10.0.0.0/8]}]", "[" DESK ", " STATUS "]"), 0);
    assert_int_equal(warnings_of("[\":443\"]", "[" DESK ", {path: /status, status: true, "
                                               "allow: [10.0.0.0/8]}]"),
                     0);
    assert_int_equal(
        warnings_of("[\":443\", {address: \":9090\", routes: [ops]}]", "[" DESK ", " STATUS "]"),
        0);
}

#define HOST(host, pattern)                                                                        \
    warnings_of("[\":443\"]",                                                                      \
                "[{path: \"/d/{n}/{m}\", captures: {n: \"" pattern "\", m: \"[a-z]+\"}, "          \
                "target: \"tcp://" host ":1\"}]")

static void warns_of_hosts_that_clients_choose(void **state)
{
    assert_int_equal(HOST("{n}", "[a-z0-9-]{1,32}"), 1);
    assert_int_equal(HOST("{n}", ".*"), 1);
    assert_int_equal(HOST("{n}", "[0-9.]+"), 1);
    assert_int_equal(HOST("{n}.{m}", "[a-z0-9-]{1,32}"), 1);
    assert_int_equal(HOST("{n}.{m}.", "one|[a-z]"), 1);
    assert_int_equal(HOST("{n}.desks", "[a-z0-9-]{1,32}"), 0);
    assert_int_equal(HOST("desk{n}", "[a-z0-9-]{1,32}"), 0);
    assert_int_equal(HOST("10.0.0.{n}", "[0-9]{1,3}"), 0);
    assert_int_equal(HOST("{n}", "desk-[0-9]{1,4}"), 0);
    assert_int_equal(HOST("{n}", "localhost|127[.]0[.]0[.][12]"), 0);
    assert_int_equal(HOST("{m}.{n}", "lab|home"), 0);
    assert_int_equal(HOST("h", "[a-z0-9-]{1,32}"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warns_of_operators_pages_among_users),
        cmocka_unit_test(says_nothing_where_few_can_come),
        cmocka_unit_test(warns_of_hosts_that_clients_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
