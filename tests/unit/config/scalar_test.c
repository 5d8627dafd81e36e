#include "config/scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define GATEWAY "listeners: [\":1\"]\nroutes: [{path: /, target: 'unix:s'}]\n"

static void replaces_variables_and_reads_files(void **state)
{
    struct text_config loaded;
    text_config_load(&loaded, "user: a-${SET}\ngroup: {file: secret}\n" GATEWAY);
    assert_int_equal(loaded.diag.count, 0);
    assert_string_equal(loaded.config->user, "a-value");
    assert_string_equal(loaded.config->group, "content"); /* without its newline */
    text_config_free(&loaded);
}

static void makes_paths_absolute(void **state)
{
    struct text_config loaded;
    text_config_load(&loaded, "pid_file: ./p\nlog: {file: /l}\n" GATEWAY);
    assert_string_equal(loaded.config->pid_file, "/etc/wsluice/p");
    assert_string_equal(loaded.config->log.file, "/l");
    assert_string_equal(loaded.config->routes[0].targets[0].address.path, "/etc/wsluice/s");
    text_config_free(&loaded);
}

static void explains_bad_values(void **state)
{
    text_config_expect("workers: many\n" GATEWAY, "f:1:10: workers: must be a number");
    text_config_expect("workers:\n" GATEWAY, "workers: has no value");
    text_config_expect("workers: [1]\n" GATEWAY, "workers: must be one value, not a list");
    text_config_expect("workers: {a: 1}\n" GATEWAY, "workers: must be one value, not a mapping");
    text_config_expect("user: ${UNSET}\n" GATEWAY, "user: the environment has no UNSET");
    text_config_expect("user: {file: none}\n" GATEWAY, "user: cannot read 'none': No such file");
}

#define SECRET(value)                                                                              \
    "listeners: [{address: ':1', tls: {certificates: [{certificate: c, key_password: " value       \
    "}]}}]\nroutes: [{path: /, target: 'h:1'}]\n"

static void records_the_source_of_secrets(void **state)
{
    static const struct {
        const char *text, *reference;
    } cases[] = {
        {SECRET("hush"), NULL},
        {SECRET("'${SET}'"), "${SET}"},
        {SECRET("'x${SET}'"), NULL},
        {SECRET("{file: secret}"), "/etc/wsluice/secret"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct text_config loaded;
        enum config_secret_source origin;
        text_config_load(&loaded, cases[i].text);
        const char *password = loaded.config->listeners[0].tls.certificates[0].key_password;
        const char *reference = config_secret_source(loaded.config, password, &origin);
        assert_true(string_equal(reference, cases[i].reference));
        text_config_free(&loaded);
    }
}

static void runs_commands(void **state)
{
    struct text_config loaded;
    enum config_secret_source origin;
    text_config_load(&loaded, SECRET("{command: [pass, '${SET}']}"));
    assert_int_equal(loaded.diag.errors, 0);
    const char *password = loaded.config->listeners[0].tls.certificates[0].key_password;
    assert_string_equal(password, "value-2"); /* without its newline */
    assert_string_equal(config_secret_source(loaded.config, password, &origin),
                        "pass\x1fvalue\x1f");
    assert_int_equal(origin, CONFIG_ORIGIN_COMMAND);
    text_config_free(&loaded);
    text_config_expect(SECRET("{command: pass}"), "");
    text_config_expect(SECRET("{command: [no, x]}"),
                       "key_password: cannot run 'no': it has ended with status 1");
    text_config_expect(SECRET("{command: []}"), "key_password: has no program");
    text_config_expect(SECRET("{command: ''}"), "key_password: has no program");
    text_config_expect(SECRET("{command: {a: b}}"), "key_password: must be one value");
    text_config_expect(SECRET("{command: pass, file: secret}"),
                       "key_password: must be one value, not a mapping");
    text_config_expect("user: {command: pass}\n" GATEWAY, "user: must be one value, not a mapping");
}

static void hides_secrets_in_excerpts(void **state)
{
    struct text_config loaded;
    struct text excerpt = {0};
    text_config_load(&loaded, SECRET("hush, oops: 1"));
    assert_true(loaded.diag.count > 0);
    diag_excerpt(&loaded.diag, &loaded.diag.findings[0], &excerpt);
    text_add_byte(&excerpt, '\0');
    assert_null(strstr(excerpt.bytes, "hush"));
    assert_non_null(strstr(excerpt.bytes, "oops"));
    text_free(&excerpt);
    text_config_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_variables_and_reads_files),
        cmocka_unit_test(makes_paths_absolute),
        cmocka_unit_test(explains_bad_values),
        cmocka_unit_test(records_the_source_of_secrets),
        cmocka_unit_test(runs_commands),
        cmocka_unit_test(hides_secrets_in_excerpts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
