/* Where a file shows the status, and what is read of an answer that may be anything. */
#include "run/client/status_look.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/monotonic.h"
#include "config/load.h"
#include "lib/loopback.h"

#define TIMEOUT_MS 5000

static struct loopback server;
static struct status_look_facts facts;

static int set_up(void **unused)
{
    server = loopback_open();
    return fcntl(server.fd, F_SETFL, 0) == 0 ? listen(server.fd, 8) : -1;
}

static int tear_down(void **unused)
{
    loopback_close(&server);
    return 0;
}

/* A child that answers every request with this. */
static pid_t serve(const char *answer)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    for (;;) {
        char request[4096];
        int client = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC);
        if (recv(client, request, sizeof(request), 0) > 0)
            (void)!write(client, answer, strlen(answer));
        close(client);
    }
}

static bool look(const char *body)
{
    char answer[8192];
    const struct local_place place = {
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = server.port},
        .target = "/"};
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    pid_t child = serve(answer);
    bool seen = status_look_at(&place, "reload", monotonic_ms() + TIMEOUT_MS, &facts);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return seen;
}

static void test_an_answer(void **unused)
{
    assert_true(look("{\"process\":{\"version\":\"0.2.0\",\"pid\":17,\"reload\":{\"begun\":4,"
                     "\"ended\":3,\"failed\":true,\"findings\":[\"error: \\u00e4\",\"b\"],"
                     "\"message\":\"no\"}},\"other\":[{}]}"));
    assert_true(facts.pid == 17 && facts.begun == 4 && facts.ended == 3 && facts.failed);
    assert_string_equal(facts.version, "0.2.0");
    assert_string_equal(facts.text, "error: \xc3\xa4\nb\nno");
    assert_true(look("{\"process\":{\"reload\":{\"findings\":[],\"message\":null}}}"));
    assert_string_equal(facts.text, "");
}

static void test_what_is_no_status(void **unused)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{",
        "null",
        "{\"process\":7}",
        "{\"process\":{\"reload\":7}}",
        "{\"process\":{\"reload\":{\"findings\":{},\"message\":[]}}}",
        "<html>"};
    for (size_t i = 0; i < WSL_COUNT(bodies); i++)
        if (look(bodies[i]))
            assert_true(facts.begun == 0 && facts.pid == 0 && facts.text[0] == '\0');
}

/* `more`: options of the listener. */
static bool is_found_at(const char *more, const char *host, const char *route,
                        struct local_place *place)
{
    char path[] = "/tmp/wsluice-look-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag;
    diag_init(&diag);
    dprintf(fd, "trusted_proxies: [10.0.0.0/8]\nlisteners: [{address: \"%s:%u\"%s}]\n", host,
            server.port, more);
    dprintf(fd, "routes: [{path: /, target: \"tcp://h:1\"}, {status: true, %s}]\n", route);
    close(fd);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    unlink(path);
    assert_non_null(config);
    diag_free(&diag);
    pid_t child = serve("HTTP/1.1 200 OK\r\n\r\n{\"process\":{\"reload\":{}}}");
    bool found = status_look_find(config, "reload", monotonic_ms() + TIMEOUT_MS, place, &facts);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    config_release(config);
    return found;
}

static bool is_found(const char *host, const char *route, struct local_place *place)
{
    return is_found_at("", host, route, place);
}

static void test_where_a_file_shows_it(void **unused)
{
    static const char all[] = "", local[] = "127.0.0.1";
    struct local_place place;
    assert_true(is_found(all, "path: /status", &place));
    assert_string_equal(place.target, "/status?format=json&limit=1");
    assert_int_equal(place.address.port, server.port);
    assert_true(is_found(local, "path: /ops/*", &place));
    assert_string_equal(place.target, "/ops/?format=json&limit=1");
    assert_true(is_found(local, "path: /status, host: ops.example.com", &place));
    assert_false(is_found(local, "path: /status, host: \"*.example.com\"", &place));
    assert_false(is_found(local, "path: \"/{x}/status\", captures: {x: \"[a-z]+\"}", &place));
}

static void test_what_a_listener_puts_in_front(void **unused)
{
    static const char local[] = "127.0.0.1";
    struct local_place place;
    assert_true(is_found_at(", base_path: /desk", local, "path: /a@b", &place));
    assert_string_equal(place.target, "/desk/a%40b?format=json&limit=1");
    assert_false(is_found_at(", proxy_protocol: require", local, "path: /status", &place));
}

/* A listener that takes connections and says nothing; without the deadline each look takes 5 s. */
static void test_a_deadline_for_all_places(void **unused)
{
    char path[] = "/tmp/wsluice-look-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag;
    struct local_place place;
    diag_init(&diag);
    dprintf(fd, "listeners: [\"127.0.0.1:%u\"]\nroutes: [", server.port);
    for (int i = 0; i < 6; i++)
        dprintf(fd, "{status: true, path: /%d}, ", i);
    dprintf(fd, "]\n");
    close(fd);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    unlink(path);
    assert_non_null(config);
    uint64_t began = monotonic_ms();
    assert_false(status_look_find(config, "reload", began + 100, &place, &facts));
    assert_true(monotonic_ms() - began < 5000);
    diag_free(&diag);
    config_release(config);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_answer),
        TEST(test_what_is_no_status),
        TEST(test_where_a_file_shows_it),
        TEST(test_what_a_listener_puts_in_front),
        TEST(test_a_deadline_for_all_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
