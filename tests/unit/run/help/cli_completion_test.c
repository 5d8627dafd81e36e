/* Completion and manual page: what tests/box has judged by the programs that read them. */
#include "run/help/cli_completion.h"
#include "run/help/cli_manual.h"

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
    if (shell)
        assert_true(cli_completion_print(cli_commands_list(), shell, stream));
    else
        cli_manual_print(cli_commands_list(), stream);
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

static void every_page_has_every_word(void **state)
{
    static const char *const shells[] = {"bash", "zsh", "fish", NULL};
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        char *text = page(shells[i]);
        const struct cli_command_list *list = cli_commands_list();
        struct cli_flag flag;
        for (size_t cursor = 0; shells[i] && cli_flag_next(NULL, &cursor, &flag);)
            assert_true(has_word(text, flag.flag->name));
        for (size_t j = 0; j < list->count; j++) {
            assert_true(has_word(text, list->commands[j]->name));
            for (size_t cursor = 0; cli_flag_next(list->commands[j], &cursor, &flag);)
                assert_true(has_word(text, flag.flag->name));
        }
        free(text);
    }
}

static void no_line_of_the_manual_is_a_request_by_mistake(void **state)
{
    static const char *const requests[] = {".TH ",  ".SH ",  ".SS ",  ".TP\n", ".B ",
                                           ".br\n", ".PP\n", ".RS\n", ".RE\n"};
    char *text = page(NULL);
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        bool known = *line != '.';
        for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
            known |= strncmp(line, requests[i], strlen(requests[i])) == 0;
        assert_true(known && *line != '\'');
        assert_true(strcspn(line, "\n") <= 80 || strncmp(line, ".B ", 3) == 0);
    }
    free(text);
}

static void every_flag_has_a_group(void **state)
{
    struct cli_flag flag;
    for (size_t cursor = 0; cli_flag_next(NULL, &cursor, &flag);) {
        enum options_section section;
        bool found = false;
        for (size_t i = 0; cli_flag_group(i, &section); i++)
            found |= section == cli_flag_section(&flag);
        assert_true(found);
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
        cmocka_unit_test(every_page_has_every_word),
        cmocka_unit_test(no_line_of_the_manual_is_a_request_by_mistake),
        cmocka_unit_test(every_flag_has_a_group),
        cmocka_unit_test(other_shells_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
