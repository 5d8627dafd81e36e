/* A row of the status goes over a link and comes out the same. */
#include "serve/status/link_row.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/session/life.h"

static struct session_row read;
static struct link_row_storage storage;

static struct slice print(const struct session_row *row, struct text *text)
{
    link_row_print(row, text);
    struct slice rest = text_slice(text), line;
    assert_true(link_message_line(&rest, &line));
    assert_int_equal(rest.len, 0);
    return line;
}

static void test_there_and_back(void **unused)
{
    const struct session_row row = {.id = session_id(3, 2, 17),
                                    .age_ms = 1,
                                    .idle_ms = 2,
                                    .input_ms = 9,
                                    .ping_ms = 3,
                                    .bytes_up = UINT64_MAX,
                                    .bytes_down = 5,
                                    .rate_up = 6,
                                    .rate_down = 7,
                                    .stalled_ms = 8,
                                    .stalled = SESSION_ROW_TARGET_STALLS,
                                    .state = LIFE_CLOSING,
                                    .client = "192.0.2.7:1 & co\n",
                                    .listener = "web",
                                    .route = "/desk\x01",
                                    .user = "Jos\xc3\xa9",
                                    .target = "unix:/x=y"};
    struct text text = {0};
    struct slice line = print(&row, &text);
    assert_true(link_row_parse(line, 4711, &read, &storage));
    assert_true(read.id == row.id && read.process == 4711 && read.state == LIFE_CLOSING);
    assert_true(read.age_ms == 1 && read.idle_ms == 2 && read.ping_ms == 3 && read.input_ms == 9);
    assert_true(read.bytes_up == UINT64_MAX && read.bytes_down == 5);
    assert_true(read.rate_up == 6 && read.rate_down == 7 && read.stalled_ms == 8);
    assert_int_equal(read.stalled, SESSION_ROW_TARGET_STALLS);
    assert_string_equal(read.client, row.client);
    assert_string_equal(read.listener, row.listener);
    assert_string_equal(read.route, row.route);
    assert_string_equal(read.user, row.user);
    assert_string_equal(read.target, row.target);
    assert_true(!read.proxy && !read.tls);
    for (size_t cut = 0; cut < line.len; cut++)
        if (link_row_parse((struct slice){line.ptr, cut}, 1, &read, &storage))
            assert_true(read.client && read.listener && read.route && session_row_state(&read));
    text_free(&text);
}

static void test_rows_of_another_version(void **unused)
{
    assert_true(link_row_parse(SLICE("&id=0-1&state=floating&stalled=255&mood=good&age_ms=old"), 1,
                               &read, &storage));
    assert_string_equal(session_row_state(&read), "unknown");
    assert_true(read.stalled < 4 && read.age_ms == 0 && read.ping_ms == SESSION_ROW_NEVER &&
                read.input_ms == SESSION_ROW_NEVER);
    assert_false(link_row_parse(SLICE(""), 1, &read, &storage));
    assert_false(link_row_parse(SLICE("&state=open"), 1, &read, &storage));
    assert_false(link_row_parse(SLICE("&id=one"), 1, &read, &storage));
}

static void test_long_texts_are_cut(void **unused)
{
    static char route[3 * LINK_ROW_TEXT];
    struct text text = {0};
    memset(route, '&', sizeof(route) - 1);
    const struct session_row row = {
        .id = session_id(0, 0, 1), .client = "", .listener = "", .route = route};
    assert_true(link_row_parse(print(&row, &text), 1, &read, &storage));
    assert_int_equal(strlen(read.route), LINK_ROW_TEXT - 1);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_rows_of_another_version),
        cmocka_unit_test(test_long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
