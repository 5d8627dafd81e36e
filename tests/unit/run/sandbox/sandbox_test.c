/* A whole sandbox, each in a child of its own. Skipped where the kernel has no Landlock. */
#include "run/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/in_child.h"

static char root[] = "/tmp/wsluice-sandbox-XXXXXX";

static int set_up(void **state)
{
    return mkdtemp(root) && chdir(root) == 0 && mkdir("in", 0700) == 0 && mkdir("out", 0700) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    return rmdir("in") == 0 && rmdir("out") == 0 && chdir("/") == 0 ? rmdir(root) : -1;
}

/* One with a token file in that folder, and a target with that port; for the caller to release. */
static struct config *config_with(enum config_sandbox mode, const char *folder, uint16_t port)
{
    struct config *config = config_new();
    config->sandbox = mode;
    config->file = "gateway.yaml";
    config->routes = config_alloc(config, 2 * sizeof(struct config_route));
    config->route_count = 2;
    config->routes[0].targets = config_alloc(config, sizeof(struct config_target));
    config->routes[0].target_count = 1;
    config->routes[0].targets[0].address = (struct config_address){.host = "h", .port = port};
    char *path = config_alloc(config, 200);
    snprintf(path, 200, "%s/%s/ca.pem", root, folder);
    config->routes[0].targets[0].ca = path;
    return config;
}

static void skip_unless_possible(void)
{
    char error[300];
    struct sandbox sandbox;
    struct config *config = config_with(CONFIG_SANDBOX_REQUIRE, "in", 1);
    bool possible = sandbox_prepare(&sandbox, config, NULL, error, sizeof(error));
    bool ports = sandbox.verdict.connect;
    sandbox_free(&sandbox);
    config_release(config);
    if (possible && ports)
        return;
    print_message("skipped: %s\n", possible ? "the kernel cannot limit ports" : error);
    skip();
}

static void admits(const struct sandbox *sandbox, struct config *config, const char *expected)
{
    struct diag diag;
    char line[512] = "";
    diag_init(&diag);
    bool admitted = sandbox_admit(sandbox, config, &diag);
    if (diag.count > 0)
        (void)diag_format(&diag.findings[0], line, sizeof(line));
    if (admitted != !expected || (expected && !strstr(line, expected))) {
        fprintf(stderr, "admitted %d, '%s' instead of '%s'\n", admitted, line, expected);
        _exit(1);
    }
    in_child_expect(!expected || strstr(line, "run wsluice upgrade"));
    diag_free(&diag);
    config_release(config);
}

static void live_in_it(void *unused)
{
    char error[300] = "";
    struct sandbox sandbox;
    struct config *config = config_with(CONFIG_SANDBOX_REQUIRE, "in", 5900);
    in_child_expect(sandbox_prepare(&sandbox, config, NULL, error, sizeof(error)));
    in_child_expect(sandbox_is_on(&sandbox));
    in_child_expect(sandbox_enter(&sandbox, error, sizeof(error)));
    in_child_expect(open("out", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES);
    in_child_expect(open("in", O_RDONLY | O_CLOEXEC) >= 0);
    admits(&sandbox, config_with(CONFIG_SANDBOX_REQUIRE, "in", 5900), NULL);
    admits(&sandbox, config_with(CONFIG_SANDBOX_REQUIRE, "in", 53), NULL);
    admits(&sandbox, config_with(CONFIG_SANDBOX_REQUIRE, "out", 5900),
           "out is outside of this process's sandbox");
    admits(&sandbox, config_with(CONFIG_SANDBOX_REQUIRE, "in", 22),
           "routes: TCP port 22 is outside of this process's sandbox");
    struct config *wider = config_with(CONFIG_SANDBOX_REQUIRE, "in", 5900);
    wider->routes[1].tokens.file = wider->routes[0].targets[0].ca;
    admits(&sandbox, wider, "targets with any TCP port are outside");
    wider = config_with(CONFIG_SANDBOX_REQUIRE, "in", 5900);
    wider->routes[0].targets[0].address =
        (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = "@desk"};
    admits(&sandbox, wider, sandbox.verdict.abstract ? "abstract names are outside" : NULL);
    sandbox_free(&sandbox);
    config_release(config);
}

static void a_sandbox_admits_what_it_has(void **state)
{
    skip_unless_possible();
    in_child(live_in_it, NULL);
}

static void off_admits_all(void **state)
{
    char error[300] = "";
    struct diag diag;
    struct sandbox sandbox;
    struct config *config = config_with(CONFIG_SANDBOX_OFF, "in", 1),
                  *other = config_with(CONFIG_SANDBOX_REQUIRE, "out", 2);
    diag_init(&diag);
    assert_true(sandbox_prepare(&sandbox, config, NULL, error, sizeof(error)));
    assert_false(sandbox_is_on(&sandbox));
    assert_true(sandbox_enter(&sandbox, error, sizeof(error)));
    assert_true(sandbox_admit(&sandbox, other, &diag));
    diag_free(&diag);
    sandbox_free(&sandbox);
    config_release(config);
    config_release(other);
}

static void a_process_for_which_it_is_impossible(void **state)
{
    char error[300] = "", line[300];
    struct sandbox sandbox;
    struct config *config = config_with(CONFIG_SANDBOX_REQUIRE, "in", 1);
    assert_false(sandbox_prepare(&sandbox, config, "this is a demo", error, sizeof(error)));
    assert_non_null(strstr(error, "sandbox: require, but this"));
    sandbox_free(&sandbox);
    config->sandbox = CONFIG_SANDBOX_AUTO;
    assert_true(sandbox_prepare(&sandbox, config, "this is a demo", error, sizeof(error)));
    assert_false(sandbox_is_on(&sandbox));
    sandbox_describe(&sandbox, line, sizeof(line));
    assert_int_equal(strncmp(line, "sandbox: this", 13), 0);
    sandbox_free(&sandbox);
    config_release(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_admits_all),
        cmocka_unit_test(a_process_for_which_it_is_impossible),
        cmocka_unit_test(a_sandbox_admits_what_it_has),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
