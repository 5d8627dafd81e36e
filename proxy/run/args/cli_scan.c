#include "run/args/cli_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "run/args/cli_name.h"

enum { NAMES_MAX = 512 };

static void usage_error(struct cli_scan *scan, const char *option, const char *message,
                        const char *remedy)
{
    scan->usage_error = true;
    diag_add(scan->diag, DIAG_ERROR, config_place_none, option, remedy, "%s", message);
}

/* As on the main command line, and in other programs. */
static bool names_file(const char *option)
{
    return strcmp(option, "--config") == 0 || strcmp(option, "-c") == 0 ||
           strcmp(option, "-f") == 0;
}

static void unknown_option(struct cli_scan *scan, const char *option, const char *nearest)
{
    char remedy[NAMES_MAX + 32];
    const struct cli_command *command = scan->command;
    if (*nearest)
        snprintf(remedy, sizeof(remedy), "did you mean %s?", nearest);
    else if (command && command->operand == CLI_OPERAND_FILE && names_file(option))
        snprintf(remedy, sizeof(remedy), "name the file without it: wsluice %s FILE",
                 command->name);
    else
        snprintf(remedy, sizeof(remedy), "see %s %s%s--help", cli_name_of(scan->websockify),
                 command ? command->name : "", command ? " " : "");
    scan->unknown_flag = true;
    usage_error(scan, option, "unknown option", remedy);
}

static void assign(struct cli_scan *scan, const struct cli_flag *flag, char *argument)
{
    if (flag->meaning == CLI_FLAG_HELP)
        scan->help = true;
    else if (flag->meaning == CLI_FLAG_VERSION)
        scan->version = true;
    else
        scan->assignments[scan->assignment_count++] = (struct cli_assignment){*flag, argument};
}

/* "-verbose": a name with one dash, of which not all letters are options. */
static bool is_name(const struct cli_scan *scan, const char *letters)
{
    struct cli_flag flag;
    char names[NAMES_MAX];
    size_t length = strcspn(letters, "="), known = 0;
    while (letters[known] && cli_flag_by_letter(scan->command, letters[known], &flag))
        known++;
    return letters[known] != '\0' && length > 1 &&
           cli_flag_by_name(scan->command, letters, length, &flag, names, sizeof(names)) ==
               CLI_FLAG_FOUND;
}

/*
 * The argument must not be an option: in "--record --ssl-only" a file's name is missing, and taking
 * --ssl-only for it would turn TLS off. Any other word may begin with dashes, as passwords do.
 */
static bool is_flag(const struct cli_scan *scan, const char *word)
{
    struct cli_flag flag;
    char names[NAMES_MAX];
    if (strncmp(word, "--", 2) != 0)
        return false;
    return word[2] == '\0' || cli_flag_by_name(scan->command, word + 2, strcspn(word + 2, "="),
                                               &flag, names, sizeof(names)) != CLI_FLAG_UNKNOWN;
}

/* "-Hargument", "-H" "argument": what is behind the letter, if anything is; else the next word. */
static int scan_letter_argument(struct cli_scan *scan, const struct cli_flag *flag, char *behind,
                                char *next)
{
    if (*behind) {
        assign(scan, flag, behind);
        return 0;
    }
    if (next && !is_flag(scan, next)) {
        assign(scan, flag, next);
        return 1;
    }
    char option[64], remedy[128];
    snprintf(option, sizeof(option), "-%c", flag->flag->letter);
    snprintf(remedy, sizeof(remedy), "write %s %s", option, flag->flag->argument);
    usage_error(scan, option, "needs an argument", remedy);
    return 0;
}

/* "-vD". Returns how many more words it took. */
static int scan_letters(struct cli_scan *scan, char *letters, char *next)
{
    if (is_name(scan, letters)) {
        char option[64], nearest[64];
        snprintf(option, sizeof(option), "-%s", letters);
        snprintf(nearest, sizeof(nearest), "--%s", letters);
        unknown_option(scan, option, nearest);
        return 0;
    }
    for (; *letters; letters++) {
        struct cli_flag flag;
        const char name[] = {'-', *letters, '\0'};
        if (!cli_flag_by_letter(scan->command, *letters, &flag))
            unknown_option(scan, name, "");
        else if (flag.flag->argument)
            return scan_letter_argument(scan, &flag, letters + 1, next);
        else
            assign(scan, &flag, NULL);
    }
    return 0;
}

static bool find_flag(struct cli_scan *scan, const char *name, size_t length, struct cli_flag *flag)
{
    char shown[64], names[NAMES_MAX], remedy[NAMES_MAX + 32];
    snprintf(shown, sizeof(shown), "--%.*s", (int)length, name);
    switch (cli_flag_by_name(scan->command, name, length, flag, names, sizeof(names))) {
    case CLI_FLAG_UNKNOWN:
        unknown_option(scan, shown, names);
        return false;
    case CLI_FLAG_AMBIGUOUS:
        scan->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "it could be %s", names);
        usage_error(scan, shown, "ambiguous option", remedy);
        return false;
    case CLI_FLAG_FOUND:
        return true;
    }
    return false;
}

/* "--name", "--name=argument", "--name" "argument". Returns how many more words it took. */
static int scan_name(struct cli_scan *scan, char *text, char *next)
{
    char *name = text + 2;
    size_t length = strcspn(name, "=");
    char *argument = name[length] == '=' ? name + length + 1 : NULL;
    char shown[64];
    struct cli_flag flag;
    if (!find_flag(scan, name, length, &flag))
        return 0;
    snprintf(shown, sizeof(shown), "--%s", flag.flag->name);
    if (!flag.flag->argument) {
        if (argument)
            usage_error(scan, shown, "takes no argument", NULL);
        assign(scan, &flag, NULL);
        return 0;
    }
    if (argument) {
        assign(scan, &flag, argument);
        return 0;
    }
    if (!next || is_flag(scan, next)) {
        char remedy[128];
        snprintf(remedy, sizeof(remedy), "write %s=%s", shown, flag.flag->argument);
        usage_error(scan, shown, "needs an argument", remedy);
        return 0;
    }
    assign(scan, &flag, next);
    return 1;
}

/* All words behind "--", dashes or not. */
static void scan_rest(struct cli_scan *scan, int count, char **words)
{
    if (scan->command) {
        for (int i = 0; i < count; i++)
            scan->operands[scan->operand_count++] = words[i];
        return;
    }
    scan->rest = words;
    scan->rest_count = (size_t)count;
    if (count == 0)
        usage_error(scan, NULL, "no command after --", "write PORT -- COMMAND ARGUMENTS...");
}

static bool make_room(struct cli_scan *scan, int argc, char *const *argv)
{
    size_t letters = 0; /* each letter assigns at most once */
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]);
    scan->assignments = calloc(letters + CLI_SCAN_SPARE, sizeof(*scan->assignments));
    scan->operands = calloc((size_t)argc + CLI_SCAN_SPARE, sizeof(*scan->operands));
    return scan->assignments && scan->operands;
}

bool cli_scan_words(struct cli_scan *scan, int argc, char **argv)
{
    if (!make_room(scan, argc, argv)) {
        diag_out_of_memory(scan->diag);
        return false;
    }
    for (int i = 0; i < argc && !scan->help && !scan->version; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            scan->operands[scan->operand_count++] = argv[i];
        } else if (argv[i][1] != '-') {
            i += scan_letters(scan, argv[i] + 1, i + 1 < argc ? argv[i + 1] : NULL);
        } else if (argv[i][2] == '\0') {
            scan_rest(scan, argc - i - 1, argv + i + 1);
            break;
        } else {
            i += scan_name(scan, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        }
    }
    return true;
}

void cli_scan_free(struct cli_scan *scan)
{
    free(scan->assignments);
    free(scan->operands);
}

static const struct cli_assignment *find_last(const struct cli_scan *scan, const char *name)
{
    for (size_t i = scan->assignment_count; i-- > 0;)
        if (strcmp(scan->assignments[i].flag.flag->name, name) == 0)
            return &scan->assignments[i];
    return NULL;
}

char *cli_scan_value(const struct cli_scan *scan, const char *name)
{
    const struct cli_assignment *assignment = find_last(scan, name);
    return assignment ? assignment->argument : NULL;
}

bool cli_scan_has(const struct cli_scan *scan, const char *name)
{
    return find_last(scan, name) != NULL;
}
