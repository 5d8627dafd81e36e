#include "run/cli/cli_check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "config/rules/admin.h"
#include "config/rules/health_place.h"
#include "run/check/check.h"
#include "run/cli/call/cli_call.h"
#include "run/cli/call/cli_report.h"
#include "run/cli/cli_admin.h"
#include "run/client/http_client.h"

#define ERROR_MAX 512
#define HEALTH_MS 2500

#define DEFAULT_URL "http://127.0.0.1:6080/"

/* ---- check ---- */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(FILE *out, const char *path, const struct config *config, size_t warnings)
{
    size_t listeners = config->listener_count - config->admin_listeners;
    size_t routes = config->route_count - config->admin_routes;
    fprintf(out, "%s: ok: %zu listener%s, %zu route%s", path, listeners, plural(listeners), routes,
            plural(routes));
    if (warnings > 0)
        fprintf(out, ", %zu warning%s", warnings, plural(warnings));
    fputc('\n', out);
}

static int run_check(const struct cli_call *call)
{
    const char *path = cli_call_operand(call, 0);
    bool syntax = cli_scan_has(call->scan, "syntax");
    struct check_options options = {.connects = cli_scan_has(call->scan, "connect"),
                                    .out = call->out};
    const struct load_request request = {
        .path = path,
        .without_files = syntax,
        .inspect = syntax ? NULL : check_inspect,
        .inspect_owner = &options,
    };
    struct cli_report_counts counts;
    if (syntax && options.connects)
        return cli_call_wrong_usage(call, "--connect",
                                    "not with --syntax, which looks at no files");
    const struct config *config = cli_report_load_as(&request, CLI_REPORT_ALL, call->err, &counts);
    if (config) {
        print_summary(call->out, path, config, counts.warnings);
        config_release(config);
        return EXIT_SUCCESS;
    }
    fprintf(call->err, "wsluice: %s: %zu error%s, %zu warning%s\n", path, counts.errors,
            plural(counts.errors), counts.warnings, plural(counts.warnings));
    return CLI_STATUS_FAILED;
}

static const struct options_flag check_flags[] = {
    {.name = "connect", .help = "connect to each target as well"},
    {.name = "syntax", .help = "look at the configuration alone and at no other file, as in CI"},
};

const struct cli_command cli_check_file = {
    .name = "check",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .operand = CLI_OPERAND_FILE,
    .flags = check_flags,
    .flag_count = WSL_COUNT(check_flags),
    .help = "report all errors of a configuration file",
    .details = "Reports all errors of the configuration, and of what it names: certificates\n"
               "and keys, CA files, folders of files, token files, and the folders of sockets,\n"
               "logs and recordings. Exits with 1 after an error; warnings are no errors.\n"
               "Run it as the user that starts wsluice; as root, it also looks as the user\n"
               "that the file names.\n",
    .run = run_check,
};

/* ---- health ---- */

struct health_request {
    const struct config_address *address;
    const char *target, *host; /* host NULL: the address's */
    bool lenient;              /* any answer below 500 counts as healthy */
};

static int ask_health(const struct cli_call *call, const struct health_request *health)
{
    char error[ERROR_MAX];
    struct http_client_answer answer;
    const struct http_client_request request = {.address = health->address,
                                                .method = "GET",
                                                .target = health->target,
                                                .host = health->host,
                                                .timeout_ms = HEALTH_MS};
    if (!http_client_ask(&request, &answer, error, sizeof(error)))
        return cli_call_cannot(call, error);
    bool good = answer.status < (health->lenient ? 500 : 300);
    if (!good)
        fprintf(call->err, "wsluice: error: unhealthy: status %u: %s\n", answer.status,
                http_client_first_line(answer.body));
    free(answer.body);
    return good ? 0 : CLI_STATUS_FAILED;
}

static int ask_url(const struct cli_call *call, const char *url, bool lenient)
{
    struct config_address address;
    char host[HTTP_CLIENT_HOST];
    const char *target;
    if (!http_client_url(url, &address, host, &target))
        return cli_call_wrong_usage(call, url, "a URL is http://HOST[:PORT]/PATH");
    const struct health_request request = {
        .address = &address, .target = *target ? target : "/", .lenient = lenient};
    return ask_health(call, &request);
}

/* Each route that needs others must agree; of those without needs, one is enough. */
static int ask_routes(const struct cli_call *call, const struct config *config)
{
    char why[ERROR_MAX] = "that file has no admin socket and no health route", text[2 * ERROR_MAX];
    const struct config_route *route;
    struct local_place place;
    size_t cursor = 0;
    bool asked = false;
    while ((route = health_place_next(config, &cursor))) {
        bool found = health_place_find(config, route, &place, why, sizeof(why));
        if (!found && route->needs.count == 0)
            continue;
        if (!found)
            break;
        const struct health_request request = {.address = &place.address,
                                               .target = place.target,
                                               .host = place.host[0] ? place.host : NULL};
        int status = ask_health(call, &request);
        if (status != 0 || route->needs.count == 0)
            return status;
        asked = true;
    }
    if (asked && !route)
        return 0;
    snprintf(text, sizeof(text), "%s; add 'admin: FILE', or a listener with health: ready", why);
    return cli_call_cannot(call, text);
}

static int ask_socket(const struct cli_call *call, const char *path)
{
    const struct config_address address = {.kind = CONFIG_ADDRESS_UNIX, .path = path};
    return ask_health(call, &(struct health_request){.address = &address, .target = ADMIN_READY});
}

/* The file's socket, else the environment's, which goes with every file, else its health routes. */
static int ask_file(const struct cli_call *call, const char *file)
{
    const char *environment = cli_admin_socket_variable();
    if (cli_scan_has(call->scan, "socket"))
        return cli_call_wrong_usage(call, file, "--socket or a file, not both");
    const struct config *config = cli_report_load(file, CLI_REPORT_FAILURE, call->err, NULL);
    if (!config)
        return CLI_STATUS_FAILED;
    const char *socket = config->admin.socket ? config->admin.socket : environment;
    int status = socket ? ask_socket(call, socket) : ask_routes(call, config);
    config_release(config);
    return status;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

/* The file that a process was started with, as far as the environment tells. */
static const char *file_of_environment(void)
{
    const char *file = is_set("WSLUICE_CONFIG") ? getenv("WSLUICE_CONFIG") : NULL;
    bool other = is_set("WSLUICE_TARGET") || is_set("WSLUICE_LISTEN");
    return file && !other && access(file, R_OK) == 0 ? file : NULL;
}

/* There is no socket. A file without health routes tells nothing. */
static int ask_without_socket(const struct cli_call *call)
{
    const char *file = file_of_environment();
    const struct config *config =
        file ? cli_report_load(file, CLI_REPORT_FAILURE, call->err, NULL) : NULL;
    size_t cursor = 0;
    if (file && !config)
        return CLI_STATUS_FAILED;
    bool has_routes = config && health_place_next(config, &cursor);
    int status = has_routes ? ask_routes(call, config) : ask_url(call, DEFAULT_URL, true);
    config_release(config);
    return status;
}

static int ask_default(const struct cli_call *call)
{
    const char *option = cli_scan_value(call->scan, "socket");
    const char *named = option ? option : cli_admin_socket_variable();
    if (option && !*option)
        return cli_call_wrong_usage(call, "--socket", "must not be empty");
    if (!named && access(CLI_ADMIN_SOCKET, F_OK) < 0 && errno == ENOENT)
        return ask_without_socket(call);
    return ask_socket(call, named ? named : CLI_ADMIN_SOCKET);
}

static int refuse_host(const struct cli_call *call, const char *operand)
{
    char url[ERROR_MAX], hint[ERROR_MAX + 64];
    http_client_complete(operand, url, sizeof(url));
    snprintf(hint, sizeof(hint), "neither a file nor a URL; write %s", url);
    return cli_call_wrong_usage(call, operand, hint);
}

static int run_health(const struct cli_call *call)
{
    const char *operand = cli_call_operand(call, 0);
    int status;
    if (!operand)
        status = ask_default(call);
    else if (!strstr(operand, "://"))
        status = access(operand, F_OK) < 0 && http_client_is_host(operand)
                     ? refuse_host(call, operand)
                     : ask_file(call, operand);
    else if (cli_scan_has(call->scan, "socket"))
        status = cli_call_wrong_usage(call, operand, "--socket or a URL, not both");
    else
        status = ask_url(call, operand, false);
    if (status == 0)
        fprintf(call->out, "healthy\n");
    return status;
}

static const struct options_flag health_flags[] = {CLI_ADMIN_SOCKET_FLAG};

const struct cli_command cli_check_health = {
    .name = "health",
    .operands = "[URL|FILE]",
    .operands_max = 1,
    .operand = CLI_OPERAND_FILE,
    .flags = health_flags,
    .flag_count = WSL_COUNT(health_flags),
    .help = "exit with 0 if a running process is ready for clients",
    .details = "Exits with 0 if the process is ready for clients, else with 1. It asks\n"
               "\n"
               "  with FILE, its configuration:\n"
               "      the admin socket of FILE, which needs what all health routes need;\n"
               "      without one, the routes of FILE with health: ready, over plain HTTP\n"
               "  with URL, http://HOST[:PORT]/PATH:\n"
               "      that route\n"
               "  without both:\n"
               "      the admin socket; if there is none, the health routes of the file in\n"
               "      $WSLUICE_CONFIG; without a file, " DEFAULT_URL ", where any\n"
               "      answer but an error 5xx will do\n",
    .run = run_health,
};
