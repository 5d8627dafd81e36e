#include "serve/tokens/token_ticket.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/tokens/resolver_answer.h"
#include "lib/ticket_file.h"
#include "serve/auth/ticket/ticket_used.h"

static const struct config_tokens plain = {
    .ticket = {.key = {.file = ticket_file_path}, .leeway_ms = 1000}};
static struct token_destination *destination;
static char text[300];

static struct token_source *source_of(const struct config_tokens *tokens, struct ticket_used *used)
{
    struct token_source *source = token_ticket_create(tokens, used, text, sizeof(text));
    if (!source)
        fail_msg("%s", text);
    return source;
}

static enum reason find(struct token_source *source, int64_t lifetime, const char *more)
{
    char *token = ticket_file_ticket(lifetime, more);
    const struct token_question question = {.token = slice_of(token)};
    enum reason reason;
    token_destination_free(destination);
    destination = calloc(1, sizeof(*destination));
    assert_non_null(destination);
    struct token_wait wait = {.destination = destination};
    assert_true(token_source_find(source, &question, &wait, &reason));
    assert_null(strstr(destination->detail, token));
    free(token);
    return reason;
}

static void free_all(struct token_source *source)
{
    token_destination_free(destination);
    destination = NULL;
    token_source_release(source);
}

#define DESK ",\"host\":\"10.0.0.5\",\"port\":5900"

static void test_host_and_port(void **state)
{
    struct token_source *source = source_of(&plain, NULL);
    assert_int_equal(find(source, 60, DESK ",\"sub\":\"ann\",\"target\":\"other:1\""), REASON_none);
    assert_string_equal(destination->address.host, "10.0.0.5");
    assert_int_equal(destination->address.port, 5900);
    assert_string_equal(destination->chosen_by, "ticket");
    assert_string_equal(destination->answer->user, "ann");
    assert_int_equal(destination->answer->expires, 0);
    assert_int_equal(find(source, -60, DESK), REASON_token_unknown);
    assert_string_equal(destination->detail, "the ticket has expired");
    assert_null(destination->answer);
    assert_int_equal(find(source, 60, ",\"host\":\"desk\""), REASON_token_unknown);
    assert_string_equal(destination->detail, "the ticket lacks a claim that is required: port");
    assert_int_equal(find(source, 60, ",\"host\":\"a b\",\"port\":1"), REASON_token_unknown);
    assert_string_equal(destination->detail, "the ticket names no valid target");
    unlink(ticket_file_path);
    assert_int_equal(find(source, 60, DESK), REASON_token_source);
    assert_string_equal(destination->detail, "the file of the ticket key is gone");
    free_all(source);
    assert_null(token_ticket_create(&plain, NULL, text, sizeof(text)));
    assert_non_null(strstr(text, "No such file"));
}

static void test_a_claim_of_its_own(void **state)
{
    struct config_tokens tokens = plain;
    tokens.ticket.target = "desk";
    tokens.ticket.end_session = true;
    struct token_source *source = source_of(&tokens, NULL);
    int64_t now = ticket_file_seconds();
    assert_int_equal(find(source, 60, ",\"desk\":\"tls://desk:443\""), REASON_none);
    assert_string_equal(destination->address.host, "desk");
    assert_int_equal(destination->answer->tls, RESOLVER_TLS_ON);
    assert_in_range(destination->answer->expires, now + 61, now + 63);
    assert_int_equal(find(source, 60, DESK), REASON_token_unknown);
    assert_int_equal(find(source, 60, ",\"desk\":\"{\\\"target\\\":\\\"a:1\\\"}\""),
                     REASON_token_unknown);
    assert_true(token_source_describe(source, text, sizeof(text)));
    assert_non_null(strstr(text, ticket_file_path));
    free_all(source);
}

static void test_one_use(void **state)
{
    struct ticket_used *used = ticket_used_create(1);
    struct config_tokens tokens = plain;
    tokens.ticket.single_use = true;
    struct token_source *source = source_of(&tokens, used);
    assert_int_equal(find(source, 60, DESK ",\"jti\":\"a\""), REASON_none);
    assert_int_equal(find(source, 60, DESK ",\"jti\":\"a\""), REASON_token_unknown);
    assert_string_equal(destination->detail, "the ticket has been used already");
    assert_int_equal(find(source, 60, DESK ",\"jti\":\"b\""), REASON_token_source);
    assert_string_equal(destination->detail, "too many single-use tickets are remembered");
    free_all(source);
    ticket_used_free(used);
}

#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, ticket_file_open, ticket_file_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KEY(test_host_and_port),
        WITH_KEY(test_a_claim_of_its_own),
        WITH_KEY(test_one_use),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
