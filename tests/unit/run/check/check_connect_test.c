#include "run/check/check_connect.h"

#include <fcntl.h>

#include "lib/check_lab.h"
#include "lib/loopback.h"
#include "lib/pki.h"
#include "lib/tls_server.h"
#include "run/check/check_tls.h"
#include "serve/target/target_pool.h"

enum { ACCEPTS, REFUSES, TRUSTED, UNTRUSTED, VARIES, TARGETS };

static struct {
    struct pki pki;
    struct pki_path ca, leaf, other;
    struct loopback sockets[TARGETS];
    struct tls_server servers[TARGETS];
    struct config config;
    struct config_route route;
    struct config_target targets[TARGETS];
    struct config_capture capture;
} world;

static void start_tls(int index)
{
    struct loopback *target = &world.sockets[index];
    int flags = fcntl(target->fd, F_GETFL);
    fcntl(target->fd, F_SETFL, flags & ~O_NONBLOCK);
    loopback_listen(target);
    tls_server_start(&world.servers[index], target->fd, world.leaf.text, "SSH-2.0-x\r\n");
    world.targets[index].tls = true;
    world.targets[index].server_name = "desk.test";
}

static int set_up(void **unused)
{
    memset(&world, 0, sizeof(world));
    pki_create(&world.pki);
    pki_write_leaf(&world.pki, "leaf.pem", "the desk", "DNS:desk.test");
    pki_write_leaf(&world.pki, "other.pem", "gate", "DNS:gate.test");
    world.ca = pki_path(&world.pki, "ca.pem");
    world.leaf = pki_path(&world.pki, "leaf.pem");
    world.other = pki_path(&world.pki, "other.pem");
    for (int i = 0; i < TARGETS; i++) {
        world.sockets[i] = loopback_open();
        world.targets[i].address = (struct config_address){
            .kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = world.sockets[i].port};
    }
    world.capture = (struct config_capture){"name", "[a-z]+"};
    world.route = (struct config_route){.targets = world.targets,
                                        .captures = &world.capture,
                                        .capture_count = 1,
                                        .connect_timeout_ms = 1000};
    world.config = (struct config){.routes = &world.route, .route_count = 1};
    world.targets[VARIES].address.host = "{name}.desks";
    return 0;
}

static int tear_down(void **unused)
{
    for (int i = 0; i < TARGETS; i++) {
        if (world.servers[i].ctx)
            tls_server_stop(&world.servers[i]);
        loopback_close(&world.sockets[i]);
    }
    pki_remove(&world.pki);
    return 0;
}

/* Whether all answered; the text has both, what is good and what is not. */
static bool survey(size_t first, size_t count, char *text, size_t size)
{
    char error[256];
    world.route.targets = &world.targets[first];
    world.route.target_count = count;
    struct target_pool *pool = target_pool_create(&world.config, NULL, NULL, error, sizeof(error));
    struct check *check = check_lab_open(&world.config);
    struct tls_store *store = check_tls_begin(check, pool);
    assert_true(pool && store);
    check_connect_run(check, pool);
    check_lab_close();
    target_pool_free(pool);
    check_tls_end(store);
    snprintf(text, size, "%s%s", lab.out, lab.findings);
    return lab.findings[0] == '\0';
}

static void expect_line(const char *text, int target, const char *rest)
{
    char where[160];
    const struct config_address *address = &world.targets[target].address;
    snprintf(where, sizeof(where), "target %s:%u: %s", address->host, address->port, rest);
    if (!strstr(text, where))
        fail_msg("expected \"%s\" in:\n%s", where, text);
}

static void test_plain(void **unused)
{
    char text[4096];
    loopback_listen(&world.sockets[ACCEPTS]);
    assert_true(survey(ACCEPTS, 1, text, sizeof(text)));
    expect_line(text, ACCEPTS, "connected in ");
    assert_false(survey(ACCEPTS, 2, text, sizeof(text)));
    expect_line(text, REFUSES, "");
    assert_non_null(strstr(text, "; start the target, or correct its port\n"));
    assert_true(survey(VARIES, 1, text, sizeof(text)));
    expect_line(text, VARIES, "depends on the request; not tried\n");
}

static void test_tls(void **unused)
{
    char text[4096];
    start_tls(TRUSTED);
    start_tls(UNTRUSTED);
    world.targets[TRUSTED].ca = world.ca.text;
    world.targets[TRUSTED].probe = CONFIG_PROBE_BANNER;
    world.targets[TRUSTED].banner = "SSH-2.0";
    world.targets[UNTRUSTED].ca = world.other.text;
    assert_true(survey(TRUSTED, 1, text, sizeof(text)));
    expect_line(text, TRUSTED, "connected in ");
    assert_non_null(strstr(text, ", TLSv1.3; certificate of the desk, 0 days left, verified\n"));
    assert_false(survey(UNTRUSTED, 1, text, sizeof(text)));
    expect_line(text, UNTRUSTED, "");
    assert_non_null(strstr(text, "unable to get"));
    assert_non_null(strstr(text, "; certificate of the desk, 0 days left; set ca, server_name"));
    world.targets[UNTRUSTED].insecure = true;
    assert_true(survey(UNTRUSTED, 1, text, sizeof(text)));
    assert_non_null(strstr(text, ", not verified\n"));
}

/* A target whose CA cannot be read is a finding once, and hides no other. */
static void test_goes_on_after_a_finding(void **unused)
{
    char text[4096];
    loopback_listen(&world.sockets[ACCEPTS]);
    world.targets[REFUSES].tls = true;
    world.targets[REFUSES].ca = "/nowhere/ca.pem";
    assert_false(survey(ACCEPTS, 2, text, sizeof(text)));
    assert_int_equal(check_lab_count(), 1);
    expect_line(text, ACCEPTS, "connected in ");
    check_lab_finds("CA file '/nowhere/ca.pem'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_goes_on_after_a_finding, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
