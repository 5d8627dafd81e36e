#include "run/cli/cli_admin.h"

#include <errno.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/base.h"
#include "core/status/status_query.h"
#include "run/cli/call/cli_call.h"
#include "run/cli/call/cli_report.h"
#include "run/client/http_client.h"
#include "run/help/terminal.h"

#define TIMEOUT_MS 5000
#define ERROR_MAX  512
#define WATCH_S    2

/* ---- the admin socket ---- */

const char *cli_admin_socket_variable(void)
{
    const char *value = getenv("WSLUICE_ADMIN_SOCKET");
    return value && *value ? value : NULL;
}

/* Of the file that is named; without one there, the environment's, which goes with every file. */
static int take_from_file(struct cli_admin *admin, const char *file)
{
    admin->config = cli_report_load(file, CLI_REPORT_FAILURE, admin->call->err, NULL);
    if (!admin->config)
        return CLI_STATUS_FAILED;
    admin->address.path = admin->config->admin.socket;
    if (!admin->address.path)
        admin->address.path = cli_admin_socket_variable();
    return admin->address.path
               ? 0
               : cli_call_cannot(admin->call, "that file has no admin socket; add 'admin: FILE'");
}

int cli_admin_find(struct cli_admin *admin, const char *file)
{
    const char *option = cli_scan_value(admin->call->scan, "socket");
    const char *environment = cli_admin_socket_variable();
    admin->address.kind = CONFIG_ADDRESS_UNIX;
    if (option && file)
        return cli_call_wrong_usage(admin->call, file, "--socket or a file, not both");
    if (option && !*option)
        return cli_call_wrong_usage(admin->call, "--socket", "must not be empty");
    if (file)
        return take_from_file(admin, file);
    admin->address.path = option ? option : environment ? environment : CLI_ADMIN_SOCKET;
    if (!option && !environment && access(CLI_ADMIN_SOCKET, F_OK) < 0 && errno == ENOENT)
        return cli_call_cannot(admin->call, CLI_ADMIN_SOCKET
                               ": no such socket; is wsluice running? If its socket is another, "
                               "name its configuration file or --socket=FILE");
    return 0;
}

/* ---- status ---- */

static void put_encoded(FILE *out, const char *text)
{
    for (; *text; text++) {
        bool plain = ascii_is_unreserved(*text);
        fprintf(out, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
}

static void put_parameter(FILE *out, const char *key, const char *value)
{
    if (!value)
        return;
    fprintf(out, "&%s=", key);
    put_encoded(out, value);
}

/* malloc'd, of any length: the server refuses what is too long. NULL: out of memory. */
static char *make_target(const struct cli_call *call)
{
    static const char *const parameters[] = {"filter", "sort", "order", "limit"};
    char *target = NULL;
    size_t length;
    FILE *out = open_memstream(&target, &length);
    if (!out)
        return NULL;
    fprintf(out, "/?format=%s&width=%u", cli_scan_has(call->scan, "json") ? "json" : "text",
            terminal_columns(call->out)); /* 0: no limit */
    for (size_t i = 0; i < WSL_COUNT(parameters); i++)
        put_parameter(out, parameters[i], cli_scan_value(call->scan, parameters[i]));
    bool good = !ferror(out);
    if (fclose(out) == 0 && good)
        return target;
    free(target);
    return NULL;
}

static int show_answer(const struct cli_call *call, struct http_client_answer *answer)
{
    bool good = answer->status == 200;
    if (good && cli_scan_has(call->scan, "watch"))
        fputs("\033[H\033[2J", call->out);
    if (good)
        fwrite(answer->body, 1, answer->length, call->out);
    if (good && cli_scan_has(call->scan, "json"))
        fputc('\n', call->out);
    fflush(call->out);
    return good ? 0 : cli_call_cannot(call, http_client_first_line(answer->body));
}

static int show_once(const struct cli_call *call, const struct config_address *address)
{
    char error[ERROR_MAX], *target = make_target(call);
    struct http_client_answer answer;
    if (!target)
        return cli_call_cannot(call, strerror(ENOMEM));
    const struct http_client_request request = {
        .address = address, .method = "GET", .target = target, .timeout_ms = TIMEOUT_MS};
    bool done = http_client_ask(&request, &answer, error, sizeof(error));
    free(target);
    if (!done)
        return cli_call_cannot(call, error);
    int status = show_answer(call, &answer);
    free(answer.body);
    return status;
}

static int run_status(const struct cli_call *call)
{
    struct cli_admin admin = {.call = call};
    int status = cli_admin_find(&admin, cli_call_operand(call, 0));
    while (status == 0) {
        status = show_once(call, &admin.address);
        if (!cli_scan_has(call->scan, "watch") || ferror(call->out))
            break;
        sleep(WATCH_S);
    }
    config_release(admin.config);
    return status;
}

static const struct options_flag status_flags[] = {
    {.name = "filter", .argument = "TEXT", .help = "only sessions whose row contains TEXT"},
    {.name = "sort",
     .argument = "KEY",
     .help = "age, id, client, user, route, target, state, up, down, rate_up, rate_down, ping, "
             "idle, input or stalled [age]"},
    {.name = "order", .argument = "asc|desc", .help = "the sort order"},
    {.name = "limit", .argument = "N", .help = "this many sessions, up to 1000"},
    {.name = "json", .help = "print JSON"},
    {.name = "watch", .help = "print it again every two seconds"},
    CLI_ADMIN_SOCKET_FLAG,
};

const struct cli_command cli_admin_status = {
    .name = "status",
    .operands = "[FILE]",
    .operands_max = 1,
    .operand = CLI_OPERAND_FILE,
    .flags = status_flags,
    .flag_count = WSL_COUNT(status_flags),
    .help = "show targets and sessions of a running process",
    .details = "Shows targets and sessions of the process with the admin socket that the\n"
               "configuration FILE names.\n",
    .run = run_status,
};

/* ---- kill ---- */

static int kill_one(const struct cli_call *call, const struct config_address *address, uint64_t id)
{
    char target[64], text[SESSION_ID_TEXT], error[ERROR_MAX];
    struct http_client_answer answer;
    session_id_print(id, text);
    snprintf(target, sizeof(target), "/?format=text&kill=%s", text);
    const struct http_client_request request = {
        .address = address, .method = "POST", .target = target, .timeout_ms = TIMEOUT_MS};
    if (!http_client_ask(&request, &answer, error, sizeof(error)))
        return cli_call_cannot(call, error);
    bool good = answer.status == 200;
    if (good)
        fprintf(call->out, "session %s was told to end\n", text);
    else
        fprintf(call->err, "wsluice: error: session %s: %s\n", text,
                http_client_first_line(answer.body));
    free(answer.body);
    return good ? 0 : CLI_STATUS_FAILED;
}

static bool is_id(const char *text, uint64_t *id)
{
    return session_id_parse(slice_of(text), id);
}

static int two_files(const struct cli_call *call, const char *first, const char *second)
{
    char message[ERROR_MAX];
    snprintf(message, sizeof(message),
             "is no session id, and neither is %s: ids are like 0-17, and one file can be named",
             second);
    return cli_call_wrong_usage(call, first, message);
}

/* Each operand is an id but one, which is the file. 0, or the exit status. */
static int find_file(const struct cli_call *call, const char **file)
{
    const char *operand;
    size_t ids = 0;
    for (size_t i = 0; (operand = cli_call_operand(call, i)); i++) {
        uint64_t id;
        if (is_id(operand, &id))
            ids++;
        else if (*file)
            return two_files(call, *file, operand);
        else
            *file = operand;
    }
    if (ids == 0)
        return cli_call_wrong_usage(call, *file ? *file : "",
                                    "name a session id, such as 0-17; 'wsluice status' shows them");
    return 0;
}

static int run_kill(const struct cli_call *call)
{
    struct cli_admin admin = {.call = call};
    const char *operand, *file = NULL;
    int status = find_file(call, &file);
    if (status == 0)
        status = cli_admin_find(&admin, file);
    bool found = status == 0;
    for (size_t i = 0; found && (operand = cli_call_operand(call, i)); i++) {
        uint64_t id;
        int one = is_id(operand, &id) ? kill_one(call, &admin.address, id) : 0;
        status = status ? status : one;
    }
    config_release(admin.config);
    return status;
}

static const struct options_flag socket_flags[] = {CLI_ADMIN_SOCKET_FLAG};

const struct cli_command cli_admin_kill = {
    .name = "kill",
    .operands = "ID... [FILE]",
    .operands_max = CLI_OPERANDS_ANY,
    .operand = CLI_OPERAND_FILE,
    .flags = socket_flags,
    .flag_count = WSL_COUNT(socket_flags),
    .help = "end sessions by the ids that status shows",
    .details = "Ends sessions by the ids that 'wsluice status' shows, of the process with the\n"
               "admin socket that the configuration FILE names.\n",
    .run = run_kill,
};
