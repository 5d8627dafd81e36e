#include "core/tokens/resolver_request.h"

#include "lib/head_of.h"

static struct http_head head;
static const struct client_address nobody = {0};

static bool write_for(const char *template, struct slice token, struct slice user, char **target,
                      char **fields)
{
    const struct resolver_request request = {
        .client = {&head, &nobody, false}, .token = token, .user = user};
    struct text first = {0}, second = {0};
    size_t length;
    bool written = resolver_request_write(&request, template, &first, &second);
    *target = text_take(&first, &length);
    *fields = text_take(&second, &length);
    return written;
}

static void test_the_request(void **state)
{
    char *target, *fields;
    head = head_of_text("GET / HTTP/1.1\r\nHost: desk\r\nOrigin: https://a\r\nCookie: a=b\r\n"
                        "Remote-User: root\r\nAuthorization: x\r\n\r\n");
    assert_true(write_for("/d/{token}?x=1", SLICE("a/b"), (struct slice){0}, &target, &fields));
    assert_string_equal(target, "/d/a%2Fb?x=1");
    assert_string_equal(fields, "Accept: application/json, text/plain\r\nUser-Agent: wsluice\r\n"
                                "X-Forwarded-Proto: http\r\nX-Forwarded-Host: desk\r\n"
                                "Origin: https://a\r\n");
    free(target);
    free(fields);
    assert_true(write_for("/?t={token}", SLICE("\0"), SLICE("ann\r\nX: y"), &target, &fields));
    assert_string_equal(target, "/?t=%00");
    assert_non_null(strstr(fields, "Remote-User: ann??X: y\r\n"));
    free(target);
    free(fields);
}

static void test_tokens_that_are_not_asked(void **state)
{
    static const char *const tokens[] = {"", ".", ".."};
    for (size_t i = 0; i < WSL_COUNT(tokens); i++) {
        char *target, *fields;
        assert_false(
            write_for("/{token}", slice_of(tokens[i]), (struct slice){0}, &target, &fields));
        free(target);
        free(fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_request),
        cmocka_unit_test(test_tokens_that_are_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
