#include "run/args/cli_name.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_name(const char *program, bool websockify)
{
    if (cli_name_is_websockify(program) != websockify)
        fail_msg("%s", program);
}

static void knows_its_names(void **state)
{
    assert_name("websockify", true);
    assert_name("/usr/bin/websockify", true);
    assert_name("./websockify", true);
    assert_name("/opt/websockify/run", true);
    assert_name("utils/../utils/websockify/run", true);
    assert_name("websockify/run", true);
    assert_name("/usr/bin/wsluice", false);
    assert_name("/opt/websockify/wsluice", false);
    assert_name("/opt/websockify/run/wsluice", false);
    assert_name("/opt/websockify.old/run", false);
    assert_name("/opt/mywebsockify/run", false);
    assert_name("run", false);
    assert_name("/run", false);
    assert_name("websockify/", false);
    assert_name("", false);
    assert_string_equal(cli_name_of(true), "websockify");
    assert_string_equal(cli_name_of(false), "wsluice");
}

/* "./run", and a link to the folder by another name. */
static void looks_the_folder_up(void **state)
{
    char folder[] = "/tmp/wsluice-name-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_name("./run", false);
    assert_int_equal(mkdir("websockify", 0700), 0);
    assert_int_equal(symlink("websockify", "other"), 0);
    assert_name("other/run", true);
    assert_name("none/run", false);
    assert_int_equal(chdir("websockify"), 0);
    assert_name("./run", true);
    assert_name("../run", false);
    assert_int_equal(chdir(".."), 0);
    unlink("other");
    rmdir("websockify");
    assert_int_equal(chdir("/"), 0);
    rmdir(folder);
}

static void takes_a_path_of_any_length(void **state)
{
    char path[PATH_MAX + 16];
    for (size_t length = PATH_MAX - 8; length < PATH_MAX + 8; length++) {
        memset(path, 'x', length);
        memcpy(path + length, "/run", 5);
        assert_name(path, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_names),
        cmocka_unit_test(looks_the_folder_up),
        cmocka_unit_test(takes_a_path_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
