#include "run/ticket/ticket_show.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

#define NOW 1700000000

static char error[200];

/* What is printed; NULL: an error. */
static char *show(const char *token)
{
    char *out;
    size_t size;
    FILE *stream = open_memstream(&out, &size);
    bool shown = ticket_show_print(slice_of(token), NOW, stream, error, sizeof(error));
    fclose(stream);
    if (shown)
        return out;
    free(out);
    return NULL;
}

static void expect(const char *header, const char *payload, const char *wanted)
{
    char *token = ticket_lab_token(NULL, header, payload), *out = show(token);
    if (!out || !strstr(out, wanted))
        fail_msg("%s: %s, not: %s", payload, out ? out : error, wanted);
    assert_non_null(strstr(out, "\nThe signature was not verified"));
    free(out);
    free(token);
}

static void test_parts(void **state)
{
    expect("{\"alg\":\"none\"}", "{\"sub\":\"ann\"}",
           "header: {\"alg\":\"none\"}\nclaims: {\"sub\":\"ann\"}\nThe");
    expect("{}", "{\"exp\":1700000000}", "expires: 2023-11-14 22:13:20 UTC, now\n");
    expect("{}", "{\"exp\":1700000059}", "UTC, in 59s\n");
    expect("{}", "{\"exp\":1700003720}", "UTC, in 1h 2m\n");
    expect("{}", "{\"exp\":1700003659}", "UTC, in 1h\n");
    expect("{}", "{\"iat\":1699740740}", "issued: 2023-11-11 22:12:20 UTC, 3d ago\n");
    expect("{}", "{\"nbf\":1700000001.5}", "valid from: 2023-11-14 22:13:21 UTC, in 1s\n");
    expect("{}", "{\"exp\":1e300}", "claims: {\"exp\":1e300}\nThe");
    expect("{}", "{\"exp\":-1}", "claims: {\"exp\":-1}\nThe");
    expect("{}", "{\"a\":1,\"a\":2}", "cannot be used: two members have the same name.\n");
    expect("{}", "plain", "claims: plain\nThe claims cannot be used: not valid JSON.\n");
}

/* Nothing that a terminal would obey. */
static void test_refuses(void **state)
{
    static const char *const payloads[] = {"{\"a\":\"\x1b[2J\"}", "\x01", "\xFF"};
    for (size_t i = 0; i < WSL_COUNT(payloads); i++) {
        char *token = ticket_lab_token(NULL, "{}", payloads[i]);
        assert_null(show(token));
        free(token);
    }
    assert_null(show(""));
    assert_null(show("e30"));
    assert_null(show("e30.e30"));
    assert_null(show("e3.0.AA"));
    assert_null(show("e30.e3A=.AA"));
    assert_string_equal(error, "the ticket is no JSON Web Token in its compact form");
}

static void test_claims_alone(void **state)
{
    char *out;
    size_t size;
    FILE *stream = open_memstream(&out, &size);
    assert_true(ticket_show_claims(SLICE("e30.eyJhIjoxfQ.AA"), stream, error, sizeof(error)));
    assert_false(ticket_show_claims(SLICE("e30.eyJhIjoxfQ"), stream, error, sizeof(error)));
    fclose(stream);
    assert_string_equal(out, "{\"a\":1}\n");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_claims_alone),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
