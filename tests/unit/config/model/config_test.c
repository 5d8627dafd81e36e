#include "config/model/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void records_the_source_of_secrets(void **state)
{
    struct config *config = config_new();
    char *a = config_alloc(config, 2), *b = config_alloc(config, 2);
    enum config_secret_source origin;
    assert_true(config_note_secret_source(config, a, CONFIG_ORIGIN_FILE, "/f"));
    assert_string_equal(config_secret_source(config, a, &origin), "/f");
    assert_int_equal(origin, CONFIG_ORIGIN_FILE);
    assert_null(config_secret_source(config, b, &origin)); /* the same text, elsewhere */
    config_release(config);
    config_release(NULL);
}

static void remembers_its_files(void **state)
{
    struct config *config = config_new();
    const void *cursor = NULL;
    char path[] = "/etc/a.yaml";
    assert_null(config_next_file(config, &cursor));
    assert_true(config_note_file(config, path));
    path[5] = 'b';
    assert_true(config_note_file(config, path));
    assert_string_equal(config_next_file(config, &cursor), "/etc/b.yaml");
    assert_string_equal(config_next_file(config, &cursor), "/etc/a.yaml");
    assert_null(config_next_file(config, &cursor));
    config_release(config);
}

static void counts_references(void **state)
{
    struct config *config = config_new();
    char *text = config_alloc(config, 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(text[i], 0);
    assert_ptr_equal(config_retain(config), config);
    config_release(config);
    text[99999] = 'x'; /* for the address sanitizer */
    config_release(config);
}

static void names_a_route_by_its_path(void **state)
{
    struct config_route route = {.path = "/a"};
    assert_string_equal(config_route_name(&route), "/a");
    route.name = "b";
    assert_string_equal(config_route_name(&route), "b");
}

static void reserves_headers_of_framing_and_handshake(void **state)
{
    static const char *const reserved[] = {"Connection", "content-length", "DATE",
                                           "Sec-WebSocket-Accept", "sec-websocket-x"};
    static const char *const others[] = {"X-A", "Cache-Control", "Sec-Web", ""};
    for (size_t i = 0; i < WSL_COUNT(reserved); i++)
        assert_true(config_header_is_reserved(reserved[i]));
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_false(config_header_is_reserved(others[i]));
}

static void prints_an_address_as_it_is_written(void **state)
{
    static const struct {
        struct config_address address;
        const char *text;
    } rows[] = {
        {{CONFIG_ADDRESS_TCP, NULL, 6080, NULL}, "*:6080"},
        {{CONFIG_ADDRESS_TCP, "::", 443, NULL}, "[::]:443"},
        {{CONFIG_ADDRESS_TCP, "desk.example.com", 5900, NULL}, "desk.example.com:5900"},
        {{CONFIG_ADDRESS_UNIX, NULL, 0, "/run/x"}, "unix:/run/x"},
        {{CONFIG_ADDRESS_UNIX, NULL, 0, "@x"}, "unix:@x"},
        {{CONFIG_ADDRESS_FD, NULL, 3, NULL}, "fd:3"},
    };
    char text[64];
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        assert_string_equal(config_address_print(&rows[i].address, text, sizeof(text)),
                            rows[i].text);
    assert_string_equal(config_address_print(&rows[2].address, text, 8), "desk.ex");
}

static void addresses_are_the_same_if_each_member_is(void **state)
{
    const struct config_address rows[] = {
        {CONFIG_ADDRESS_TCP, "a", 1, NULL},   {CONFIG_ADDRESS_TCP, "a", 2, NULL},
        {CONFIG_ADDRESS_TCP, "b", 1, NULL},   {CONFIG_ADDRESS_TCP, NULL, 1, NULL},
        {CONFIG_ADDRESS_FD, NULL, 1, NULL},   {CONFIG_ADDRESS_UNIX, NULL, 0, "a"},
        {CONFIG_ADDRESS_UNIX, NULL, 0, "@a"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        for (size_t j = 0; j < WSL_COUNT(rows); j++)
            assert_int_equal(config_address_is_same(&rows[i], &rows[j]), i == j);
}

static void each_source_of_tokens_has_a_name(void **state)
{
    (void)state;
    static const struct {
        struct config_tokens tokens;
        enum config_token_source source;
        const char *key, *name;
        bool tls;
    } rows[] = {
        {{.file = "f"}, CONFIG_TOKENS_FILE, "file", "f", false},
        {{.file = "f", .format = CONFIG_TOKENS_NAMES}, CONFIG_TOKENS_DIRECTORY, "file", "f", false},
        {{.directory = "d"}, CONFIG_TOKENS_DIRECTORY, "directory", "d", false},
        {{.sockets = "s"}, CONFIG_TOKENS_SOCKETS, "sockets", "s", false},
        {{.http.url = "http://a/"}, CONFIG_TOKENS_HTTP, "http", "http://a/", true},
        {{.redis.url = "redis://:secret@a"}, CONFIG_TOKENS_REDIS, "redis", "redis", false},
        {{.ticket.key.file = "k"}, CONFIG_TOKENS_TICKET, "ticket", "k", true},
        {{.auth = true}, CONFIG_TOKENS_AUTH, "auth", "auth", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(config_token_source(&rows[i].tokens), rows[i].source);
        assert_string_equal(config_token_source_key(&rows[i].tokens), rows[i].key);
        assert_string_equal(config_token_source_name(&rows[i].tokens), rows[i].name);
        assert_int_equal(config_tokens_may_use_tls(&rows[i].tokens), rows[i].tls);
    }
    assert_int_equal(config_token_source(&(struct config_tokens){0}), CONFIG_TOKENS_NONE);
}

static void finds_a_text_in_a_list(void **state)
{
    static const char *const items[] = {"any", "desk"};
    const struct config_texts texts = {items, WSL_COUNT(items)}, none = {0};
    assert_true(config_texts_has(&texts, SLICE("any")));
    assert_true(config_texts_has(&texts, SLICE("desk")));
    assert_false(config_texts_has(&texts, SLICE("des")));
    assert_false(config_texts_has(&texts, SLICE("desks")));
    assert_false(config_texts_has(&texts, SLICE("Any")));
    assert_false(config_texts_has(&none, SLICE("any")));
}

static void a_route_asks_before_its_listener(void **state)
{
    struct config_auth methods[1];
    const struct config_auth_set set = {.methods = methods, .count = 1};
    const struct config_listener guarded = {.auth = set}, open = {0};
    const struct config_route own = {.auth = set}, plain = {0},
                              health = {.kind = CONFIG_KIND_HEALTH},
                              own_health = {.kind = CONFIG_KIND_HEALTH, .auth = set};
    assert_ptr_equal(config_auth_of(&guarded, &own), &own.auth);
    assert_ptr_equal(config_auth_of(&guarded, &plain), &guarded.auth);
    assert_int_equal(config_auth_of(&guarded, &health)->count, 0);
    assert_ptr_equal(config_auth_of(&guarded, &own_health), &own_health.auth);
    assert_int_equal(config_auth_of(&open, &plain)->count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_the_source_of_secrets),
        cmocka_unit_test(remembers_its_files),
        cmocka_unit_test(counts_references),
        cmocka_unit_test(names_a_route_by_its_path),
        cmocka_unit_test(reserves_headers_of_framing_and_handshake),
        cmocka_unit_test(prints_an_address_as_it_is_written),
        cmocka_unit_test(addresses_are_the_same_if_each_member_is),
        cmocka_unit_test(each_source_of_tokens_has_a_name),
        cmocka_unit_test(finds_a_text_in_a_list),
        cmocka_unit_test(a_route_asks_before_its_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
