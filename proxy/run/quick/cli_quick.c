#include "run/quick/cli_quick.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/base.h"
#include "config/options/snapshot.h"
#include "config/rules/admin.h"
#include "config/rules/rules.h"
#include "run/quick/cli_plugin.h"
#include "run/quick/quick_auth.h"
#include "run/quick/quick_checks.h"
#include "run/quick/quick_demo.h"
#include "run/quick/quick_tokens.h"
#include "run/quick/quick_values.h"

static const char command_retry[] = "10s";

static void set_command_target(struct quick *quick, const char *loopback)
{
    char target[32];
    snprintf(target, sizeof(target), "%s:%u", loopback, (unsigned)quick->line->rebind.to);
    quick_values_set_fixed(quick, OPTIONS_TARGET, "address", target);
}

/* A second target, with the options of the first. */
static bool add_second_target(struct quick *quick)
{
    const struct config_target first = *(struct config_target *)quick->objects[OPTIONS_TARGET];
    quick->objects[OPTIONS_TARGET] = NULL;
    if (!quick_values_open_section(quick, OPTIONS_TARGET)) {
        cli_line_out_of_memory(quick->line);
        return false;
    }
    *(struct config_target *)quick->objects[OPTIONS_TARGET] = first;
    return true;
}

/* Targets the port that the wrapped command gets in place of ours. */
static void target_command(struct quick *quick)
{
    struct cli_line *line = quick->line;
    const struct config_listener *listener = quick->objects[OPTIONS_LISTENER];
    if (line->args.print) {
        cli_line_usage_error(line, "--print-config", "a file cannot move the port of a command",
                             "name a target: PORT TARGET_HOST:PORT -- COMMAND");
        return;
    }
    if (!rebind_reserve(&line->rebind)) {
        diag_add(&line->diag, DIAG_ERROR, config_place_none, "--", NULL,
                 "no free port for the command: %s", strerror(errno));
        return;
    }
    bool known = listener->address.kind == CONFIG_ADDRESS_TCP && listener->address.port != 0;
    line->rebind.from = known ? listener->address.port : line->rebind.to;
    ((struct config_target *)quick->objects[OPTIONS_TARGET])->is_command = true;
    set_command_target(quick, "127.0.0.1");
    if (add_second_target(quick)) /* for a command that listens on IPv6 only */
        set_command_target(quick, "[::1]");
    quick_values_set_fixed(quick, OPTIONS_ROUTE, "balance", "first");
    if (!quick_values_given(quick, OPTIONS_ROUTE, "connect_retry")) /* it may be just starting */
        quick_values_set_fixed(quick, OPTIONS_ROUTE, "connect_retry", command_retry);
}

static void set_command(struct quick *quick)
{
    const struct cli_args *args = &quick->line->args;
    const struct options_row *row = options_find(OPTIONS_COMMAND, "words");
    char why[128];
    for (size_t i = 0; i < args->scan.rest_count; i++) {
        enum value_verdict verdict =
            quick_values_set(quick, row, args->scan.rest[i], why, sizeof(why));
        if (verdict == VALUE_NO_MEMORY)
            cli_line_out_of_memory(quick->line);
        else if (verdict != VALUE_OK)
            cli_line_usage_error(quick->line, "--", why, NULL);
    }
}

/* "wsluice gateway.yaml", or "wsluice run gateway.yaml" */
static bool is_file(struct cli_line *line)
{
    size_t count = line->args.scan.operand_count;
    const char *text = count == 1 || count == 2 ? line->args.scan.operands[count - 1] : "";
    const char *dot = strrchr(text, '.');
    char remedy[256];
    if (!dot || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
        return false;
    snprintf(remedy, sizeof(remedy), "did you mean --config=%s?", text);
    cli_line_usage_error(line, NULL, count == 1 ? "Too few arguments" : "Too many arguments",
                         remedy);
    return true;
}

/* "wsluice run": one word, which is not even nearly a command. */
static bool is_no_command(struct cli_line *line)
{
    const struct cli_scan *scan = &line->args.scan;
    const char *word = scan->operand_count == 1 ? scan->operands[0] : "";
    if (scan->websockify || line->args.demo || !ascii_is_letter(*word) || strpbrk(word, ":./"))
        return false;
    cli_line_usage_error(line, word, "neither a command nor a port", cli_line_see_help(line));
    return true;
}

static void report_too_few(struct cli_line *line, bool listen, bool target)
{
    const char *remedy = listen && target ? "write [HOST:]PORT TARGET_HOST:PORT"
                         : listen         ? "write [HOST:]PORT as well"
                                          : "write TARGET_HOST:PORT as well";
    bool anything = line->args.scan.operand_count > 0 || line->args.scan.assignment_count > 0;
    if (line->args.scan.operand_count == 0 && line->diag.errors > 0)
        return; /* the first error is the cause, or the line was meant in another way */
    cli_line_usage_error(line, NULL, "Too few arguments",
                         anything ? remedy : cli_line_see_help(line));
}

/* `fits`: so many operands have a meaning. */
static void report_too_many(struct cli_line *line, const struct quick *quick, size_t fits)
{
    bool sshd = line->args.demo && !quick_demo_has_shell(quick) &&
                line->args.scan.operand_count == fits + 1;
    cli_line_usage_error(line, NULL, "Too many arguments",
                         sshd ? "an SSH server needs the page of SSH in a tab: add --web=FOLDER, "
                                "which contrib/ssh/build.sh FOLDER makes"
                              : cli_line_see_help(line));
}

/* Operands in their order: the listener and the target, unless options give them. */
static void set_addresses(struct quick *quick)
{
    struct cli_line *line = quick->line;
    const struct cli_args *args = &line->args;
    enum options_section wanted[2];
    size_t count = 0, fewest;
    bool target_given = quick_values_given(quick, OPTIONS_TARGET, "address");
    bool tokens = cli_plugin_has_tokens(line);
    bool wraps = args->scan.rest != NULL;
    if (!quick_values_given(quick, OPTIONS_LISTENER, "address"))
        wanted[count++] = OPTIONS_LISTENER;
    fewest = count;
    if (!target_given && (!args->demo || quick_demo_has_shell(quick)) && !tokens)
        wanted[count++] = OPTIONS_TARGET;
    if (!wraps)
        fewest = args->demo ? 0 : count;

    if (args->scan.unknown_flag || is_file(line) || is_no_command(line))
        return;
    if (args->scan.operand_count < fewest)
        report_too_few(line, wanted[0] == OPTIONS_LISTENER, wanted[count - 1] == OPTIONS_TARGET);
    if (args->scan.operand_count > count)
        report_too_many(line, quick, count);
    for (size_t i = 0; i < count && i < args->scan.operand_count; i++)
        quick_values_set_address(quick, wanted[i], args->scan.operands[i]);
    /* A command with a target of its own keeps its port. */
    if (wraps && !target_given && args->scan.operand_count < count && line->diag.errors == 0)
        target_command(quick);
}

/* Opens one struct of each section, with the defaults of the command line. */
static bool begin(struct quick *quick)
{
    if (!cli_line_note_directory(quick->line))
        return false;
    quick->config = snapshot_begin();
    if (!quick->config) {
        cli_line_out_of_memory(quick->line);
        return false;
    }
    quick->objects[OPTIONS_PROCESS] = quick->config;
    static const enum options_section always[] = {OPTIONS_LOG, OPTIONS_LIMITS, OPTIONS_LISTENER,
                                                  OPTIONS_TLS, OPTIONS_ROUTE,  OPTIONS_TARGET};
    for (size_t i = 0; i < WSL_COUNT(always); i++) {
        if (!quick_values_open_section(quick, always[i])) {
            cli_line_out_of_memory(quick->line);
            return false;
        }
    }
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->quick)
            quick_values_set_fixed(quick, row->section, row->key, row->quick);
    if (quick->line->args.scan.websockify) /* websockify refuses text frames */
        quick_values_set_fixed(quick, OPTIONS_ROUTE, "text", "refuse");
    return true;
}

/* As in websockify, folders are listed by default. */
static void imply_listing(struct quick *quick)
{
    if (quick->config->routes[0].files.root && !quick_values_given(quick, OPTIONS_FILES, "listing"))
        quick_values_set_fixed(quick, OPTIONS_FILES, "listing", "true");
}

/* With tokens, --ssl-target and similar options apply to all of their targets. */
static void move_target_options(struct quick *quick)
{
    struct config_route *route = quick->objects[OPTIONS_ROUTE];
    if (!config_route_has_tokens(route)) {
        route->tokens.permit = (struct config_texts){0}; /* its default is for tokens alone */
        return;
    }
    route->tokens.target = *(const struct config_target *)quick->objects[OPTIONS_TARGET];
    route->tokens.target.tls_on_demand = config_tokens_may_use_tls(&route->tokens);
    route->targets = NULL;
    route->target_count = 0;
}

static struct config_place locate(const void *owner, struct option_ref option)
{
    return config_place_none;
}

static void build(struct quick *quick)
{
    if (!begin(quick))
        return;
    for (size_t i = 0; i < quick->line->args.scan.assignment_count; i++)
        quick_values_set_flag(quick, &quick->line->args.scan.assignments[i]);
    quick_tokens_set(quick);
    quick_auth_set(quick);
    set_command(quick);
    quick_checks_conflicts(quick);
    set_addresses(quick);
    cli_plugin_check(quick->line);
    if (quick->config->log.file)
        quick_values_set_fixed(quick, OPTIONS_LOG, "target", "file");
    if (quick->line->args.demo)
        quick_demo_set(quick);
    if (quick->line->diag.errors == 0)
        quick_checks_imply_tls(quick);
    imply_listing(quick);
    if (quick->line->diag.errors == 0)
        quick_checks_warn(quick);
    move_target_options(quick);
    if (quick->line->diag.errors == 0)
        quick_demo_add_shell(quick);
    if (quick->line->diag.errors == 0)
        rules_check(quick->config, &(struct option_locator){.flags = true, .locate = locate},
                    &quick->line->diag);
    if (quick->line->diag.errors == 0 && !admin_attach(quick->config))
        cli_line_out_of_memory(quick->line);
}

struct config *cli_quick_build(struct cli_line *line)
{
    struct quick quick = {.line = line};
    build(&quick);
    return quick.config;
}
