/* tests/box runs the completions in their shells. */
#include "run/help/cli_completion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/args/cli_flag.h"
#include "run/cli/cli_commands.h"

static char *page(const char *shell)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_true(cli_completion_print(cli_commands_list(), shell, stream));
    fclose(stream);
    return text;
}

/* "--log-file" is not in "--log-filename". */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = text; (p = strstr(p, word)); p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz-", p[length]))
            return true;
    return false;
}

static void every_shell_has_every_command_and_flag(void **state)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        char *text = page(shells[i]);
        const struct cli_command_list *list = cli_commands_list();
        struct cli_flag flag;
        for (size_t cursor = 0; cli_flag_next(NULL, &cursor, &flag);)
            assert_true(has_word(text, flag.flag->name));
        for (size_t j = 0; j < list->count; j++) {
            assert_true(has_word(text, list->commands[j]->name));
            for (size_t cursor = 0; cli_flag_next(list->commands[j], &cursor, &flag);)
                assert_true(has_word(text, flag.flag->name));
        }
        free(text);
    }
}

static void other_shells_are_not_known(void **state)
{
    assert_false(cli_completion_print(cli_commands_list(), "tcsh", stdout));
    assert_false(cli_completion_print(cli_commands_list(), "", stdout));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shell_has_every_command_and_flag),
        cmocka_unit_test(other_shells_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
