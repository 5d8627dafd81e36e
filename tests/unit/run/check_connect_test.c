#include "run/check_connect.h"

#include <fcntl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/loopback.h"
#include "lib/pki.h"
#include "lib/tls_server.h"

enum { ACCEPTS, REFUSES, TRUSTED, UNTRUSTED, VARIES, TARGETS };

static struct {
    struct pki pki;
    struct pki_path ca, leaf, listener;
    struct loopback sockets[TARGETS];
    struct tls_server servers[TARGETS];
    struct config config;
    struct config_listener listener_config;
    struct config_certificate certificate;
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
    pki_write_leaf(&world.pki, "listener.pem", "gate", "DNS:gate.test");
    world.ca = pki_path(&world.pki, "ca.pem");
    world.leaf = pki_path(&world.pki, "leaf.pem");
    world.listener = pki_path(&world.pki, "listener.pem");
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

/* `config` must live as config_retain wants it: with a count. */
static bool survey(size_t first, size_t count, char *text, size_t size)
{
    struct config *config = config_new();
    assert_non_null(config);
    world.route.targets = &world.targets[first];
    world.route.target_count = count;
    config->routes = &world.route;
    config->route_count = 1;
    config->listeners = world.config.listeners;
    config->listener_count = world.config.listener_count;
    memset(text, 0, size);
    FILE *out = fmemopen(text, size, "w");
    bool good = check_connect_run(config, out);
    fclose(out);
    config_release(config);
    return good;
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
    expect_line(text, REFUSES, "failed: ");
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
    world.targets[UNTRUSTED].ca = world.listener.text;
    assert_true(survey(TRUSTED, 1, text, sizeof(text)));
    expect_line(text, TRUSTED, "connected in ");
    assert_non_null(strstr(text, ", TLSv1.3; certificate of the desk, 0 days left, verified\n"));
    assert_false(survey(UNTRUSTED, 1, text, sizeof(text)));
    expect_line(text, UNTRUSTED, "failed: ");
    assert_non_null(strstr(text, "unable to get"));
    assert_non_null(strstr(text, "; certificate of the desk, 0 days left\n"));
    world.targets[UNTRUSTED].insecure = true;
    assert_true(survey(UNTRUSTED, 1, text, sizeof(text)));
    assert_non_null(strstr(text, ", not verified\n"));
}

static void test_listeners(void **unused)
{
    char text[4096];
    loopback_listen(&world.sockets[ACCEPTS]);
    world.certificate.certificate = world.listener.text;
    world.listener_config.tls = (struct config_tls){.mode = CONFIG_TLS_REQUIRED,
                                                    .certificates = &world.certificate,
                                                    .certificate_count = 1,
                                                    .min_version = CONFIG_TLS_1_2};
    world.config.listeners = &world.listener_config;
    world.config.listener_count = 1;
    assert_true(survey(ACCEPTS, 1, text, sizeof(text))); /* an hour is worth a warning */
    assert_non_null(strstr(text, "listener.pem (gate.test): 0 days left\n"));
    assert_non_null(strstr(text, "renew it\n"));
    world.certificate.certificate = "/nowhere/x.pem";
    assert_false(survey(ACCEPTS, 1, text, sizeof(text)));
    assert_non_null(strstr(text, "/nowhere/x.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_listeners, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
