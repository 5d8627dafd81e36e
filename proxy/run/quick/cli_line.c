#include "run/quick/cli_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/model/url.h"

void cli_line_usage_error(struct cli_line *line, const char *option, const char *message,
                          const char *remedy)
{
    line->args.scan.usage_error = true;
    diag_add(&line->diag, DIAG_ERROR, config_place_none, option, remedy, "%s", message);
}

const char *cli_line_see_help(const struct cli_line *line)
{
    return line->args.scan.websockify ? "see websockify --help" : "see wsluice --help";
}

void cli_line_out_of_memory(struct cli_line *line)
{
    diag_out_of_memory(&line->diag);
}

/* The remedy for "wsluice --connect gateway.yaml". NULL: it was not meant so. */
static const char *mean_check(const struct cli_line *line, const struct cli_assignment *assignment,
                              const char *argument, char *remedy, size_t size)
{
    const char *dot = strrchr(argument, '.');
    if (line->args.scan.websockify || strcmp(assignment->flag.flag->name, "connect") != 0 || !dot ||
        (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
        return NULL;
    snprintf(remedy, size, "did you mean wsluice check --connect %s?", argument);
    return remedy;
}

void cli_line_bad_value(struct cli_line *line, const struct cli_assignment *assignment,
                        const char *argument, const char *why)
{
    char option[64], expected[160], remedy[256];
    snprintf(option, sizeof(option), "--%s", assignment->flag.flag->name);
    snprintf(expected, sizeof(expected), "%s", why);
    /* The table writes the names of values as in a file, with '_'. */
    for (char *p = expected;
         assignment->flag.row->value.type == VALUE_ENUM && (p = strchr(p, '_'));)
        *p = '-';
    bool quote = *argument && !assignment->flag.row->secret && !url_may_have_password(argument);
    line->args.scan.usage_error = true;
    diag_add(&line->diag, DIAG_ERROR, config_place_none, option,
             mean_check(line, assignment, argument, remedy, sizeof(remedy)), "%s%s%s%s", expected,
             quote ? ", not '" : "", quote ? argument : "", quote ? "'" : "");
}

bool cli_line_note_directory(struct cli_line *line)
{
    if (!line->args.daemon && !line->args.print && !line->args.file)
        return true;
    line->directory = getcwd(NULL, 0);
    if (!line->directory)
        diag_add(&line->diag, DIAG_ERROR, config_place_none, line->args.daemon ? "--daemon" : NULL,
                 "start from a directory that exists", "the current directory: %s",
                 strerror(errno));
    return line->directory != NULL;
}

void cli_line_check_background(struct cli_line *line, const struct config *config)
{
    for (size_t i = 0; line->args.daemon && i < config->listener_count; i++)
        if (config->listeners[i].address.kind == CONFIG_ADDRESS_FD)
            cli_line_usage_error(line, "--daemon",
                                 "the program that passed the socket waits for this process",
                                 "leave it out: inetd runs the process in the background");
}

char *cli_line_absolute(const struct cli_line *line, const struct options_row *row,
                        const char *text)
{
    enum value_type type = row->value.type;
    const char *path = text, *prefix = "";
    bool is_path = type == VALUE_PATH;
    if ((type == VALUE_LISTEN || type == VALUE_TARGET) && strncmp(text, "unix:", 5) == 0) {
        prefix = "unix:";
        path = text + 5;
        is_path = true;
    }
    char *result;
    if (!line->directory || !is_path || *path == '\0' || *path == '/' ||
        (*path == '@' && type != VALUE_PATH))
        return strdup(text);
    return asprintf(&result, "%s%s/%s", prefix, line->directory, path) < 0 ? NULL : result;
}
