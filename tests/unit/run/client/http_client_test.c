#include "run/client/http_client.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

/* A server on an abstract socket, which answers one request with these bytes. */
struct server {
    int fd;
    char path[64], request[512];
    const char *answer;
    unsigned closes, closed; /* connections that it closes with the request unread, at first */
    pthread_t thread;
};

/* As a process that has been replaced by an upgrade and ends. */
static int accept_and_close(struct server *server)
{
    int client;
    while ((client = accept(server->fd, NULL, NULL)) >= 0 && server->closed < server->closes) {
        struct pollfd bytes = {.fd = client, .events = POLLIN};
        if (server->closed++ % 2 == 0)
            (void)poll(&bytes, 1, -1);
        close(client);
    }
    return client;
}

static void *serve(void *argument)
{
    struct server *server = argument;
    int client = accept_and_close(server);
    size_t length = 0;
    while (client >= 0 && !memmem(server->request, length, "\r\n\r\n", 4)) {
        ssize_t n = recv(client, server->request + length, sizeof(server->request) - length - 1, 0);
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    if (server->answer && client >= 0)
        (void)!send(client, server->answer, strlen(server->answer), MSG_NOSIGNAL);
    if (client >= 0)
        close(client);
    return NULL;
}

static void start(struct server *server, const char *answer, unsigned closes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *server = (struct server){.answer = answer, .closes = closes};
    snprintf(server->path, sizeof(server->path), "@wsluice-http-client-%ld", (long)getpid());
    memcpy(address.sun_path + 1, server->path + 1, strlen(server->path) - 1);
    socklen_t length = (socklen_t)(sizeof(address.sun_family) + strlen(server->path));
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static bool ask_again(struct server *server, const char *answer, unsigned closes,
                      struct http_client_answer *got, char error[static 256])
{
    start(server, answer, closes);
    const struct config_address address = {.kind = CONFIG_ADDRESS_UNIX, .path = server->path};
    const struct http_client_request request = {
        .address = &address, .method = "GET", .target = "/x?y=1", .timeout_ms = 5000};
    bool done = http_client_ask(&request, got, error, 256);
    (void)shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    return done;
}

static bool ask(struct server *server, const char *answer, struct http_client_answer *got,
                char error[static 256])
{
    return ask_again(server, answer, 0, got, error);
}

static void splits_the_response(void **state)
{
    struct server server;
    struct http_client_answer got;
    char error[256];
    assert_true(ask(&server, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", &got, error));
    assert_int_equal(got.status, 503);
    assert_int_equal(got.length, 4);
    assert_string_equal(got.body, "busy");
    free(got.body);
    assert_non_null(strstr(server.request, "GET /x?y=1 HTTP/1.1\r\nHost: localhost\r\n"));
    assert_true(ask(&server,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
                    &got, error));
    assert_string_equal(got.body, "hello");
    free(got.body);
    assert_true(ask(&server, "HTTP/1.0 200 OK\r\n\r\n", &got, error));
    assert_string_equal(got.body, "");
    free(got.body);
}

static void refuses_what_is_no_whole_response(void **state)
{
    static const struct {
        const char *answer, *error;
    } cases[] = {
        {NULL, "it closed the connection without an answer"},
        {"SSH-2.0-x\r\n\r\n", "the answer is not HTTP"},
        {"HTTP/1.1 20", "the answer is not HTTP"},
        {"HTTP/1.\r\n\r\n", "the answer is not HTTP"},
        {"HTTP/1.1 2x0 OK\r\n\r\n", "the answer is not HTTP"},
        {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "was cut off"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell", "was cut off"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhell", "has malformed chunks"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct server server;
        struct http_client_answer got;
        char error[256];
        assert_false(ask(&server, cases[i].answer, &got, error));
        if (!strstr(error, cases[i].error))
            fail_msg("expected '%s' in: %s", cases[i].error, error);
    }
}

/* Nobody has read the request: the process that has taken over gets it. */
static void asks_again_where_nobody_has_read(void **state)
{
    struct server server;
    struct http_client_answer got;
    char error[256];
    assert_true(ask_again(&server, "HTTP/1.1 200 OK\r\n\r\nhere", 3, &got, error));
    assert_string_equal(got.body, "here");
    free(got.body);
    assert_false(ask_again(&server, "HTTP/1.1 200 OK\r\n\r\n", 1000, &got, error));
    assert_true(server.closed >= 4 && server.closed < 100);
    if (!strstr(error, "Broken pipe") && !strstr(error, "reset"))
        fail_msg("%s", error);
}

static void hints_at_the_cause_of_a_failed_connect(void **state)
{
    struct http_client_answer got;
    char error[256];
    const struct config_address address = {.kind = CONFIG_ADDRESS_UNIX, .path = "/nowhere/at/all"};
    const struct http_client_request request = {
        .address = &address, .method = "GET", .target = "/", .timeout_ms = 5000};
    assert_false(http_client_ask(&request, &got, error, sizeof(error)));
    assert_non_null(strstr(error, "is wsluice running, with this admin socket?"));
}

/* A listener whose backlog takes the connection, and nobody answers. */
static void waits_no_longer_than_its_timeout(void **state)
{
    struct http_client_answer got;
    char error[256];
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0wsluice-http-client-mute"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t length =
        (socklen_t)(sizeof(address.sun_family) + sizeof("@wsluice-http-client-mute") - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    const struct config_address mute = {.kind = CONFIG_ADDRESS_UNIX,
                                        .path = "@wsluice-http-client-mute"};
    const struct http_client_request request = {
        .address = &mute, .method = "GET", .target = "/", .timeout_ms = 20};
    assert_false(http_client_ask(&request, &got, error, sizeof(error)));
    assert_non_null(strstr(error, "no answer in time"));
    close(fd);
}

static void reads_urls(void **state)
{
    static const struct {
        const char *url, *host;
        unsigned port;
        const char *target;
    } good[] = {
        {"http://a", "a", 80, ""},       {"http://a/b?c", "a", 80, "/b?c"},
        {"http://a:1/", "a", 1, "/"},    {"http://[::1]:8080/x", "::1", 8080, "/x"},
        {"http://[::1]", "::1", 80, ""},
    };
    static const char *const bad[] = {"https://a/",     "http://",       "http:///x", "http://a:0/",
                                      "http://a:65536", "http://a:x/",   "http://[]", "http://[::1",
                                      "http://a:1x/",   "http://a?query"};
    struct config_address address;
    char host[HTTP_CLIENT_HOST];
    const char *target;
    for (size_t i = 0; i < WSL_COUNT(good); i++) {
        assert_true(http_client_url(good[i].url, &address, host, &target));
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
        assert_string_equal(target, good[i].target);
    }
    for (size_t i = 0; i < WSL_COUNT(bad); i++)
        if (http_client_url(bad[i], &address, host, &target))
            fail_msg("%s: accepted", bad[i]);
}

static void completes_hosts(void **state)
{
    static const struct {
        const char *text, *url;
    } hosts[] = {
        {"127.0.0.1", "http://127.0.0.1:6080/healthz"},
        {"localhost:1", "http://localhost:1/healthz"},
        {"localhost/x", "http://localhost:6080/x"},
        {"desk", "http://desk:6080/healthz"},
        {"a.example:80/ready", "http://a.example:80/ready"},
    };
    static const char *const files[] = {"gateway.yaml", "./desk", "/etc/x",
                                        "conf/desk",    "",       "a.b/c.json"};
    char url[80];
    for (size_t i = 0; i < WSL_COUNT(hosts); i++) {
        assert_true(http_client_is_host(hosts[i].text));
        http_client_complete(hosts[i].text, url, sizeof(url));
        assert_string_equal(url, hosts[i].url);
    }
    for (size_t i = 0; i < WSL_COUNT(files); i++)
        assert_false(http_client_is_host(files[i]));
}

static void shows_the_first_line_only(void **state)
{
    char text[] = "not ready \x1b[31m\xc2\x9b\x7f\r\nmore", empty[] = "";
    assert_string_equal(http_client_first_line(text), "not ready ?[31m???");
    assert_string_equal(http_client_first_line(empty), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_the_response),
        cmocka_unit_test(refuses_what_is_no_whole_response),
        cmocka_unit_test(asks_again_where_nobody_has_read),
        cmocka_unit_test(hints_at_the_cause_of_a_failed_connect),
        cmocka_unit_test(waits_no_longer_than_its_timeout),
        cmocka_unit_test(reads_urls),
        cmocka_unit_test(completes_hosts),
        cmocka_unit_test(shows_the_first_line_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
