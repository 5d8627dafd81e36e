#include "run/cli/tunnel/tunnel_secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/tunnel_line.h"
#include "run/cli/tunnel/cli_tunnel.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void reads(const char *const *words, const char *text, bool is_password,
                  enum config_secret_source origin, const char *reference)
{
    struct tunnel_line line;
    struct tunnel_secret secret;
    tunnel_line_begin(&line, &cli_tunnel_connect, words);
    assert_true(tunnel_secret_read(&secret, &line.scan, "/here/"));
    assert_string_equal(secret.text, text);
    assert_int_equal(secret.is_password, is_password);
    assert_int_equal(secret.origin, origin);
    assert_string_equal(secret.reference, reference);
    tunnel_secret_free(&secret);
    assert_null(secret.text);
    tunnel_line_end(&line);
}

static void fails(const char *const *words, bool usage, const char *option, const char *message)
{
    struct tunnel_line line;
    struct tunnel_secret secret;
    tunnel_line_begin(&line, &cli_tunnel_connect, words);
    assert_false(tunnel_secret_read(&secret, &line.scan, "/here/"));
    assert_int_equal(secret.usage, usage);
    assert_int_equal(line.diag.errors, 1);
    assert_string_equal(line.diag.findings[0].option, option);
    if (!strstr(line.diag.findings[0].message, message))
        fail_msg("%s: %s", option, line.diag.findings[0].message);
    tunnel_secret_free(&secret);
    tunnel_line_end(&line);
}

static void sources(void **state)
{
    char path[64];
    tunnel_line_file(path, sizeof(path), "hush\n");
    setenv("WSLUICE_TEST_SECRET", "hush", 1);
    reads(WORDS("--bearer-file", path), "hush", false, CONFIG_ORIGIN_FILE, path);
    reads(WORDS("--user=ann", "--password-file", path), "hush", true, CONFIG_ORIGIN_FILE, path);
    reads(WORDS("--credentials-env=WSLUICE_TEST_SECRET"), "hush", false, CONFIG_ORIGIN_ENVIRONMENT,
          "${WSLUICE_TEST_SECRET}");
    reads(WORDS("--user=ann", "--credentials-command=echo hu''sh"), "hush", true,
          CONFIG_ORIGIN_COMMAND,
          "/bin/sh\x1f-c\x1f"
          "echo hu''sh\x1f");
    assert_int_equal(unlink(path), 0);
}

static void none(void **state)
{
    struct tunnel_line line;
    struct tunnel_secret secret;
    tunnel_line_begin(&line, &cli_tunnel_connect, WORDS("ws://a"));
    assert_true(tunnel_secret_read(&secret, &line.scan, "/here/"));
    assert_null(secret.text);
    tunnel_secret_free(&secret);
    tunnel_line_end(&line);
}

static void faults(void **state)
{
    char path[64];
    fails(WORDS("--user=ann"), true, "--user", "needs a password");
    fails(WORDS("--password-file=x"), true, "--password-file", "needs its user");
    fails(WORDS("--user=ann", "--bearer-file=x"), true, "--bearer-file", "--user as well");
    fails(WORDS("--bearer-file=x", "--credentials-env=X"), true, "--credentials-env",
          "--bearer-file as well");
    fails(WORDS("--bearer-file=/no/such/file"), false, "--bearer-file",
          "cannot read '/no/such/file': No such file");
    fails(WORDS("--credentials-env=WSLUICE_TEST_NONE"), false, "--credentials-env",
          "the environment has no WSLUICE_TEST_NONE");
    fails(WORDS("--credentials-command=exit 7"), false, "--credentials-command", "status 7");
    fails(WORDS("--credentials-command=printf 'a\\0b'"), false, "--credentials-command", "NUL");
    tunnel_line_file(path, sizeof(path), "");
    assert_int_equal(truncate(path, 100000), 0);
    fails(WORDS("--bearer-file", path), false, "--bearer-file", "larger than 64 KiB");
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(none),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
