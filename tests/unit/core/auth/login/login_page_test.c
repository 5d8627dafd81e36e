#include "core/auth/login/login_page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static char template[32 * 1024];

static int load(void **state)
{
    FILE *file = fopen(WSLUICE_SOURCE "/proxy/pages/login.html", "r");
    if (!file)
        return -1;
    size_t length = fread(template, 1, sizeof(template) - 1, file);
    template[length] = '\0';
    return fclose(file);
}

static char *print(const struct login_page *page)
{
    size_t length;
    char *made = login_page_print(slice_of(template), page, &length);
    assert_non_null(made);
    assert_int_equal(length, strlen(made));
    return made;
}

/* Is the element with this id, or the one around it, without `hidden`? */
static bool shows(const char *made, const char *id)
{
    char text[64];
    snprintf(text, sizeof(text), "id=\"%s\"", id);
    const char *at = strstr(made, text);
    assert_non_null(at);
    const char *end = strchr(at, '>'), *hidden = strstr(at, "hidden");
    assert_non_null(end);
    return !hidden || hidden > end;
}

static bool has(const char *made, const char *text)
{
    return strstr(made, text) != NULL;
}

static void test_every_name_has_a_value(void **state)
{
    for (int i = 0; i < LOGIN_PAGE_STATES; i++) {
        struct login_page page = {.state = (enum login_page_state)i};
        char *made = print(&page);
        assert_false(has(made, "{{") || has(made, "}}"));
        free(made);
        page.user = SLICE("amy");
        made = print(&page);
        assert_false(has(made, "{{"));
        free(made);
    }
    struct login_page page = {.state = LOGIN_PAGE_ASK};
    for (const char *at = template; (at = strstr(at, "{{")); at++) {
        char name[32] = "", one[40];
        size_t length = strcspn(at + 2, "}");
        assert_in_range(length, 1, 30);
        memcpy(name, at + 2, length);
        snprintf(one, sizeof(one), "{{%s}}", name);
        page.title = page.user = page.token = SLICE("x");
        page.everywhere = true;
        page.seconds = 1;
        page.state = LOGIN_PAGE_WAIT;
        bool filled = false;
        for (int i = 0; i < LOGIN_PAGE_STATES; i++) {
            for (int named = 0; named < 2; named++) {
                page.state = (enum login_page_state)i;
                page.user.len = (size_t)named;
                size_t made_length;
                char *made = login_page_print(slice_of(one), &page, &made_length);
                assert_non_null(made);
                filled = filled || made_length > 0;
                free(made);
            }
        }
        if (!filled)
            fail_msg("nothing for %s", one);
    }
}

static void test_states(void **state)
{
    static const struct {
        enum login_page_state state;
        unsigned status;
        bool error, login, logout, again;
        const char *message;
    } rows[] = {
        {LOGIN_PAGE_ASK, 401, false, true, false, false, "role=\"status\"></p>"},
        {LOGIN_PAGE_WRONG, 401, true, true, false, false, ">User name or password is wrong.<"},
        {LOGIN_PAGE_WAIT, 429, true, true, false, false, "Try again in 30 seconds.<"},
        {LOGIN_PAGE_ENDED, 401, false, true, false, false, ">Your login has ended."},
        {LOGIN_PAGE_STALE, 403, true, true, false, false, ">This page was open for too long"},
        {LOGIN_PAGE_FAILED, 503, true, true, false, false, ">Passwords cannot be checked"},
        {LOGIN_PAGE_LEAVE, 200, false, false, true, false, ">You are logged in as .<"},
        {LOGIN_PAGE_LEFT, 200, false, false, false, true, ">You are logged out.<"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct login_page page = {.state = rows[i].state, .seconds = 30};
        char *made = print(&page);
        assert_int_equal(login_page_status(rows[i].state), rows[i].status);
        assert_int_equal(shows(made, "login"), rows[i].login);
        assert_int_equal(shows(made, "logout"), rows[i].logout);
        assert_int_equal(shows(made, "again"), rows[i].again);
        assert_int_equal(has(made, "role=\"alert\""), rows[i].error);
        assert_int_equal(has(made, "<title>Error: "), rows[i].error);
        assert_int_equal(has(made, "data-wait=\"30\""), rows[i].state == LOGIN_PAGE_WAIT);
        assert_int_equal(has(made, "aria-invalid=\"true\""), rows[i].state == LOGIN_PAGE_WRONG);
        if (!has(made, rows[i].message))
            fail_msg("no %s in state %zu", rows[i].message, i);
        free(made);
    }
}

static void test_waits(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } rows[] = {
        {1, "in 1 second."},    {2, "in 2 seconds."},   {90, "in 90 seconds."},
        {91, "in 2 minutes."},  {120, "in 2 minutes."}, {121, "in 3 minutes."},
        {UINT64_MAX, "minute"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct login_page page = {.state = LOGIN_PAGE_WAIT, .seconds = rows[i].seconds};
        char *made = print(&page);
        assert_true(has(made, rows[i].text));
        free(made);
    }
}

/* Texts of the configuration and of the client are texts, not markup. */
static void test_texts_are_escaped(void **state)
{
    struct login_page page = {
        .state = LOGIN_PAGE_WRONG,
        .title = SLICE("<b>\"Desks\" & more</b>"),
        .user = SLICE("\" autofocus onfocus=alert(1) x=\"</form>"),
        .token = SLICE("'\"><script>"),
    };
    char *made = print(&page);
    assert_true(has(made, "<h1>&lt;b&gt;&quot;Desks&quot; &amp; more&lt;/b&gt;</h1>"));
    assert_true(has(made, "value=\"&quot; autofocus onfocus=alert(1) x=&quot;&lt;/form&gt;\""));
    assert_true(has(made, "value=\"&#39;&quot;&gt;&lt;script&gt;\""));
    assert_false(has(made, "<script>'") || has(made, "</form>\""));
    free(made);
}

/* The field that is empty has the focus. */
static void test_focus(void **state)
{
    struct login_page page = {.state = LOGIN_PAGE_ASK};
    char *made = print(&page);
    const char *user = strstr(made, "id=\"user\""), *password = strstr(made, "id=\"password\"");
    const char *focus = strstr(made, " autofocus");
    assert_true(focus && focus > user && focus < password);
    free(made);
    page.user = SLICE("amy");
    made = print(&page);
    assert_true(strstr(made, " autofocus") > strstr(made, "id=\"password\""));
    free(made);
}

static void test_out_of_memory(void **state)
{
    struct login_page page = {.state = LOGIN_PAGE_ASK};
    size_t length;
    failing_alloc_arm(1);
    assert_null(login_page_print(slice_of(template), &page, &length));
    assert_true(failing_alloc_disarm());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_has_a_value),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_focus),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
