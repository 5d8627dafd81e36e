#include "run/passwd/password_prompt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static struct password_typed typed;

static enum password_prompt read_from(const char *text, size_t length)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, length), length);
    close(ends[1]);
    enum password_prompt result = password_prompt_read(ends[0], stderr, "not printed", &typed);
    close(ends[0]);
    return result;
}

static void assert_line(const char *text, const char *wanted)
{
    assert_int_equal(read_from(text, strlen(text)), PASSWORD_PROMPT_READ);
    assert_true(slice_equal(password_prompt_slice(&typed), slice_of(wanted)));
}

static void test_reads_one_line_of_a_pipe(void **state)
{
    assert_line("sesame\n", "sesame");
    assert_line("sesame", "sesame");
    assert_line("sesame\r\n", "sesame");
    assert_line(" se same \nmore\n", " se same ");
    assert_int_equal(read_from("", 0), PASSWORD_PROMPT_NOTHING);
    assert_int_equal(read_from("\n", 1), PASSWORD_PROMPT_NOTHING);
    assert_int_equal(read_from("\r\n", 2), PASSWORD_PROMPT_NOTHING);
}

static void test_has_a_limit(void **state)
{
    char text[PASSWORD_MAX + 3];
    memset(text, 'p', sizeof(text));
    text[PASSWORD_MAX] = '\r';
    text[PASSWORD_MAX + 1] = '\n';
    assert_int_equal(read_from(text, PASSWORD_MAX + 2), PASSWORD_PROMPT_READ);
    assert_int_equal(typed.length, PASSWORD_MAX);
    memset(text, 'p', sizeof(text));
    assert_int_equal(read_from(text, PASSWORD_MAX), PASSWORD_PROMPT_READ);
    assert_int_equal(read_from(text, PASSWORD_MAX + 1), PASSWORD_PROMPT_LONG);
    assert_int_equal(read_from(text, PASSWORD_MAX + 3), PASSWORD_PROMPT_LONG);
}

static void test_without_input(void **state)
{
    assert_int_equal(password_prompt_read(-1, stderr, "", &typed), PASSWORD_PROMPT_FAILED);
}

/* ---- a terminal ---- */

struct terminal {
    int master, slave;
};

static struct terminal open_terminal(void)
{
    struct terminal terminal = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    assert_true(terminal.master >= 0 && grantpt(terminal.master) == 0 &&
                unlockpt(terminal.master) == 0);
    terminal.slave = open(ptsname(terminal.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal.slave >= 0);
    return terminal;
}

/* All that the terminal shows up to `end`, within two seconds for each piece. */
static void expect(struct terminal *terminal, char *shown, size_t size, const char *end)
{
    size_t length = 0;
    alarm(10);
    while (length + 1 < size) {
        ssize_t n = read(terminal->master, shown + length, size - 1 - length);
        assert_true(n > 0);
        length += (size_t)n;
        shown[length] = '\0';
        if (strstr(shown, end))
            break;
    }
    alarm(0);
}

/* The child asks in the terminal, which is the one that controls it; its status is the result. */
static pid_t ask_in_child(struct terminal *terminal)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    setsid();
    int fd = open(ptsname(terminal->master), O_RDWR); /* becomes the controlling terminal */
    FILE *out = fdopen(fd, "r+");
    if (!out)
        _exit(90);
    enum password_prompt result = password_prompt_read(fd, out, "Password: ", &typed);
    if (result == PASSWORD_PROMPT_READ)
        fprintf(out, "[%.*s]", (int)typed.length, typed.bytes);
    fflush(out);
    _exit((int)result);
}

static bool shows_input(const struct terminal *terminal)
{
    struct termios modes;
    assert_int_equal(tcgetattr(terminal->slave, &modes), 0);
    return modes.c_lflag & ECHO;
}

static void test_a_terminal_shows_nothing(void **state)
{
    char shown[256];
    int status;
    struct terminal terminal = open_terminal();
    pid_t pid = ask_in_child(&terminal);
    expect(&terminal, shown, sizeof(shown), "Password: ");
    assert_false(shows_input(&terminal));
    assert_int_equal(write(terminal.master, "sesamX\177e\n", 9), 9); /* with a correction */
    expect(&terminal, shown, sizeof(shown), "]");
    assert_string_equal(shown, "\r\n[sesame]");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSWORD_PROMPT_READ);
    assert_true(shows_input(&terminal));
    close(terminal.master);
    close(terminal.slave);
}

static void test_a_signal_ends_it_and_restores_the_terminal(void **state)
{
    static const struct {
        const char *key; /* NULL: the signal itself */
        int signal;
    } ends[] = {{"\003", SIGINT}, {NULL, SIGTERM}};
    for (size_t i = 0; i < WSL_COUNT(ends); i++) {
        char shown[256];
        int status;
        struct terminal terminal = open_terminal();
        pid_t pid = ask_in_child(&terminal);
        expect(&terminal, shown, sizeof(shown), "Password: ");
        if (ends[i].key)
            assert_int_equal(write(terminal.master, ends[i].key, 1), 1);
        else
            assert_int_equal(kill(pid, ends[i].signal), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == ends[i].signal);
        assert_true(shows_input(&terminal));
        close(terminal.master);
        close(terminal.slave);
    }
}

/* Its job control belongs to no shell here, so the stop itself is not sent; the question repeats.
 */
static void test_asks_again_after_a_signal_that_does_not_end_it(void **state)
{
    char shown[256];
    int status;
    struct terminal terminal = open_terminal();
    signal(SIGHUP, SIG_IGN);
    pid_t pid = ask_in_child(&terminal);
    signal(SIGHUP, SIG_DFL);
    expect(&terminal, shown, sizeof(shown), "Password: ");
    assert_int_equal(kill(pid, SIGHUP), 0);
    expect(&terminal, shown, sizeof(shown), "Password: ");
    assert_int_equal(write(terminal.master, "sesame\n", 7), 7);
    expect(&terminal, shown, sizeof(shown), "]");
    assert_non_null(strstr(shown, "[sesame]"));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(terminal.master);
    close(terminal.slave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_one_line_of_a_pipe),
        cmocka_unit_test(test_has_a_limit),
        cmocka_unit_test(test_without_input),
        cmocka_unit_test(test_a_terminal_shows_nothing),
        cmocka_unit_test(test_a_signal_ends_it_and_restores_the_terminal),
        cmocka_unit_test(test_asks_again_after_a_signal_that_does_not_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
