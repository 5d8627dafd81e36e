#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/options/snapshot.h"
#include "lib/failing_alloc.h"

/* Files without errors; those with errors are in tests/config/wrong. */

static int enter(void **state)
{
    char directory[] = "/tmp/wsluice-load-XXXXXX";
    if (!mkdtemp(directory) || chdir(directory) < 0 || mkdir("conf.d", 0700) < 0)
        return -1;
    *state = strdup(directory);
    return 0;
}

static int leave(void **state)
{
    char command[100];
    snprintf(command, sizeof(command), "%s", (char *)*state);
    const char *files[] = {"a.yaml",        "b.yaml",        "secret",        "big.yaml",
                           "conf.d/1.yaml", "conf.d/2.yaml", "conf.d/10.yaml"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
    free(*state);
    return rmdir("conf.d") < 0 || chdir("/") < 0 || rmdir(command) < 0 ? -1 : 0;
}

static void put(const char *file, const char *text)
{
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static const struct config *load_with(const struct load_request *request)
{
    struct diag diag;
    diag_init(&diag);
    const struct config *config = load_config(request, &diag);
    if (diag.count > 0) {
        char line[400];
        diag_format(&diag.findings[0], line, sizeof(line));
        fail_msg("%s", line);
    }
    diag_free(&diag);
    return config;
}

static const struct config *load(const char *path)
{
    return load_with(&(struct load_request){.path = path});
}

static const struct config *load_text(const char *text)
{
    put("a.yaml", text);
    return load("a.yaml");
}

#define LISTENER "listeners: [\":443\"]\n"
#define ROUTE    "routes: [{path: /, target: \"tcp://h:1\"}]\n"

static void fills_every_kind_of_field(void **state)
{
    const struct config *config = load_text(
        "workers: 2\n"
        "trusted_proxies: [10.0.0.0/8]\n"
        "limits: {max_connections: 100, handshakes_per_second: off}\n"
        "listeners:\n"
        "  - {name: web, address: \"[::1]:443\", allow: [\"::1\", 192.0.2.0/24], routes: [a]}\n"
        "  - {address: \"unix:@s\", socket_mode: 0660, trusted_proxies: []}\n"
        "routes:\n"
        "  - name: a\n"
        "    path: /desk/{n}\n"
        "    host: \"*.example.com\"\n"
        "    captures: {n: \"[a-z]+\"}\n"
        "    targets:\n"
        "      - tls://{n}.desks:5900\n"
        "      - {address: \"h:1\", proxy_protocol: v2, probe_interval: 5}\n"
        "    origins: any\n"
        "    subprotocols: [binary, vnc]\n"
        "    headers: {X-A: b, X-C: d}\n"
        "    max_duration: 1d\n");
    assert_int_equal(config->workers, 2);
    assert_int_equal(config->limits.max_connections, 100);
    assert_int_equal(config->listener_count, 2);
    const struct config_listener *web = &config->listeners[0];
    assert_string_equal(web->name, "web");
    assert_string_equal(web->address.host, "::1");
    assert_int_equal(web->allow.count, 2);
    assert_int_equal(web->allow.items[0].bits, 128);
    assert_int_equal(web->allow.items[1].bits, 96 + 24);
    assert_int_equal(web->allow.items[1].bytes[12], 192);
    assert_int_equal(web->trusted_proxies.count, 1); /* the process's */
    assert_int_equal(config->listeners[1].trusted_proxies.count, 0);
    assert_int_equal(config->listeners[1].unix_mode, 0660);
    const struct config_route *route = &config->routes[0];
    assert_int_equal(route->kind, CONFIG_KIND_BRIDGE);
    assert_int_equal(route->target_count, 2);
    assert_true(route->targets[0].tls);
    assert_string_equal(route->targets[0].address.host, "{n}.desks");
    assert_int_equal(route->targets[1].proxy_protocol, CONFIG_TARGET_PROXY_V2);
    assert_int_equal(route->targets[1].probe_interval_ms, 5000);
    assert_string_equal(route->captures[0].pattern, "[a-z]+");
    assert_string_equal(route->origins.items[0], "any");
    assert_string_equal(route->subprotocols.items[1], "vnc");
    assert_string_equal(route->headers[1].name, "X-C");
    assert_string_equal(route->headers[1].value, "d");
    assert_int_equal(route->max_duration_ms, 86400000);
    config_release(config);
}

static void records_positions(void **state)
{
    const struct config *config = load_text("listeners:\n"
                                            "  - address: \":443\"\n"
                                            "    tls: {certificates: [a.pem, {certificate: b}]}\n"
                                            "routes:\n"
                                            "  - path: /\n"
                                            "    target: tcp://h:1\n");
    assert_string_equal(config->file, "a.yaml");
    assert_string_equal(config->listeners[0].place.file, "a.yaml");
    assert_int_equal(config->listeners[0].place.line, 2);
    assert_int_equal(config->listeners[0].place.column, 5);
    assert_int_equal(config->listeners[0].tls.certificates[1].place.line, 3);
    assert_int_equal(config->listeners[0].tls.certificates[1].place.column, 33);
    assert_int_equal(config->routes[0].place.line, 5);
    assert_int_equal(config->routes[0].targets[0].place.line, 6);
    config_release(config);
}

static void accepts_scalar_sections(void **state)
{
    const struct config *config = load_text("listeners: [\":443\"]\n"
                                            "admin: /run/a.sock\n"
                                            "command: [Xvnc, \":1\"]\n"
                                            "routes: [{path: /, files: /srv}, {path: /t, tokens: "
                                            "/etc/tokens}]\n");
    assert_string_equal(config->admin.socket, "/run/a.sock");
    assert_int_equal(config->command.words.count, 2);
    assert_string_equal(config->command.words.items[1], ":1");
    assert_int_equal(config->routes[0].kind, CONFIG_KIND_FILES);
    assert_string_equal(config->routes[0].files.root, "/srv");
    assert_string_equal(config->routes[1].tokens.file, "/etc/tokens");
    config_release(config);
}

static void applies_implied_options(void **state)
{
    const struct config *config =
        load_text("log: {file: l}\n"
                  "listeners:\n"
                  "  - {address: \":1\", tls: {certificates: [a]}}\n"
                  "  - {address: \":2\", tls: {certificates: [a], mode: off}}\n"
                  "  - {address: \":3\", tls: {certificates: [a], client_ca: c}}\n"
                  "  - {address: \":4\", tls: {certificates: [a], client_ca: c, client_verify: "
                  "optional}}\n"
                  "routes:\n"
                  "  - {path: /r, redirect: \"https://{host}\"}\n"
                  "  - {path: /m, metrics: true}\n"
                  "  - {path: /h, health: ready}\n");
    assert_int_equal(config->log.target, CONFIG_LOG_FILE);
    assert_int_equal(config->listeners[0].tls.mode, CONFIG_TLS_REQUIRED);
    assert_int_equal(config->listeners[0].tls.client_verify, CONFIG_VERIFY_OFF);
    assert_int_equal(config->listeners[1].tls.mode, CONFIG_TLS_OFF);
    assert_int_equal(config->listeners[2].tls.client_verify, CONFIG_VERIFY_REQUIRED);
    assert_int_equal(config->listeners[3].tls.client_verify, CONFIG_VERIFY_OPTIONAL);
    assert_int_equal(config->routes[0].kind, CONFIG_KIND_REDIRECT);
    assert_int_equal(config->routes[1].kind, CONFIG_KIND_METRICS);
    assert_int_equal(config->routes[2].kind, CONFIG_KIND_HEALTH);
    config_release(config);
    config = load_text("log: {syslog: /dev/log}\n" LISTENER ROUTE);
    assert_int_equal(config->log.target, CONFIG_LOG_SYSLOG);
    config_release(config);
}

static void resolves_paths_from_their_file(void **state)
{
    char expected[200];
    put("conf.d/1.yaml", "routes: [{path: /u, target: \"unix:s\"}]\n"
                         "listeners: [{address: \":1\", tls: {certificates: [../c.pem]}}]\n");
    const struct config *config = load_text("include: ./conf.d/1.yaml\nlog: {file: ./l}\n");
    snprintf(expected, sizeof(expected), "%s/l", (char *)*state);
    assert_string_equal(config->log.file, expected);
    snprintf(expected, sizeof(expected), "%s/conf.d/s", (char *)*state);
    assert_string_equal(config->routes[0].targets[0].address.path, expected);
    snprintf(expected, sizeof(expected), "%s/conf.d/../c.pem", (char *)*state);
    assert_string_equal(config->listeners[0].tls.certificates[0].certificate, expected);
    assert_string_equal(config->routes[0].place.file, "conf.d/1.yaml");
    config_release(config);
}

/* Does the snapshot tell that it was read from this file of the test's directory? */
static bool was_read_from(const struct config *config, const char *directory, const char *name)
{
    char path[200];
    const char *file;
    const void *cursor = NULL;
    bool found = false;
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    while ((file = config_next_file(config, &cursor)))
        found = found || strcmp(file, path) == 0;
    return found;
}

static void includes_in_name_order(void **state)
{
    const char *expected[] = {"/main", "/1", "/10", "/2"};
    put("conf.d/2.yaml", "routes: [{path: /2, target: \"tcp://h:1\"}]\n");
    put("conf.d/10.yaml", "routes: [{path: /10, target: \"tcp://h:1\"}]\n");
    put("conf.d/1.yaml", "x-note: anything\nroutes: [{path: /1, target: \"tcp://h:1\"}]\n");
    const struct config *config =
        load_text("include: [\"conf.d/*.yaml\", \"conf.d/*.none\"]\n" LISTENER
                  "routes: [{path: /main, target: \"tcp://h:1\"}]\n");
    assert_int_equal(config->route_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(config->routes[i].path, expected[i]);
    assert_true(was_read_from(config, *state, "a.yaml"));
    assert_true(was_read_from(config, *state, "conf.d/*.yaml"));
    assert_true(was_read_from(config, *state, "conf.d/*.none"));
    config_release(config);
}

static void reads_texts_from_files_and_variables(void **state)
{
    enum config_secret_source origin;
    setenv("WSLUICE_TEST", "desk", 1);
    setenv("WSLUICE_TEST_SECRET", "hush", 1);
    put("secret", "open sesame\n");
    const struct config *config =
        load_text("user: ${WSLUICE_TEST}-${WSLUICE_NONE:-x}$$\n"
                  "group: {file: secret}\n"
                  "listeners:\n"
                  "  - address: \":1\"\n"
                  "    tls:\n"
                  "      certificates:\n"
                  "        - {certificate: a, key_password: {file: secret}}\n"
                  "        - {certificate: a, key_password: \"${WSLUICE_TEST_SECRET}\"}\n"
                  "        - {certificate: a, key_password: \"x${WSLUICE_TEST_SECRET}\"}\n" ROUTE);
    const struct config_certificate *pairs = config->listeners[0].tls.certificates;
    assert_string_equal(config->user, "desk-x$");
    assert_string_equal(config->group, "open sesame");
    assert_string_equal(pairs[0].key_password, "open sesame");
    assert_true(was_read_from(config, *state, "secret"));
    const char *reference = config_secret_source(config, pairs[0].key_password, &origin);
    assert_int_equal(origin, CONFIG_ORIGIN_FILE);
    assert_string_equal(reference + strlen(*state), "/secret");
    assert_string_equal(pairs[1].key_password, "hush");
    reference = config_secret_source(config, pairs[1].key_password, &origin);
    assert_int_equal(origin, CONFIG_ORIGIN_ENVIRONMENT);
    assert_string_equal(reference, "${WSLUICE_TEST_SECRET}");
    assert_string_equal(pairs[2].key_password, "xhush");
    assert_null(config_secret_source(config, pairs[2].key_password, &origin));
    config_release(config);
}

static void command_line_overrides_file(void **state)
{
    const struct load_override overrides[] = {{options_find(OPTIONS_LOG, "level"), "error"},
                                              {options_find(OPTIONS_LOG, "file"), "l"}};
    char expected[200];
    put("a.yaml", "log: {level: debug, target: syslog, syslog: /dev/log}\n" LISTENER ROUTE);
    const struct config *config = load_with(
        &(struct load_request){.path = "a.yaml", .overrides = overrides, .override_count = 2});
    assert_int_equal(config->log.level, CONFIG_LOG_ERROR);
    assert_int_equal(config->log.target, CONFIG_LOG_FILE);
    snprintf(expected, sizeof(expected), "%s/l", (char *)*state);
    assert_string_equal(config->log.file, expected);
    config_release(config);
}

static void warns_of_unserved_routes(void **state)
{
    struct diag diag;
    diag_init(&diag);
    put("a.yaml", "listeners: [{address: \":1\", routes: [a, /c]}]\n"
                  "routes:\n"
                  "  - {name: a, path: /a, target: \"tcp://h:1\"}\n"
                  "  - {name: b, path: /b, target: \"tcp://h:1\"}\n"
                  "  - {path: /c, target: \"tcp://h:1\"}\n");
    const struct config *config = load_config(&(struct load_request){.path = "a.yaml"}, &diag);
    assert_non_null(config);
    assert_int_equal(diag.count, 1);
    assert_int_equal(diag.findings[0].where.line, 4);
    assert_string_equal(diag.findings[0].message, "no listener serves it");
    diag_free(&diag);
    config_release(config);
}

static void an_empty_name_is_no_file(void **state)
{
    struct diag diag;
    diag_init(&diag);
    assert_null(load_config(&(struct load_request){.path = ""}, &diag));
    assert_int_equal(diag.count, 1);
    assert_string_equal(diag.findings[0].message, "the file name is empty");
    diag_free(&diag);
}

static void waits_for_nobody_to_write_a_fifo(void **state)
{
    struct diag diag;
    diag_init(&diag);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_null(load_config(&(struct load_request){.path = "fifo"}, &diag));
    assert_int_equal(diag.count, 2); /* as of an empty file */
    unlink("fifo");
    diag_free(&diag);
}

/* The same host and path are two routes when no listener has both. */
static void accepts_equal_paths_on_different_listeners(void **state)
{
    config_release(load_text("listeners:\n"
                             "  - {address: \":1\", routes: [a]}\n"
                             "  - {address: \":2\", routes: [b]}\n"
                             "  - {address: \":3\"}\n"
                             "routes:\n"
                             "  - {name: a, path: /, target: \"tcp://h:1\"}\n"
                             "  - {name: b, path: /, target: \"tcp://h:2\"}\n"
                             "  - {path: /, target: \"tcp://h:3\"}\n"));
}

/* In linear time; quadratic, it would exceed the time limit of the test runner. */
static void loads_a_large_file(void **state)
{
    enum { ROUTES = 10000 };
    FILE *stream = fopen("big.yaml", "w");
    assert_non_null(stream);
    fputs(LISTENER "routes:\n", stream);
    for (int i = 0; i < ROUTES; i++)
        fprintf(stream,
                "  - path: /desk/%d/{name}\n"
                "    host: h%d.example.com\n"
                "    captures: {name: \"[a-z0-9-]{1,32}\"}\n"
                "    target: tcp://{name}.d%d.internal:5900\n"
                "    %s: 30s\n",
                i, i % 100, i, i == ROUTES - 7 ? "pin_interval" : "ping_interval");
    fclose(stream);
    struct diag diag;
    diag_init(&diag);
    assert_null(load_config(&(struct load_request){.path = "big.yaml"}, &diag));
    assert_int_equal(diag.count, 1);
    assert_string_equal(diag.findings[0].option, "routes[9993].pin_interval");
    assert_int_equal(diag.findings[0].where.line, 2 + 5 * 9993 + 5);
    diag_free(&diag);
}

static void survives_without_memory(void **state)
{
    bool failed = true;
    put("secret", "x\n");
    put("conf.d/1.yaml", "routes: [{path: /b, target: \"tcp://h:1\"}]\n");
    put("a.yaml", "user: $${a}\n"
                  "include: \"conf.d/*.yaml\"\n"
                  "listeners: [{address: \":1\", allow: [10.0.0.1], routes: [/a, /b],\n"
                  "             tls: {certificates: [{certificate: c, key_password: "
                  "{file: secret}}]}}]\n"
                  "routes: [{path: \"/a\", targets: [h:1, h:2], headers: {a: b}}]\n");
    for (unsigned call = 1; failed; call++) {
        struct diag diag;
        diag_init(&diag);
        failing_alloc_arm(call);
        const struct config *config = load_config(&(struct load_request){.path = "a.yaml"}, &diag);
        failed = failing_alloc_disarm();
        assert_true(failed ? (config == NULL) == (diag.errors > 0) : config != NULL);
        config_release(config);
        diag_free(&diag);
    }
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(fills_every_kind_of_field),
        IN_DIRECTORY(records_positions),
        IN_DIRECTORY(accepts_scalar_sections),
        IN_DIRECTORY(applies_implied_options),
        IN_DIRECTORY(resolves_paths_from_their_file),
        IN_DIRECTORY(includes_in_name_order),
        IN_DIRECTORY(reads_texts_from_files_and_variables),
        IN_DIRECTORY(command_line_overrides_file),
        IN_DIRECTORY(warns_of_unserved_routes),
        IN_DIRECTORY(accepts_equal_paths_on_different_listeners),
        IN_DIRECTORY(an_empty_name_is_no_file),
        IN_DIRECTORY(waits_for_nobody_to_write_a_fifo),
        IN_DIRECTORY(loads_a_large_file),
        IN_DIRECTORY(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
