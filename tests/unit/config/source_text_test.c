#include "config/source_text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/emulator.h"

static void prints(const char *script, const char *expected)
{
    const char *const words[] = {"sh", "-c", script};
    size_t length;
    char why[160] = "";
    char *text = source_text_run(words, 3, 60000, &length, why, sizeof(why));
    if (!text)
        fail_msg("%s: %s", script, why);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(text, expected, length + 1);
    free(text);
}

static void fails(const char *script, unsigned timeout_ms, const char *expected)
{
    const char *const words[] = {"sh", "-c", script};
    size_t length;
    char why[160] = "";
    assert_null(source_text_run(words, 3, timeout_ms, &length, why, sizeof(why)));
    if (!strstr(why, expected))
        fail_msg("%s: %s", script, why);
}

static void output_of_programs(void **state)
{
    prints("echo one; echo two", "one\ntwo\n");
    prints("printf ''", "");
    prints("cat", ""); /* reads /dev/null */
    prints("exec 3>&1 1>&-; echo late >&3; exec 3>&-", "late\n");
    prints("head -c 65536 /dev/zero | tr '\\0' x | tail -c 3", "xxx");
}

static void programs_that_fail(void **state)
{
    fails("echo secret; exit 3", 60000, "status 3");
    fails("kill -9 $$", 60000, "signal 9");
    fails("head -c 65537 /dev/zero", 60000, "over 64 KiB");
    fails("sleep 1000", 1, "not ended in time");
    fails("exec >&-; sleep 1000", 50, "not ended in time");
    const char *const words[] = {"/no/such/program"};
    size_t length;
    char why[160] = "";
    assert_null(source_text_run(words, 1, 60000, &length, why, sizeof(why)));
    /* posix_spawn(3) learns of it from memory that the child shares; emulators copy it. */
    assert_non_null(strstr(why, is_emulated() ? "status 127" : "No such file"));
    why[0] = '\0';
    assert_null(source_text_run(words, 0, 60000, &length, why, sizeof(why)));
    assert_non_null(strstr(why, "No such file"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

/* The process was started with SIGCHLD ignored: their status is lost. */
static void programs_that_the_kernel_reaps(void **state)
{
    signal(SIGCHLD, SIG_IGN);
    prints("echo one", "one\n");
    fails("exit 3", 60000, "how it has ended is not known");
    signal(SIGCHLD, SIG_DFL);
}

static void files(void **state)
{
    char path[] = "/tmp/wsluice-source-XXXXXX";
    int fd = mkstemp(path);
    size_t length;
    struct stat info;
    const char *why = NULL;
    assert_int_equal(write(fd, "abc\r\n", 5), 5);
    close(fd);
    char *text = source_text_read(path, 5, &length, &info, &why);
    assert_non_null(text);
    assert_int_equal(length, 5);
    assert_null(source_text_trim(text, length));
    assert_string_equal(text, "abc");
    free(text);
    assert_null(source_text_read(path, 4, &length, &info, &why));
    assert_non_null(strstr(why, "larger"));
    unlink(path);
    assert_null(source_text_read(path, 4, &length, &info, &why));
    assert_non_null(strstr(why, "No such file"));
}

static void trims(void **state)
{
    static const struct {
        const char *text, *trimmed;
    } rows[] = {{"a\n", "a"}, {"a\r\n", "a"}, {"a\n\n", "a\n"},
                {"", ""},     {"\n", ""},     {" a ", " a "}};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char *text = strdup(rows[i].text);
        assert_null(source_text_trim(text, strlen(text)));
        assert_string_equal(text, rows[i].trimmed);
        free(text);
    }
    char nul[] = "a\0b";
    assert_non_null(source_text_trim(nul, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_of_programs),
        cmocka_unit_test(programs_that_fail),
        cmocka_unit_test(programs_that_the_kernel_reaps),
        cmocka_unit_test(files),
        cmocka_unit_test(trims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
