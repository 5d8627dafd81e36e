#include "serve/auth/ticket/ticket_key_urls.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct config_ticket_key plain = {.url = "https://id.example.com/jwks"};

static struct ticket_key_url *get(struct ticket_key_urls *urls,
                                  const struct config_ticket_key *config)
{
    struct ticket_key_url *url = ticket_key_urls_get(urls, config);
    assert_non_null(url);
    return url;
}

/* Timeouts are the method's own; what else differs makes other keys. */
static void test_who_shares_keys(void **state)
{
    struct ticket_key_urls *urls = ticket_key_urls_create();
    struct config_ticket_key others[] = {
        {.url = "https://id.example.com/keys"},
        {.url = plain.url, .ca = "/etc/ca.pem"},
        {.url = plain.url, .algorithm = CONFIG_TICKET_RS256},
    };
    struct config_ticket_key slower = {.url = plain.url, .timeout_ms = 60000, .cache_ms = 1};
    struct ticket_key_url *first = get(urls, &plain);
    struct ticket_key_url *same = get(urls, &slower);
    assert_ptr_equal(first, same);
    ticket_key_url_release(same);
    for (size_t i = 0; i < WSL_COUNT(others); i++) {
        struct ticket_key_url *other = get(urls, &others[i]);
        assert_ptr_not_equal(first, other);
        ticket_key_url_release(other);
    }
    ticket_key_url_release(first);
    ticket_key_urls_free(urls);
    ticket_key_urls_free(NULL);
    ticket_key_url_release(NULL);
}

/* A reload takes what the configuration before holds; what nobody holds is freed. */
static void test_how_long_they_stay(void **state)
{
    struct ticket_key_urls *urls = ticket_key_urls_create();
    const struct config_ticket_key other = {.url = "https://id.example.com/other"};
    struct ticket_key_url *before = get(urls, &plain);
    assert_false(ticket_key_url_is_unused(before)); /* the list has one, too */
    ticket_key_url_release(get(urls, &other));
    struct ticket_key_url *after = get(urls, &plain); /* which drops the other one */
    ticket_key_url_release(before);
    assert_ptr_equal(before, after);
    ticket_key_urls_free(urls);
    assert_true(ticket_key_url_is_unused(after));
    ticket_key_url_release(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_shares_keys),
        cmocka_unit_test(test_how_long_they_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
