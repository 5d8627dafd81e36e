#include "run/quick/quick_tokens.h"

#include "lib/cli_run.h"

/* What the option of a class is set to; NULL: nothing. */
static void each_class_sets_the_option_of_its_source(void **state)
{
    static const struct {
        const char *line;
        enum config_token_source source;
        const char *end;
    } cases[] = {
        {"--token-plugin TokenFile --token-source f 6080", CONFIG_TOKENS_FILE, "f"},
        {"--token-plugin=ReadOnlyTokenFile --token-source=f 6080", CONFIG_TOKENS_FILE, "f"},
        {"--target-config f 6080", CONFIG_TOKENS_FILE, "f"},
        {"--token-plugin TokenFileName --token-source . 6080", CONFIG_TOKENS_DIRECTORY, "."},
        {"--token-plugin=websockify.token_plugins.TokenFileName --token-source=. 6080",
         CONFIG_TOKENS_DIRECTORY, "."},
        {"--token-plugin UnixDomainSocketDirectory --token-source . 6080", CONFIG_TOKENS_SOCKETS,
         "."},
        {"--token-plugin=websockify.token_plugins.UnixDomainSocketDirectory --token-source=. 6080",
         CONFIG_TOKENS_SOCKETS, "."},
        {"--token-source=x --token-plugin=BaseTokenAPI --token-source=http://h:1/%s/a%%20 6080",
         CONFIG_TOKENS_HTTP, "http://h:1/{token}/a%20"},
        {"--token-plugin JSONTokenApi --token-source https://h/d?n=%s 6080", CONFIG_TOKENS_HTTP,
         "https://h/d?n={token}"},
        {"--token-plugin JWTTokenApi --token-source key.pem 6080", CONFIG_TOKENS_TICKET, "key.pem"},
        {"--token-plugin=websockify.token_plugins.JWTTokenApi --token-source=key 6080",
         CONFIG_TOKENS_TICKET, "key"},
        {"--token-plugin=TokenFileName --token-plugin=TokenFile --token-source=f 6080",
         CONFIG_TOKENS_FILE, "f"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct run run;
        accepts(&run, cases[i].line);
        const struct config_tokens *tokens = &run.route->tokens;
        assert_int_equal(config_token_source(tokens), cases[i].source);
        const char *set = config_token_source_name(tokens), *end = cases[i].end;
        assert_true(strlen(set) >= strlen(end));
        assert_string_equal(set + strlen(set) - strlen(end), end);
        assert_true(config_texts_has(&tokens->permit, SLICE("any")));
        done(&run);
    }
}

/* websockify knows some of them, so that they are no errors of usage: another status. */
static void classes_that_do_not_exist_are_refused(void **state)
{
    static const char *const lines[][2] = {
        {"--token-plugin=Nope --token-source=f 7",
         "there is no such class: 'Nope'; use TokenFile, ReadOnlyTokenFile, TokenFileName, "
         "UnixDomainSocketDirectory, BaseTokenAPI, JSONTokenApi, TokenRedis or JWTTokenApi"},
        {"--token-plugin=my.Own --token-source=f 7", "Python classes cannot be loaded: 'my.Own'"},
        {"--token-plugin=websockify.other.TokenFile --token-source=f 7", "cannot be loaded"},
    };
    for (size_t i = 0; i < WSL_COUNT(lines); i++)
        refuses(lines[i][0], 1, lines[i][1]);
}

static void sources_that_are_wrong_are_refused(void **state)
{
    static const char *const lines[][2] = {
        {"--token-plugin=JSONTokenApi --token-source=http://h/ 7",
         "--token-source: must be a URL with one %s"},
        {"--token-plugin=JSONTokenApi --token-source=http://h/%s/%s 7",
         "must be a URL with one %s"},
        {"--token-plugin=JSONTokenApi --token-source=http://h/%s/%20 7", "any other % is doubled"},
        {"--token-plugin=BaseTokenAPI --token-source=f%s 7", "--token-source"},
        {"--token-plugin=TokenRedis --token-source=h:1:2:3:4:5 7", "must be HOST[:PORT"},
        {"--token-plugin=TokenRedis --token-source=h:x 7", "has no valid port"},
    };
    for (size_t i = 0; i < WSL_COUNT(lines); i++)
        refuses(lines[i][0], 2, lines[i][1]);
}

/* As websockify has it: no exp is needed, aud does not count, the file is what its class reads. */
static void tickets_are_taken_as_websockify_takes_them(void **state)
{
    struct run run;
    accepts(&run, "--token-plugin JWTTokenApi --token-source key 6080");
    const struct config_ticket *ticket = &run.route->tokens.ticket;
    assert_int_equal(ticket->key.algorithm, CONFIG_TICKET_WEBSOCKIFY);
    assert_true(ticket->unlimited && !ticket->target && !ticket->single_use);
    assert_int_equal(ticket->audiences.count, 1);
    assert_string_equal(ticket->audiences.items[0], "*");
    assert_true(run.route->tokens.target.tls_on_demand);
    done(&run);
}

static void a_permit_narrows_the_targets(void **state)
{
    struct run run;
    accepts(&run, "--permit=10.0.0.0/8:*,desk-*.lan:5900 --target-config f 6080");
    assert_int_equal(run.route->tokens.permit.count, 2);
    assert_true(config_texts_has(&run.route->tokens.permit, SLICE("desk-*.lan:5900")));
    done(&run);
    refuses("--permit=desk --target-config f 6080", 2, "--permit: must have a port");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(each_class_sets_the_option_of_its_source),
        IN_DIRECTORY(classes_that_do_not_exist_are_refused),
        IN_DIRECTORY(sources_that_are_wrong_are_refused),
        IN_DIRECTORY(tickets_are_taken_as_websockify_takes_them),
        IN_DIRECTORY(a_permit_narrows_the_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
