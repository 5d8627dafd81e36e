#include "run/quick/cli_quick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "config/options/snapshot.h"
#include "config/rules/admin.h"
#include "config/rules/rules.h"
#include "run/quick/cli_plugin.h"

static const char demo_listen[] = "6080", default_certificate[] = "self.pem";
static const char command_retry[] = "10s";
static const char see_help[] = "see wsluice --help";

/* The line, and the snapshot that is built from it. */
struct quick {
    struct cli_line *line;
    struct config *config;
    void *objects[OPTIONS_SECTION_COUNT];
};

/* The command line has one of each section, a certificate only if a flag is about it. */
static bool open_section(struct quick *quick, enum options_section section)
{
    void *parent = quick->objects[options_section(section)->parent];
    if (!quick->objects[section])
        quick->objects[section] = snapshot_open(quick->config, section, parent);
    return quick->objects[section] != NULL;
}

static enum value_verdict set(struct quick *quick, const struct options_row *row, const char *text,
                              char *why, size_t why_size)
{
    char *path =
        open_section(quick, row->section) ? cli_line_absolute(quick->line, row, text) : NULL;
    if (!path) {
        snprintf(why, why_size, "out of memory");
        return VALUE_NO_MEMORY;
    }
    enum value_verdict verdict =
        snapshot_set(quick->config, row, quick->objects[row->section], path, why, why_size);
    explicit_bzero(path, strlen(path)); /* it may be a password */
    free(path);
    return verdict;
}

/* Sets a valid value: only memory can be missing. */
static void set_fixed(struct quick *quick, enum options_section section, const char *key,
                      const char *text)
{
    char why[128];
    enum value_verdict verdict = set(quick, options_find(section, key), text, why, sizeof(why));
    wsl_assert(verdict == VALUE_OK || verdict == VALUE_NO_MEMORY);
    if (verdict != VALUE_OK)
        cli_line_out_of_memory(quick->line);
}

static void set_flag(struct quick *quick, const struct cli_assignment *assignment)
{
    const struct options_flag *flag = assignment->flag.flag;
    const char *argument = assignment->argument ? assignment->argument : flag->sets;
    char *text, why[128];
    if (asprintf(&text, "%s%s", flag->prefix ? flag->prefix : "", argument) < 0) {
        cli_line_out_of_memory(quick->line);
        return;
    }
    enum value_verdict verdict = set(quick, assignment->flag.row, text, why, sizeof(why));
    if (verdict == VALUE_NO_MEMORY)
        cli_line_out_of_memory(quick->line);
    else if (verdict != VALUE_OK && !cli_plugin_refuse(quick->line, assignment))
        cli_line_bad_value(quick->line, assignment, argument, why);
    explicit_bzero(text, strlen(text));
    free(text);
}

/* The remedy for "localhost", "5900" or "/run/sock" as a target. NULL: none. */
static const char *suggest_target(const char *text, char *remedy, size_t size)
{
    bool is_port = *text && text[strspn(text, "0123456789")] == '\0';
    if (strstr(text, "://"))
        return "write TARGET_HOST:PORT; targets get plain bytes";
    if (*text == '/' || *text == '.')
        snprintf(remedy, size, "write unix:%s", text);
    else if (*text && !strpbrk(text, ":/"))
        snprintf(remedy, size, "write TARGET_HOST:PORT, for example %s%s",
                 is_port ? "localhost:" : text, is_port ? text : ":5900");
    else
        return NULL;
    return remedy;
}

/* In "wsluice help" the word is meant as a subcommand. */
static const char *suggest_listen(const char *text)
{
    return strpbrk(text, "0123456789") ? NULL : see_help;
}

/* Errors in websockify's words, which scripts look for. */
static void set_address(struct quick *quick, enum options_section section, const char *text)
{
    const struct options_row *row = options_find(section, "address");
    bool listen = section == OPTIONS_LISTENER;
    char why[128];
    enum value_verdict verdict = set(quick, row, text, why, sizeof(why));
    if (verdict == VALUE_OK)
        return;
    if (verdict == VALUE_NO_MEMORY) {
        cli_line_out_of_memory(quick->line);
        return;
    }
    const char *what = listen ? "Error parsing listen address" : "Error parsing target";
    if (verdict == VALUE_BAD_PORT)
        what = listen ? "Error parsing listen port" : "Error parsing target port";
    char remedy[128];
    const char *suggestion =
        listen ? suggest_listen(text) : suggest_target(text, remedy, sizeof(remedy));
    quick->line->args.scan.usage_error = true;
    diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, NULL, suggestion,
             "%s: %s, not '%s'", what, why, text);
}

static bool given(const struct quick *quick, enum options_section section, const char *key)
{
    const struct options_row *row = options_find(section, key);
    for (size_t i = 0; i < quick->line->args.scan.assignment_count; i++)
        if (quick->line->args.scan.assignments[i].flag.row == row)
            return true;
    return false;
}

static void set_command_target(struct quick *quick, const char *loopback)
{
    char target[32];
    snprintf(target, sizeof(target), "%s:%u", loopback, (unsigned)quick->line->rebind.to);
    set_fixed(quick, OPTIONS_TARGET, "address", target);
}

/* A second target, with the options of the first. */
static bool add_second_target(struct quick *quick)
{
    const struct config_target first = *(struct config_target *)quick->objects[OPTIONS_TARGET];
    quick->objects[OPTIONS_TARGET] = NULL;
    if (!open_section(quick, OPTIONS_TARGET)) {
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
    set_fixed(quick, OPTIONS_ROUTE, "balance", "first");
    if (!given(quick, OPTIONS_ROUTE, "connect_retry")) /* it may be just starting */
        set_fixed(quick, OPTIONS_ROUTE, "connect_retry", command_retry);
}

static void set_command(struct quick *quick)
{
    const struct cli_args *args = &quick->line->args;
    const struct options_row *row = options_find(OPTIONS_COMMAND, "words");
    char why[128];
    for (size_t i = 0; i < args->scan.rest_count; i++) {
        enum value_verdict verdict = set(quick, row, args->scan.rest[i], why, sizeof(why));
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

static void report_too_few(struct cli_line *line, bool listen, bool target)
{
    const char *remedy = listen && target ? "write [HOST:]PORT TARGET_HOST:PORT"
                         : listen         ? "write [HOST:]PORT as well"
                                          : "write TARGET_HOST:PORT as well";
    bool anything = line->args.scan.operand_count > 0 || line->args.scan.assignment_count > 0;
    cli_line_usage_error(line, NULL, "Too few arguments", anything ? remedy : see_help);
}

static void check_conflicts(struct quick *quick)
{
    struct cli_line *line = quick->line;
    const struct cli_args *args = &line->args;
    bool target_given = given(quick, OPTIONS_TARGET, "address");
    if (args->demo && target_given)
        cli_line_usage_error(line, NULL, "demo has its own target", "leave --unix-target out");
    if (cli_plugin_has_tokens(line) && (target_given || args->demo))
        cli_line_usage_error(line, args->demo ? NULL : "--unix-target", "tokens choose the target",
                             "leave one of them out");
    if (args->demo && given(quick, OPTIONS_FILES, "root"))
        cli_line_usage_error(line, "--web", "demo has its own page", "leave one of them out");
    if (args->demo && args->print)
        cli_line_usage_error(line, "--print-config", "a file cannot say demo",
                             "name a target instead");
    if (args->demo && args->scan.rest)
        cli_line_usage_error(line, "--", "demo has its own target", "leave the command out");
}

/* Operands in their order: the listener and the target, unless options give them. */
static void set_addresses(struct quick *quick)
{
    struct cli_line *line = quick->line;
    const struct cli_args *args = &line->args;
    enum options_section wanted[2];
    size_t count = 0, fewest;
    bool target_given = given(quick, OPTIONS_TARGET, "address");
    bool tokens = cli_plugin_has_tokens(line);
    bool wraps = args->scan.rest != NULL;
    if (!given(quick, OPTIONS_LISTENER, "address"))
        wanted[count++] = OPTIONS_LISTENER;
    fewest = count;
    if (!target_given && !args->demo && !tokens)
        wanted[count++] = OPTIONS_TARGET;
    if (!wraps)
        fewest = args->demo ? 0 : count;

    if (args->scan.unknown_flag || is_file(line))
        return;
    if (args->scan.operand_count < fewest)
        report_too_few(line, wanted[0] == OPTIONS_LISTENER, wanted[count - 1] == OPTIONS_TARGET);
    if (args->scan.operand_count > count)
        cli_line_usage_error(line, NULL, "Too many arguments", see_help);
    for (size_t i = 0; i < count && i < args->scan.operand_count; i++)
        set_address(quick, wanted[i], args->scan.operands[i]);
    /* A command with a target of its own keeps its port. */
    if (wraps && !target_given && args->scan.operand_count < count && line->diag.errors == 0)
        target_command(quick);
}

static void set_demo(struct quick *quick)
{
    /* An abstract name needs no directory and leaves nothing behind. */
    char target[64];
    snprintf(target, sizeof(target), "unix:@wsluice-demo-%ld", (long)getpid());
    set_fixed(quick, OPTIONS_TARGET, "address", target);
    set_fixed(quick, OPTIONS_ROUTE, "demo", "true");
    if (quick->line->args.scan.operand_count == 0 && !given(quick, OPTIONS_LISTENER, "address"))
        set_fixed(quick, OPTIONS_LISTENER, "address", demo_listen);
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
        if (!open_section(quick, always[i])) {
            cli_line_out_of_memory(quick->line);
            return false;
        }
    }
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->quick)
            set_fixed(quick, row->section, row->key, row->quick);
    if (quick->line->args.websockify) /* websockify refuses text frames */
        set_fixed(quick, OPTIONS_ROUTE, "text", "refuse");
    return true;
}

/* ---- implied values, and checks ---- */

/* NULL: this process can read it. */
static const char *unreadable(const char *path)
{
    struct stat info;
    if (access(path, R_OK) < 0 || stat(path, &info) < 0)
        return strerror(errno);
    return S_ISDIR(info.st_mode) ? strerror(EISDIR) : NULL;
}

static void check_file(struct quick *quick, const char *flag, const char *path)
{
    const char *problem = path ? unreadable(path) : NULL;
    if (problem)
        diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, flag,
                 "name a PEM file that exists and that this user may read", "cannot read '%s': %s",
                 path, problem);
}

/* A certificate turns TLS on, beside plain connections unless --ssl-only is given. */
static void imply_tls(struct quick *quick)
{
    const struct config_tls *tls = quick->objects[OPTIONS_TLS];
    const struct config_certificate *pair = quick->objects[OPTIONS_CERTIFICATE];
    if (!(pair && pair->certificate) && access(default_certificate, F_OK) == 0)
        set_fixed(quick, OPTIONS_CERTIFICATE, "certificate", default_certificate);
    pair = quick->objects[OPTIONS_CERTIFICATE];
    const char *certificate = pair ? pair->certificate : NULL;
    if (tls->mode == CONFIG_TLS_REQUIRED && (!certificate || unreadable(certificate))) {
        quick->line->args.scan.usage_error = true;
        diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, NULL,
                 "name a PEM file with --cert", "SSL only and CERT not found%s%s",
                 certificate ? ": " : "", certificate ? certificate : "");
        return;
    }
    if (certificate && tls->mode == CONFIG_TLS_OFF)
        set_fixed(quick, OPTIONS_TLS, "mode", "optional");
    check_file(quick, "--cert", certificate);
    check_file(quick, "--key", pair ? pair->key : NULL);
    check_file(quick, "--cafile", tls->client_ca);
}

/* Options without effect that websockify ignores silently, and a user may rely on. */
static void warn(struct quick *quick)
{
    const struct config_tls *tls = quick->objects[OPTIONS_TLS];
    struct config_target *target = quick->objects[OPTIONS_TARGET];
    if (tls->client_ca && tls->client_verify == CONFIG_VERIFY_OFF)
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--cafile", NULL,
                 "means nothing without --verify-client");
    if (given(quick, OPTIONS_COMMAND, "when_it_ends") && !quick->line->args.scan.rest)
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--wrap-mode", NULL,
                 "means nothing without -- COMMAND");
    if (target->tls && target->address.kind == CONFIG_ADDRESS_UNIX && !target->server_name) {
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--ssl-target",
                 "name the host of its certificate with --ssl-target-name",
                 "connections to a Unix socket have no TLS");
        set_fixed(quick, OPTIONS_TARGET, "tls", "false");
    }
    if (target->server_name && !target->tls) {
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--ssl-target-name", NULL,
                 "means nothing without --ssl-target");
        target->server_name = NULL; /* --print-config could not write it */
    }
}

/* As in websockify, folders are listed by default. */
static void imply_listing(struct quick *quick)
{
    if (quick->config->routes[0].files.root && !given(quick, OPTIONS_FILES, "listing"))
        set_fixed(quick, OPTIONS_FILES, "listing", "true");
}

/* With tokens, --ssl-target and similar options apply to all of their targets. */
static void move_target_options(struct quick *quick)
{
    struct config_route *route = quick->objects[OPTIONS_ROUTE];
    if (!route->tokens.file)
        return;
    route->tokens.target = *(const struct config_target *)quick->objects[OPTIONS_TARGET];
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
        set_flag(quick, &quick->line->args.scan.assignments[i]);
    set_command(quick);
    check_conflicts(quick);
    set_addresses(quick);
    cli_plugin_check(quick->line);
    if (quick->config->log.file)
        set_fixed(quick, OPTIONS_LOG, "target", "file");
    if (quick->line->args.demo)
        set_demo(quick);
    if (quick->line->diag.errors == 0)
        imply_tls(quick);
    imply_listing(quick);
    if (quick->line->diag.errors == 0)
        warn(quick);
    move_target_options(quick);
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
