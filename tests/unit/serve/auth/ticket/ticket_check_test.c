#include "serve/auth/ticket/ticket_check.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_file.h"
#include "serve/auth/ticket/ticket_used.h"

static const struct config_ticket plain = {.key = {.file = ticket_file_path}, .leeway_ms = 1000};
static struct ticket_facts facts;
static char text[200];

static struct ticket_check *check_of(const struct config_ticket *config, struct ticket_used *used)
{
    struct ticket_check *check = ticket_check_create(config, false, used, text, sizeof(text));
    if (!check)
        fail_msg("%s", text);
    return check;
}

static enum ticket_verdict verify(struct ticket_check *check, int64_t lifetime, const char *more,
                                  bool uses_up)
{
    char *token = ticket_file_ticket(lifetime, more);
    const struct ticket_shown shown = {slice_of(token), NULL, uses_up};
    enum ticket_verdict verdict = ticket_check_verify(check, &shown, &facts);
    ticket_check_explain(verdict, &facts, text, sizeof(text));
    free(token);
    return verdict;
}

static void test_verdicts(void **state)
{
    struct ticket_check *check = check_of(&plain, NULL);
    assert_int_equal(verify(check, 60, ",\"sub\":\"ann\"", true), TICKET_VALID);
    assert_string_equal(facts.user, "ann");
    assert_int_equal(ticket_check_session_end(check, &facts), 0);
    assert_int_equal(verify(check, -60, "", true), TICKET_EXPIRED);
    assert_string_equal(text, "the ticket has expired");
    assert_int_equal(verify(check, 60, ",\"sub\":7", true), TICKET_CLAIMS);
    assert_string_equal(text, "a claim of the ticket is malformed: sub");
    unlink(ticket_file_path);
    assert_int_equal(verify(check, 60, "", true), TICKET_NO_KEYS);
    assert_string_equal(text, "the file of the ticket key is gone");
    ticket_check_free(check);
    assert_null(ticket_check_create(&plain, false, NULL, text, sizeof(text)));
    ticket_check_free(NULL);
}

static void test_one_use(void **state)
{
    struct ticket_used *used = ticket_used_create(2);
    struct config_ticket config = plain;
    config.single_use = true;
    struct ticket_check *check = check_of(&config, used);
    assert_int_equal(verify(check, 60, ",\"jti\":\"a\"", false), TICKET_VALID);
    assert_int_equal(verify(check, 60, ",\"jti\":\"a\"", true), TICKET_VALID);
    assert_int_equal(verify(check, 60, ",\"jti\":\"a\"", true), TICKET_USED);
    assert_int_equal(verify(check, 60, "", true), TICKET_MISSING);
    assert_string_equal(text, "the ticket lacks a claim that is required: jti");
    ticket_check_free(check);
    ticket_used_free(used);
}

static void test_the_end_of_the_session(void **state)
{
    struct config_ticket config = plain;
    config.end_session = config.unlimited = true;
    struct ticket_check *check = check_of(&config, NULL);
    int64_t now = ticket_file_seconds();
    assert_int_equal(verify(check, 60, "", true), TICKET_VALID);
    assert_in_range(ticket_check_session_end(check, &facts), now + 61, now + 63);
    facts.expires_ms = INT64_MAX;
    assert_int_equal(ticket_check_session_end(check, &facts), 0);
    ticket_check_free(check);
}

#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, ticket_file_open, ticket_file_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KEY(test_verdicts),
        WITH_KEY(test_one_use),
        WITH_KEY(test_the_end_of_the_session),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
