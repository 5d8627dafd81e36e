#include "serve/destination/session_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/http/http_head.h"
#include "core/tokens/token_find.h"
#include "lib/failing_alloc.h"
#include "lib/token_folder.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_env.h"
#include "serve/session/session_extra.h"
#include "serve/site/site.h"
#include "serve/tokens/token_sources.h"

/* A session in HEAD on the second of two routes, whose tokens are the files of a folder. */
static struct config_route routes[2];
static struct config config;
static struct site_route site_routes[2];
static struct site site;
static struct session session;
static struct session_entry entry;
static struct session_env env;
static const char *place;

static unsigned calls;
static enum reason verdict;

static int set_up(void **state)
{
    char error[256];
    assert_int_equal(token_folder_open(state), 0);
    place = "path";
    token_folder_write("one", "desk:5900");
    token_folder_write("bad", "nothing");
    routes[0] = (struct config_route){.kind = CONFIG_KIND_REDIRECT, .path = "/"};
    routes[1] = (struct config_route){
        .kind = CONFIG_KIND_BRIDGE,
        .path = "/vnc/*",
        .tokens = {.directory = token_folder_root(), .from = {&place, 1}},
    };
    config = (struct config){.routes = routes, .route_count = 2};
    site_routes[1].tokens =
        token_sources_create(&routes[1].tokens, &(struct token_shared){0}, error, sizeof(error));
    assert_non_null(site_routes[1].tokens);
    site = (struct site){.config = &config, .routes = site_routes};
    memset(&session, 0, sizeof(session));
    memset(&entry, 0, sizeof(entry));
    entry.match.route = 1;
    session.entry = &entry;
    session.env = &env;
    session.site = &site;
    session.route = &routes[1];
    session.state = LIFE_HEAD;
    calls = 0;
    return 0;
}

static int tear_down(void **state)
{
    free(entry.destination);
    session_extra_free(&session);
    token_source_release(site_routes[1].tokens);
    return token_folder_close(state);
}

static void known_cb(struct session *known, enum reason reason)
{
    assert_ptr_equal(known, &session);
    calls++;
    verdict = reason;
}

static void look_up(const char *path)
{
    const struct http_head head = {.method = SLICE("GET")};
    entry.match.path = slice_of(path);
    session_token_look_up(&session, &head, known_cb);
    assert_int_equal(calls, 1);
}

static void test_finds_the_destination(void **unused)
{
    look_up("/vnc/one");
    assert_int_equal(verdict, REASON_none);
    assert_string_equal(entry.destination->address.host, "desk");
    assert_int_equal(entry.destination->address.port, 5900);
    assert_null(session_extra_of(&session)->detail);
}

static void test_a_request_without_a_token(void **unused)
{
    look_up("/vnc/");
    assert_int_equal(verdict, REASON_token_missing);
}

static void test_a_token_that_is_unknown(void **unused)
{
    look_up("/vnc/two");
    assert_int_equal(verdict, REASON_token_unknown);
    assert_null(session_extra_of(&session)->detail);
}

static void test_a_token_that_is_longer_than_any(void **unused)
{
    static char path[TOKEN_MAX + 16];
    memset(path, 'x', sizeof(path) - 1);
    memcpy(path, "/vnc/", 5);
    look_up(path);
    assert_int_equal(verdict, REASON_token_unknown);
}

static void test_a_token_whose_file_is_wrong(void **unused)
{
    look_up("/vnc/bad");
    assert_int_equal(verdict, REASON_token_source);
    assert_string_equal(session_extra_of(&session)->detail,
                        "the file of the token: the target is not HOST:PORT");
}

static void test_without_memory(void **unused)
{
    failing_alloc_arm(1);
    look_up("/vnc/one");
    assert_true(failing_alloc_disarm());
    assert_int_equal(verdict, REASON_out_of_memory);
}

static void set_source(const char *from)
{
    place = from;
    site.token_parts = token_find_parts(from);
}

static void test_the_log_has_no_token_of_a_path(void **unused)
{
    char path[] = "/vnc/one";
    entry.path = path;
    set_source("path");
    assert_string_equal(session_token_public_path(&session), "/vnc/*");
    session.route = NULL; /* no route was found: the path may still have a token */
    assert_null(session_token_public_path(&session));
    set_source("query:token");
    assert_string_equal(session_token_public_path(&session), path);
    session.route = &routes[1];
    assert_string_equal(session_token_public_path(&session), path);
    session.route = &routes[0];
    assert_string_equal(session_token_public_path(&session), path);
}

/* The route of a page may take such a request. */
static void test_the_log_has_no_query_that_is_escaped(void **unused)
{
    char once[] = "/vnc%3Ftoken=one", twice[] = "/vnc%253ftoken%253done";
    char *const paths[] = {once, twice};
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        entry.path = paths[i];
        set_source("query:token");
        session.route = NULL;
        assert_null(session_token_public_path(&session));
        session.route = &routes[0];
        assert_string_equal(session_token_public_path(&session), "/");
        set_source("cookie:token");
        assert_string_equal(session_token_public_path(&session), paths[i]);
    }
    entry.path = NULL; /* it is malformed */
    set_source("query:token");
    assert_null(session_token_public_path(&session));
}

/* On every route: a page has one host for all of them. */
static void test_the_log_has_no_token_of_a_host(void **unused)
{
    static const char *const in_host[] = {"host", "header:Host", "header:ORIGIN"};
    for (size_t i = 0; i < WSL_COUNT(in_host); i++) {
        set_source(in_host[i]);
        assert_true(session_token_may_be_in_host(&session));
        session.route = &routes[0];
        assert_true(session_token_may_be_in_host(&session));
    }
    set_source("query:host");
    assert_false(session_token_may_be_in_host(&session));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_finds_the_destination),          TEST(test_a_request_without_a_token),
        TEST(test_a_token_that_is_unknown),        TEST(test_a_token_that_is_longer_than_any),
        TEST(test_a_token_whose_file_is_wrong),    TEST(test_without_memory),
        TEST(test_the_log_has_no_token_of_a_path), TEST(test_the_log_has_no_query_that_is_escaped),
        TEST(test_the_log_has_no_token_of_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
