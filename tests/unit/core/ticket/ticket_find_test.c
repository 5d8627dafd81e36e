#include "core/ticket/ticket_find.h"

#include "lib/head_of.h"

static char text[HEAD_OF_TEXT], out[TOKEN_MAX];
static struct slice ticket;

static enum token_find_verdict find(const char *places, const char *target, const char *fields)
{
    char copy[200];
    const char *items[8];
    struct config_texts texts = {items, 0};
    char *rest;
    snprintf(copy, sizeof(copy), "%s", places);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        items[texts.count++] = word;
    struct http_head head = head_of(target, fields, text);
    ticket = (struct slice){0};
    return ticket_find_in(&texts, &head, out, &ticket);
}

static void test_places(void **state)
{
    static const struct {
        const char *places, *target, *fields, *ticket;
    } rows[] = {
        {"header", "/", "Authorization: Bearer a.b.c\r\n", "a.b.c"},
        {"header", "/", "authorization: bEARER   a.b.c  \r\n", "a.b.c"},
        {"header", "/", "Authorization: Bearer\r\n", NULL},
        {"header", "/", "Authorization: Bearer \r\n", NULL},
        {"header", "/", "Authorization: a.b.c\r\n", NULL},
        {"header", "/", "Authorization: Basic a.b.c\r\n", NULL},
        {"header", "/", "Authorization: Bearers a.b.c\r\n", NULL},
        {"header", "/?ticket=a", "X-Authorization: Bearer a\r\n", NULL},
        {"query:ticket", "/?x=1&ticket=a.b-_", "", "a.b-_"},
        {"query:ticket", "/?tickets=a", "Authorization: Bearer b\r\n", NULL},
        {"cookie:ticket", "/", "Cookie: a=b; ticket=a.b\r\n", "a.b"},
        {"header:X-Jwt", "/", "X-Jwt: a.b\r\n", "a.b"},
        {"subprotocol", "/", "Sec-WebSocket-Protocol: binary, bearer.a.b.c\r\n", "a.b.c"},
        {"header query:t", "/?t=q", "Authorization: Bearer h\r\n", "h"},
        {"query:t header", "/?t=q", "Authorization: Bearer h\r\n", "q"},
        {"query:t header", "/", "Authorization: Bearer h\r\n", "h"},
        {"", "/", "Authorization: Bearer h\r\n", NULL},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        enum token_find_verdict verdict = find(rows[i].places, rows[i].target, rows[i].fields);
        assert_int_equal(verdict, rows[i].ticket ? TOKEN_FIND_FOUND : TOKEN_FIND_NONE);
        if (rows[i].ticket && !slice_equal(ticket, slice_of(rows[i].ticket)))
            fail_msg("%s: %.*s", rows[i].ticket, (int)ticket.len, ticket.ptr);
    }
}

static void test_long_tickets(void **state)
{
    static char fields[TOKEN_MAX + 100];
    for (int length = TOKEN_MAX; length <= TOKEN_MAX + 1; length++) {
        snprintf(fields, sizeof(fields), "Authorization: Bearer %0*d\r\n", length, 1);
        assert_int_equal(find("header", "/", fields),
                         length > TOKEN_MAX ? TOKEN_FIND_LONG : TOKEN_FIND_FOUND);
        assert_int_equal(ticket.len, length > TOKEN_MAX ? 0 : TOKEN_MAX);
    }
}

static void test_parts(void **state)
{
    static const char *const query[] = {"header", "query:t"}, *const cookie[] = {"cookie:t"};
    struct config_auth auth[] = {
        {.header = {.name = "X-User"}},
        {.ticket = {.key = {.file = "k"}, .from = {cookie, 1}}},
        {.ticket = {.key = {.file = "k"}, .from = {query, 2}}},
    };
    struct config_auth_set set = {.methods = auth, .count = 2};
    assert_int_equal(ticket_find_parts(&set), 0);
    set.count = 3;
    assert_int_equal(ticket_find_parts(&set), TOKEN_IN_QUERY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_long_tickets),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
