/* tests/box reads the page with mandoc. */
#include "run/help/cli_manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/cli/cli_commands.h"

static char *page(void)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cli_manual_print(cli_commands_list(), stream);
    fclose(stream);
    return text;
}

/* The manual escapes each dash. */
static void flag_entry(const struct options_flag *flag, char *entry, size_t size)
{
    const char letter[] = {flag->letter, '\0'};
    size_t used = (size_t)snprintf(entry, size, ".TP\n\\fB%s%s%s\\-\\-", *letter ? "\\-" : "",
                                   letter, *letter ? "\\fR, \\fB" : "");
    for (const char *p = flag->name; *p; p++)
        used += (size_t)snprintf(entry + used, size - used, *p == '-' ? "\\%c" : "%c", *p);
    snprintf(entry + used, size - used, "\\fR");
}

static void every_command_has_an_entry(void **state)
{
    const struct cli_command_list *list = cli_commands_list();
    char *text = page();
    for (size_t i = 0; i < list->count; i++) {
        char entry[80];
        snprintf(entry, sizeof(entry), ".TP\n\\fB%s\\fR", list->commands[i]->name);
        assert_non_null(strstr(text, entry));
        for (size_t j = 0; j < list->commands[i]->flag_count; j++) {
            flag_entry(&list->commands[i]->flags[j], entry, sizeof(entry));
            assert_non_null(strstr(text, entry));
        }
    }
    free(text);
}

static void no_line_is_a_request_by_mistake(void **state)
{
    static const char *const requests[] = {".TH ",  ".SH ",  ".SS ",  ".TP\n", ".B ",
                                           ".br\n", ".PP\n", ".RS\n", ".RE\n"};
    char *text = page();
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        bool known = *line != '.';
        for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
            known |= strncmp(line, requests[i], strlen(requests[i])) == 0;
        assert_true(known && *line != '\'');
        assert_true(strcspn(line, "\n") <= 80 || strncmp(line, ".B ", 3) == 0);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_an_entry),
        cmocka_unit_test(no_line_is_a_request_by_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
