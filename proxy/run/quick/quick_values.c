#include "run/quick/quick_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/text/secret.h"
#include "config/options/snapshot.h"
#include "run/quick/cli_plugin.h"

bool quick_values_open_section(struct quick *quick, enum options_section section)
{
    enum options_section parent = options_section(section)->parent;
    if (!quick->objects[section] && quick_values_open_section(quick, parent))
        quick->objects[section] = snapshot_open(quick->config, section, quick->objects[parent]);
    return quick->objects[section] != NULL;
}

enum value_verdict quick_values_set(struct quick *quick, const struct options_row *row,
                                    const char *text, char *why, size_t why_size)
{
    char *path = quick_values_open_section(quick, row->section)
                     ? cli_line_absolute(quick->line, row, text)
                     : NULL;
    if (!path) {
        snprintf(why, why_size, "out of memory");
        return VALUE_NO_MEMORY;
    }
    enum value_verdict verdict =
        snapshot_set(quick->config, row, quick->objects[row->section], path, why, why_size);
    secret_free_text(path); /* it may be a password */
    return verdict;
}

void quick_values_set_fixed(struct quick *quick, enum options_section section, const char *key,
                            const char *text)
{
    char why[128];
    enum value_verdict verdict =
        quick_values_set(quick, options_find(section, key), text, why, sizeof(why));
    wsl_assert(verdict == VALUE_OK || verdict == VALUE_NO_MEMORY);
    if (verdict != VALUE_OK)
        cli_line_out_of_memory(quick->line);
}

/* Sets the option from a copy of the text, which may be a password. */
static void set_from_flag(struct quick *quick, const struct cli_assignment *assignment,
                          struct slice argument)
{
    const struct options_flag *flag = assignment->flag.flag;
    char *text, why[128];
    if (asprintf(&text, "%s%.*s", flag->prefix ? flag->prefix : "", (int)argument.len,
                 argument.ptr) < 0) {
        cli_line_out_of_memory(quick->line);
        return;
    }
    enum value_verdict verdict =
        quick_values_set(quick, assignment->flag.row, text, why, sizeof(why));
    if (verdict == VALUE_NO_MEMORY)
        cli_line_out_of_memory(quick->line);
    else if (verdict != VALUE_OK)
        cli_line_bad_value(quick->line, assignment,
                           text + (flag->prefix ? strlen(flag->prefix) : 0), why);
    secret_free_text(text);
}

/* "A,B": replaces the list that a default or an earlier option has set. */
static void set_list(struct quick *quick, const struct cli_assignment *assignment, const char *item)
{
    const struct options_row *row = assignment->flag.row;
    wsl_assert(row->size == sizeof(struct config_texts));
    if (!quick_values_open_section(quick, row->section)) {
        cli_line_out_of_memory(quick->line);
        return;
    }
    snapshot_clear_list(row, quick->objects[row->section]);
    for (;;) {
        size_t length = strcspn(item, ",");
        set_from_flag(quick, assignment, (struct slice){item, length});
        if (item[length] == '\0')
            return;
        item += length + 1;
    }
}

void quick_values_set_flag(struct quick *quick, const struct cli_assignment *assignment)
{
    const char *argument =
        assignment->argument ? assignment->argument : assignment->flag.flag->sets;
    if (assignment->flag.row->list) {
        set_list(quick, assignment, argument);
        return;
    }
    if (cli_plugin_is_token_plugin(assignment) || cli_plugin_is_token_source(assignment))
        return; /* quick_tokens_set */
    set_from_flag(quick, assignment, slice_of(argument));
}

/* The remedy for "localhost", "5900" or "/run/sock" as a target. NULL: none. */
static const char *suggest_target(const char *text, char *remedy, size_t size)
{
    bool is_port = *text && text[strspn(text, "0123456789")] == '\0';
    if (strstr(text, "://"))
        return "write TARGET_HOST:PORT; targets get plain bytes";
    if (*text == '/' || *text == '.')
        snprintf(remedy, size, "write unix:%s", text);
    else if (*text && !strpbrk(text, ":/{"))
        snprintf(remedy, size, "write TARGET_HOST:PORT, for example %s%s",
                 is_port ? "localhost:" : text, is_port ? text : ":5900");
    else
        return NULL;
    return remedy;
}

/* In "wsluice run a:1" the word may be meant as a subcommand. */
static const char *suggest_listen(const struct cli_line *line, const char *text)
{
    return strpbrk(text, "0123456789") ? NULL : cli_line_see_help(line);
}

static void report_address(struct cli_line *line, bool listen, enum value_verdict verdict,
                           const char *why, const char *text)
{
    const char *what = listen ? "Error parsing listen address" : "Error parsing target";
    if (verdict == VALUE_BAD_PORT)
        what = listen ? "Error parsing listen port" : "Error parsing target port";
    char remedy[128];
    const char *suggestion =
        listen ? suggest_listen(line, text) : suggest_target(text, remedy, sizeof(remedy));
    line->args.scan.usage_error = true;
    if (!listen && suggestion) /* in place of the forms that a file knows */
        diag_add(&line->diag, DIAG_ERROR, config_place_none, NULL, suggestion,
                 "%s: '%s' is no address", what, text);
    else
        diag_add(&line->diag, DIAG_ERROR, config_place_none, NULL, suggestion, "%s: %s, not '%s'",
                 what, why, text);
}

/* ":5900" is a port of this machine. */
static enum value_verdict set_local_target(struct quick *quick, const struct options_row *row,
                                           const char *port, char *why, size_t why_size)
{
    char *whole;
    if (asprintf(&whole, "localhost%s", port) < 0)
        return VALUE_NO_MEMORY;
    enum value_verdict verdict = quick_values_set(quick, row, whole, why, why_size);
    free(whole);
    return verdict;
}

void quick_values_set_address(struct quick *quick, enum options_section section, const char *text)
{
    const struct options_row *row = options_find(section, "address");
    bool listen = section == OPTIONS_LISTENER;
    char why[128];
    if (!listen && strpbrk(text, "{}")) {
        report_address(quick->line, false, VALUE_MALFORMED,
                       "only the routes of a file have {NAME}s", text);
        return;
    }
    enum value_verdict verdict = !listen && strrchr(text, ':') == text
                                     ? set_local_target(quick, row, text, why, sizeof(why))
                                     : quick_values_set(quick, row, text, why, sizeof(why));
    if (verdict == VALUE_NO_MEMORY)
        cli_line_out_of_memory(quick->line);
    else if (verdict != VALUE_OK)
        report_address(quick->line, listen, verdict, why, text);
}

bool quick_values_given(const struct quick *quick, enum options_section section, const char *key)
{
    const struct options_row *row = options_find(section, key);
    for (size_t i = 0; i < quick->line->args.scan.assignment_count; i++)
        if (quick->line->args.scan.assignments[i].flag.row == row)
            return true;
    return false;
}
