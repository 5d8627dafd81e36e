#include "serve/tokens/token_auth.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/tokens/resolver_answer.h"
#include "lib/failing_alloc.h"

static struct token_source *source;
static struct token_destination *destination;

static enum reason find(const char *target)
{
    const struct token_question question = {.token = slice_of(target), .chosen_by = "forward"};
    enum reason reason;
    token_destination_free(destination);
    destination = calloc(1, sizeof(*destination));
    assert_non_null(destination);
    struct token_wait wait = {.destination = destination};
    assert_true(token_source_find(source, &question, &wait, &reason));
    return reason;
}

static void test_takes_what_auth_names(void **state)
{
    char text[100];
    source = token_auth_create(text, sizeof(text));
    assert_non_null(source);
    assert_int_equal(find("10.0.0.5:5900"), REASON_none);
    assert_string_equal(destination->address.host, "10.0.0.5");
    assert_int_equal(destination->address.port, 5900);
    assert_string_equal(destination->chosen_by, "forward");
    assert_int_equal(find("tls://desk:443"), REASON_none);
    assert_int_equal(destination->answer->tls, RESOLVER_TLS_ON);
    assert_int_equal(find("unix:/run/desk"), REASON_none);
    assert_int_equal(destination->address.kind, CONFIG_ADDRESS_UNIX);
    assert_int_equal(find("{\"target\":\"a:1\"}"), REASON_token_source);
    assert_string_equal(destination->detail, "auth names no valid target");
    assert_true(token_source_describe(source, text, sizeof(text)));
    assert_string_equal(text, "tokens: the targets that auth names");
    token_destination_free(destination);
    token_source_release(source);
}

static void test_says_when_memory_ends(void **state)
{
    char text[100];
    failing_alloc_arm(1);
    source = token_auth_create(text, sizeof(text));
    assert_true(failing_alloc_disarm());
    assert_null(source);
    assert_string_equal(text, "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_what_auth_names),
        cmocka_unit_test(test_says_when_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
