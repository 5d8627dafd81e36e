#include "run/check/check.h"

#include "lib/check_lab.h"

/* Files are looked at although the configuration has errors, except where these are. */
static void test_findings_of_all_kinds_together(void **unused)
{
    assert_false(check_lab_run("pid_file: nowhere/pid\n"
                               "listeners: [{address: \"127.0.0.1:0\"}]\n"
                               "routes:\n"
                               "  - {path: /a, target: \"tcp://h:1\", idle_timout: 3s}\n"
                               "  - {path: /b/*, files: nothing}\n"
                               "  - {files: nothing}\n",
                               true));
    check_lab_finds("gateway.yaml:1:1: pid_file: pid file '");
    check_lab_finds("gateway.yaml:4:");
    check_lab_finds("did you mean idle_timeout?");
    check_lab_finds("gateway.yaml:5:18: routes[1].files.root: files '");
    assert_string_equal(lab.out, ""); /* the target was not tried */
    assert_false(check_lab_run("listeners: [\n", true));
}

/* As root, what the process opens later is looked at as the user that it becomes. */
static void test_the_user_of_the_file(void **unused)
{
    static const char text[] = "user: nobody\n"
                               "listeners: [{address: \"127.0.0.1:0\"}]\n"
                               "routes: [{path: /, tokens: {from: host, file: tokens}}]\n";
    check_lab_write("tokens", "a: h:1\n");
    assert_int_equal(chmod("tokens", 0600), 0);
    bool good = check_lab_run(text, false);
    if (geteuid() != 0) {
        assert_true(good);
        check_lab_finds("warning: gateway.yaml:1:1: user: files are looked at as user ");
        return;
    }
    assert_false(good);
    check_lab_finds("user nobody (uid ");
    check_lab_finds(" may not read it; give it access\n");
    assert_int_equal(geteuid(), 0);
    assert_int_equal(chmod("tokens", 0644), 0);
    assert_true(check_lab_run(text, false));
    assert_false(check_lab_run("user: nosuchuser\nlisteners: [\"127.0.0.1:0\"]\n"
                               "routes: [{path: /, host: h, target: \"tcp://h:1\"}]\n",
                               false));
    assert_int_equal(check_lab_count(), 1);
}

/* The line of a start, and a file that it would lose; where there is no Landlock, why not. */
static void test_the_sandbox(void **unused)
{
    static const char text[] = "sandbox: %s\n"
                               "listeners: [{address: \"127.0.0.1:0\"}]\n"
                               "routes: [{path: /, host: h, tokens: {from: host, file: "
                               "/etc/passwd}}]\n";
    char config[sizeof(text) + 16];
    snprintf(config, sizeof(config), text, "off");
    (void)check_lab_run(config, false);
    assert_null(strstr(lab.out, "sandbox: "));
    snprintf(config, sizeof(config), text, "require");
    (void)check_lab_run(config, false);
    if (strstr(lab.findings, "sandbox: require, but"))
        return;
    if (geteuid() == 0)
        check_lab_finds("routes[].tokens.file: '/etc/passwd' is in a folder that is not in");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_LAB(test_findings_of_all_kinds_together),
        IN_LAB(test_the_user_of_the_file),
        IN_LAB(test_the_sandbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
