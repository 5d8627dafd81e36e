/* One connection, plain and over TLS; http_pool_test has the rest. */
#include "net/http/http_link.h"

#include <fcntl.h>

#include "lib/http_lab.h"
#include "lib/pki.h"
#include "lib/tls_server.h"
#include "net/tls/context/tls_store.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static struct http_lab lab;
static struct http_origin *origin;
static uint8_t buffer[HTTP_LINK_BUFFER];
static unsigned answered, failed, ended;
static char why[HTTP_DETAIL];

static void answered_cb(struct http_link *link)
{
    answered++;
    assert_memory_equal(link->collect.body.bytes, "hello", 5);
}

static void failed_cb(struct http_link *link, const char *detail)
{
    failed++;
    snprintf(why, sizeof(why), "%s", detail);
}

static void ended_cb(struct http_link *link)
{
    ended++;
}

static void open_link(struct http_link *link, struct dial_loop *loop, struct slice request)
{
    static const struct http_link_owner owner = {answered_cb, failed_cb, ended_cb};
    char detail[HTTP_DETAIL];
    *loop = (struct dial_loop){&lab.watches, lab.resolver, &lab.scratch, &lab.attempts};
    *link = (struct http_link){.loop = loop, .owner = &owner, .buffer = buffer};
    answered = failed = ended = 0;
    list_init(&link->list);
    assert_true(http_link_open(link, origin, request, 100, 5000, detail));
}

static void wait_for(const unsigned *count, unsigned number)
{
    while (*count < number && failed == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    if (*count < number)
        fail_msg("%s", why);
}

static void test_two_requests(void **state)
{
    struct http_link link;
    struct dial_loop loop;
    origin = http_lab_origin(&lab);
    http_lab_play(&lab, &(struct http_lab_row){.answer = OK}, 1);
    open_link(&link, &loop, SLICE("GET /1 HTTP/1.1\r\n\r\n"));
    wait_for(&answered, 1);
    assert_true(http_link_persists(&link));
    http_link_rest(&link);
    assert_false(link.reused);
    http_link_send(&link, origin, SLICE("GET /2 HTTP/1.1\r\n\r\n"), 100);
    wait_for(&answered, 2);
    assert_true(link.reused);
    assert_string_equal(lab.last, "GET /2 HTTP/1.1\r\n\r\n");
    http_link_rest(&link);
    http_lab_drop(&lab.clients[0]);
    wait_for(&ended, 1);
    http_link_close(&link);
}

/* More than the socket takes at once, of a service that reads late. */
static void test_long_request(void **state)
{
    static char text[4000 + 1];
    static struct http_link link;
    struct dial_loop loop;
    int small = 2048;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "GET /", 5);
    memcpy(text + sizeof(text) - 5, "\r\n\r\n", 5);
    origin = http_lab_origin(&lab);
    http_lab_play(&lab, &(struct http_lab_row){.answer = OK}, 1);
    lab.paused = true;
    assert_int_equal(setsockopt(lab.socket.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    open_link(&link, &loop, (struct slice){text, sizeof(text) - 1});
    http_lab_turn(&lab, 10);
    assert_int_equal(answered, 0);
    lab.paused = false;
    wait_for(&answered, 1);
    assert_string_equal(lab.last, text);
    http_link_close(&link);
}

/* ---- TLS ---- */

struct secure {
    struct pki pki;
    struct tls_store *store;
    struct tls_server server;
    struct loopback socket;
};

static void start_secure(struct secure *secure, const char *names)
{
    char url[64], error[256];
    static const struct config_place place = {0};
    pki_create(&secure->pki);
    pki_write_leaf(&secure->pki, "leaf.pem", "door", names);
    struct pki_path leaf = pki_path(&secure->pki, "leaf.pem"),
                    ca = pki_path(&secure->pki, "ca.pem");
    secure->socket = loopback_open();
    loopback_listen(&secure->socket);
    assert_int_equal(fcntl(secure->socket.fd, F_SETFL, 0), 0);
    tls_server_start(&secure->server, secure->socket.fd, leaf.text, OK);
    secure->store = tls_store_create(NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", secure->socket.port);
    origin = http_origin_create(url, ca.text, &place, secure->store, error, sizeof(error));
    if (!origin)
        fail_msg("%s", error);
}

static void stop_secure(struct secure *secure)
{
    tls_server_stop(&secure->server);
    loopback_close(&secure->socket);
    tls_store_free(secure->store);
    pki_remove(&secure->pki);
}

static void test_tls(void **state)
{
    struct secure secure;
    struct http_link link;
    struct dial_loop loop;
    start_secure(&secure, "IP:127.0.0.1");
    open_link(&link, &loop, SLICE("GET / HTTP/1.1\r\n\r\n"));
    wait_for(&answered, 1);
    http_link_close(&link);
    stop_secure(&secure);
}

static void test_certificate_of_another(void **state)
{
    struct secure secure;
    struct http_link link;
    struct dial_loop loop;
    start_secure(&secure, "IP:127.0.0.2");
    open_link(&link, &loop, SLICE("GET / HTTP/1.1\r\n\r\n"));
    while (failed == 0 && answered == 0)
        uv_run(&lab.loop, UV_RUN_ONCE);
    assert_int_equal(answered, 0);
    assert_non_null(strstr(why, "127.0.0.1:"));
    http_link_close(&link);
    stop_secure(&secure);
}

static int set_up(void **state)
{
    http_lab_open(&lab);
    return 0;
}

static int tear_down(void **state)
{
    http_lab_close(&lab);
    http_origin_release(origin);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_two_requests),
        TEST(test_long_request),
        TEST(test_tls),
        TEST(test_certificate_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
