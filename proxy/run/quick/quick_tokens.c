#include "run/quick/quick_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "run/quick/cli_plugin.h"
#include "run/quick/token_class.h"

static void refuse(struct cli_line *line, const char *class)
{
    struct text remedy = {0};
    const char *why =
        strchr(class, '.') ? "Python classes cannot be loaded" : "there is no such class";
    text_add_string(&remedy, "use ");
    token_class_list(&remedy);
    text_add_byte(&remedy, '\0');
    if (remedy.failed)
        cli_line_out_of_memory(line);
    else
        diag_add(&line->diag, DIAG_ERROR, config_place_none, "--token-plugin", remedy.bytes,
                 "%s: '%s'", why, class);
    text_free(&remedy);
}

/* `required`: an empty value is set, too. */
static void set_option(struct quick *quick, const struct options_row *row,
                       const char *(*convert)(const char *source, struct text *value),
                       const struct cli_assignment *source, bool required)
{
    char why[256];
    struct text value = {0};
    const char *wrong = NULL;
    enum value_verdict verdict = VALUE_OK;
    if (convert)
        wrong = convert(source->argument, &value);
    else
        text_add_string(&value, source->argument);
    bool is_set = required || value.length > 0;
    text_add_byte(&value, '\0');
    if (value.failed)
        verdict = VALUE_NO_MEMORY;
    else if (!wrong && is_set)
        verdict = quick_values_set(quick, row, value.bytes, why, sizeof(why));
    if (verdict == VALUE_NO_MEMORY)
        cli_line_out_of_memory(quick->line);
    else if (wrong || verdict != VALUE_OK)
        cli_line_bad_value(quick->line, source, row->secret ? "..." : source->argument,
                           wrong ? wrong : why);
    if (row->secret && value.bytes)
        explicit_bzero(value.bytes, value.length);
    text_free(&value);
}

/* websockify asks for no exp, and does not look at aud. */
static void set_ticket(struct quick *quick)
{
    quick_values_set_fixed(quick, OPTIONS_TOKENS_TICKET, "audience", "*");
    quick_values_set_fixed(quick, OPTIONS_TOKENS_TICKET, "unlimited", "true");
    quick_values_set_fixed(quick, OPTIONS_TOKENS_TICKET_KEY, "algorithm", "websockify");
}

static void set(struct quick *quick, const struct token_class *class,
                const struct cli_assignment *source)
{
    size_t before = quick->line->diag.errors;
    set_option(quick, options_find(class->section, class->key), class->convert, source, true);
    if (class->more_key && quick->line->diag.errors == before)
        set_option(quick, options_find(class->section, class->more_key), class->convert_more,
                   source, false);
    if (class->source == CONFIG_TOKENS_TICKET)
        set_ticket(quick);
}

void quick_tokens_set(struct quick *quick)
{
    const struct cli_scan *scan = &quick->line->args.scan;
    const struct cli_assignment *source = NULL;
    const char *name = "TokenFile";
    for (size_t i = 0; i < scan->assignment_count; i++) {
        const struct cli_assignment *assignment = &scan->assignments[i];
        if (cli_plugin_is_token_plugin(assignment))
            name = token_class_short_name(assignment->argument);
        else if (cli_plugin_is_token_source(assignment))
            source = assignment;
    }
    const struct token_class *class = token_class_find(name);
    if (!class)
        refuse(quick->line, name);
    else if (source)
        set(quick, class, source);
}
