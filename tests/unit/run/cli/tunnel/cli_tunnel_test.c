#include "run/cli/tunnel/cli_tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "lib/tunnel_line.h"
#include "run/cli/cli_commands.h"

struct run {
    struct cli_result result;
    char *words[16], *out, *err;
};

static void run(struct run *run, const char *const *words)
{
    size_t out_size, err_size;
    int count = 0;
    *run = (struct run){0};
    FILE *out = open_memstream(&run->out, &out_size), *err = open_memstream(&run->err, &err_size);
    for (; words[count]; count++)
        run->words[count] = strdup(words[count]);
    assert_true(cli_commands_run(count, run->words, out, err, &run->result));
    fclose(out);
    fclose(err);
}

static void end(struct run *run)
{
    cli_result_free(&run->result);
    for (size_t i = 0; run->words[i]; i++)
        free(run->words[i]);
    free(run->out);
    free(run->err);
}

#define RUN(...) run(&one, (const char *const[]){"wsluice", __VA_ARGS__, NULL})

static void runs(void **state)
{
    struct run one;
    RUN("connect", "wss://gate/ssh", "-H", "Cookie: hush");
    assert_int_equal(one.result.action, CLI_CONNECT);
    assert_string_equal(one.result.config->routes[0].targets[0].ws.headers[0].value, "hush");
    assert_string_equal(one.words[4], ""); /* not for ps */
    assert_string_equal(one.err, "");
    end(&one);
    RUN("forward", "1", "wss://gate/ssh");
    assert_int_equal(one.result.action, CLI_RUN);
    assert_true(one.result.config->listeners[0].raw);
    end(&one);
}

static void reads_credentials_again(void **state)
{
    struct run one;
    struct diag diag;
    char path[64];
    tunnel_line_file(path, sizeof(path), "one\n");
    RUN("forward", "1", "wss://gate", "-HX: hush", "--bearer-file", path);
    assert_string_equal(one.result.config->routes[0].targets[0].ws.bearer, "one");
    FILE *file = fopen(path, "w");
    fputs("two\n", file);
    fclose(file);
    diag_init(&diag);
    const struct config *again = one.result.again(&one.result.memory, &diag);
    assert_non_null(again);
    assert_string_equal(again->routes[0].targets[0].ws.bearer, "two");
    assert_string_equal(again->routes[0].targets[0].ws.headers[0].value, "hush");
    config_release(again);
    unlink(path);
    assert_null(one.result.again(&one.result.memory, &diag));
    assert_int_equal(diag.errors, 1);
    diag_free(&diag);
    end(&one);
}

static void prints(void **state)
{
    struct run one;
    setenv("WSLUICE_TEST_SECRET", "hush", 1);
    RUN("connect", "wss://gate/ssh", "--credentials-env=WSLUICE_TEST_SECRET", "--print-config");
    assert_int_equal(one.result.action, CLI_EXIT);
    assert_int_equal(one.result.exit_status, 0);
    assert_non_null(strstr(one.out, "address: wss://gate:443/ssh\n"));
    assert_non_null(strstr(one.out, "bearer: \"${WSLUICE_TEST_SECRET}\"\n"));
    assert_null(strstr(one.out, "hush"));
    end(&one);
}

static void fails(void **state)
{
    struct run one;
    RUN("forward", "1", "wss://gate", "2");
    assert_int_equal(one.result.exit_status, CLI_STATUS_USAGE);
    assert_non_null(strstr(one.err, "needs its URL"));
    end(&one);
    RUN("connect", "gate");
    assert_int_equal(one.result.exit_status, CLI_STATUS_USAGE);
    end(&one);
    RUN("connect", "wss://gate", "--bearer-file=/no/such/file");
    assert_int_equal(one.result.exit_status, CLI_STATUS_FAILED);
    assert_non_null(strstr(one.err, "wsluice: error: --bearer-file: cannot read"));
    end(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),
        cmocka_unit_test(reads_credentials_again),
        cmocka_unit_test(prints),
        cmocka_unit_test(fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
