#include "run/cli/cli_change.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/ascii.h"
#include "base/monotonic.h"
#include "config/rules/admin.h"
#include "run/cli/call/cli_report.h"
#include "run/cli/cli_admin.h"
#include "run/client/http_client.h"
#include "run/client/status_look.h"
#include "run/process/pid_file.h"

#define ERROR_MAX         512
#define POLL_MS           100
#define RELOAD_MS         60000
#define UPGRADE_MARGIN_MS 5000 /* beyond limits.upgrade_timeout, which is a minute by default */

/* What differs between the two. */
struct verb {
    const char *name;   /* also of its verdicts in the status */
    const char *target; /* of the admin socket */
    const char *order;  /* what the process is told */
    int signal;
    uint32_t timeout_ms;
};

static const struct verb reload = {.name = "reload",
                                   .target = ADMIN_RELOAD,
                                   .order = "to read the file again",
                                   .signal = SIGHUP,
                                   .timeout_ms = RELOAD_MS};
static const struct verb upgrade = {.name = "upgrade",
                                    .target = ADMIN_UPGRADE,
                                    .order = "to start its successor",
                                    .signal = SIGUSR2,
                                    .timeout_ms = 60000 + UPGRADE_MARGIN_MS};

struct change {
    const struct cli_call *call;
    const struct verb *verb;
    const char *file;            /* NULL: none is named */
    const struct config *config; /* of the file */
    pid_t pid;                   /* the one to signal; 0: the holder of the pid_file */
    uint64_t deadline_ms;        /* monotonic */
    uint32_t timeout_ms;
};

/* ---- time ---- */

static bool take_timeout(struct change *change)
{
    static const struct value_spec spec = {
        .type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_HOURS(2)};
    const char *text = cli_scan_value(change->call->scan, "timeout");
    struct value value;
    char why[128];
    change->timeout_ms = change->verb->timeout_ms;
    if (change->config && change->verb->signal == SIGUSR2)
        change->timeout_ms = change->config->limits.upgrade_timeout_ms + UPGRADE_MARGIN_MS;
    if (text && value_parse(&spec, text, &value, why, sizeof(why)) != VALUE_OK) {
        (void)cli_call_wrong_usage(change->call, "--timeout", why);
        return false;
    }
    if (text)
        change->timeout_ms = (uint32_t)value.number;
    change->deadline_ms = monotonic_ms() + change->timeout_ms;
    return true;
}

static bool take_pid(struct change *change)
{
    uint64_t number;
    const char *text = cli_scan_value(change->call->scan, "pid");
    const char *wrong = NULL;
    if (text && !change->config)
        wrong = "needs a FILE as well";
    else if (text && (!ascii_decimal(slice_of(text), INT32_MAX, &number) || number == 0))
        wrong = "must be a process ID";
    if (wrong) {
        (void)cli_call_wrong_usage(change->call, "--pid", wrong);
        return false;
    }
    change->pid = text ? (pid_t)number : 0;
    return true;
}

/* Milliseconds; 0: the deadline has passed. */
static uint32_t time_left(const struct change *change)
{
    uint64_t now = monotonic_ms();
    return now < change->deadline_ms ? (uint32_t)(change->deadline_ms - now) : 0;
}

static void pause_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = POLL_MS * 1000000L};
    (void)nanosleep(&moment, NULL);
}

static int no_verdict(const struct change *change)
{
    char message[ERROR_MAX];
    snprintf(message, sizeof(message),
             "no verdict within %g s (--timeout); the process may still be at work on the %s, and "
             "its log will say how that went",
             change->timeout_ms / 1000.0, change->verb->name);
    return cli_call_cannot(change->call, message);
}

/* ---- verdicts ---- */

/* Lines may quote a configuration: a terminal gets printable characters only. */
static void put_line(FILE *out, const char *prefix, const char *line, size_t length)
{
    fputs(prefix, out);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        fputc(byte < ' ' || byte == 0x7f ? '?' : byte, out);
    }
    fputc('\n', out);
}

static void put_finding(const struct change *change, const char *line, size_t length)
{
    bool bare = strncmp(line, "error: ", 7) == 0 || strncmp(line, "warning: ", 9) == 0;
    put_line(change->call->err, bare ? "wsluice: " : "", line, length);
}

static int put_sentence(const struct change *change, bool done, const char *sentence)
{
    FILE *out = done ? change->call->out : change->call->err;
    put_line(out, done ? "" : "wsluice: error: ", sentence, strlen(sentence));
    fflush(out);
    return done ? 0 : CLI_STATUS_FAILED;
}

/* Findings, and a sentence last, as a process answers (control_request.h). */
static int put_verdict(const struct change *change, bool done, const char *text)
{
    const char *end;
    for (; (end = strchr(text, '\n')) && end[1] != '\0'; text = end + 1)
        put_finding(change, text, (size_t)(end - text));
    char *sentence = strndup(text, strcspn(text, "\n"));
    int status = sentence ? put_sentence(change, done, sentence) : CLI_STATUS_FAILED;
    free(sentence);
    return status;
}

/* ---- over the admin socket ---- */

enum asked { ASKED_ANSWERED, ASKED_AGAIN, ASKED_CLOSED, ASKED_NOBODY };

/*
 * Once. ASKED_NOBODY: *error says why. `last`: a process that ends without an answer is no reason
 * to ask the next one.
 */
static enum asked ask_once(const struct change *change, const struct config_address *address,
                           bool last, int *status, char *error)
{
    struct http_client_answer answer;
    const struct http_client_request request = {.address = address,
                                                .method = "POST",
                                                .target = change->verb->target,
                                                .timeout_ms = time_left(change)};
    if (!http_client_ask(&request, &answer, error, ERROR_MAX)) {
        if (!answer.connected)
            return ASKED_NOBODY;
        if (answer.closed && !last)
            return ASKED_CLOSED;
        *status =
            time_left(change) == 0 ? no_verdict(change) : cli_call_cannot(change->call, error);
        return ASKED_ANSWERED;
    }
    enum asked asked = answer.status == 503 ? ASKED_AGAIN : ASKED_ANSWERED;
    if (answer.status == 200 || answer.status == 409) {
        *status = put_verdict(change, answer.status == 200, answer.body);
    } else if (answer.status == 400 || answer.status == 404) {
        asked = ASKED_NOBODY;
        snprintf(error, ERROR_MAX,
                 "%s: the process is older than this command; send it %s, and read its log",
                 address->path, change->verb->signal == SIGHUP ? "SIGHUP" : "SIGUSR2");
    } else if (asked == ASKED_ANSWERED) {
        *status = put_verdict(change, false, answer.body);
    }
    free(answer.body);
    return asked;
}

/* While processes take over from each other, the one that was asked may be the wrong one. */
static bool ask(const struct change *change, const struct config_address *address, int *status,
                char *error)
{
    enum asked asked;
    bool closed = false;
    while ((asked = ask_once(change, address, closed, status, error)) == ASKED_AGAIN ||
           asked == ASKED_CLOSED) {
        closed = closed || asked == ASKED_CLOSED;
        if (time_left(change) == 0) {
            *status = no_verdict(change);
            return true;
        }
        pause_a_moment();
    }
    return asked == ASKED_ANSWERED;
}

/* ---- by a signal ---- */

/* The first change that began after the first look, or a successor. */
static int wait_for_verdict(const struct change *change, const struct local_place *place,
                            const struct status_look_facts *before)
{
    struct status_look_facts facts;
    for (; time_left(change) > 0; pause_a_moment()) {
        if (!status_look_at(place, change->verb->name, change->deadline_ms, &facts))
            continue;
        bool other = facts.pid != before->pid;
        if (other && change->verb->signal == SIGHUP)
            return cli_call_cannot(change->call, "another process has taken over meanwhile; run "
                                                 "this command again");
        if (!other && facts.ended <= before->begun)
            continue;
        const char *plain = facts.failed ? "it failed; the log of the process says why" : "done";
        if (other)
            snprintf(facts.text, sizeof(facts.text), "process %llu has taken over (wsluice %s)",
                     (unsigned long long)facts.pid, facts.version);
        return put_verdict(change, other || !facts.failed, facts.text[0] ? facts.text : plain);
    }
    return no_verdict(change);
}

static int log_only(const struct change *change, pid_t pid)
{
    config_release(cli_report_load(change->file, CLI_REPORT_ALL, change->call->err, NULL));
    fprintf(change->call->out,
            "process %ld was told %s; only its log says how that went. Add 'admin: FILE' to %s, "
            "and this command waits for the verdict\n",
            (long)pid, change->verb->order, change->file);
    return 0;
}

static bool send_to(const struct change *change, pid_t *pid, char *error)
{
    *pid = change->pid;
    if (*pid == 0)
        return pid_file_signal(change->config->pid_file, change->verb->signal, pid, error,
                               ERROR_MAX);
    if (kill(*pid, change->verb->signal) == 0)
        return true;
    snprintf(error, ERROR_MAX, "process %ld: %s", (long)*pid, strerror(errno));
    return false;
}

static int send_signal(const struct change *change)
{
    struct local_place place;
    struct status_look_facts before;
    char error[ERROR_MAX];
    pid_t pid;
    bool seen =
        status_look_find(change->config, change->verb->name, change->deadline_ms, &place, &before);
    if (!send_to(change, &pid, error))
        return cli_call_cannot(change->call, error);
    return seen ? wait_for_verdict(change, &place, &before) : log_only(change, pid);
}

/* ---- the subcommands ---- */

static int run_with_file(struct change *change)
{
    int status = CLI_STATUS_FAILED;
    char error[ERROR_MAX] =
        "that file has neither an admin socket nor a pid_file; add 'admin: FILE'";
    const struct config *config = change->config;
    const struct config_address address = {.kind = CONFIG_ADDRESS_UNIX,
                                           .path = config->admin.socket};
    if (address.path && ask(change, &address, &status, error))
        return status;
    return config->pid_file || change->pid ? send_signal(change)
                                           : cli_call_cannot(change->call, error);
}

static int run_with_socket(struct change *change)
{
    struct cli_admin admin = {.call = change->call};
    char error[ERROR_MAX];
    int status = cli_admin_find(&admin, NULL);
    if (status == 0 && !ask(change, &admin.address, &status, error))
        status = cli_call_cannot(change->call, error);
    return status;
}

static int run(const struct cli_call *call, const struct verb *verb)
{
    struct change change = {.call = call, .verb = verb, .file = cli_call_operand(call, 0)};
    if (change.file && cli_scan_has(call->scan, "socket"))
        return cli_call_wrong_usage(call, change.file, "--socket or a file, not both");
    if (change.file) {
        change.config = cli_report_load(change.file, CLI_REPORT_FAILURE, call->err, NULL);
        if (!change.config)
            return CLI_STATUS_FAILED;
    }
    int status = CLI_STATUS_USAGE;
    if (take_timeout(&change) && take_pid(&change))
        status = change.config ? run_with_file(&change) : run_with_socket(&change);
    config_release(change.config);
    return status;
}

static int run_reload(const struct cli_call *call)
{
    return run(call, &reload);
}

static int run_upgrade(const struct cli_call *call)
{
    return run(call, &upgrade);
}

static const struct options_flag flags[] = {
    {.name = "pid",
     .argument = "PID",
     .help = "without an admin socket, signal this process, not the one of the pid_file"},
    {.name = "timeout", .argument = "TIME", .help = "wait this long for the verdict [1m]"},
    CLI_ADMIN_SOCKET_FLAG,
};

const struct cli_command cli_change_reload = {
    .name = "reload",
    .operands = "[FILE]",
    .operands_max = 1,
    .operand = CLI_OPERAND_FILE,
    .flags = flags,
    .flag_count = WSL_COUNT(flags),
    .help = "let a running process read its file again",
    .details = "Exits with 0 once the process uses the file as it is now, or with 1 and the\n"
               "findings if it goes on as before. It asks over the admin socket that FILE names.\n"
               "Without one it sends SIGHUP to the process that holds the pid_file, and reads\n"
               "the verdict from a status route; without that, only the log has the verdict.\n",
    .run = run_reload,
};

const struct cli_command cli_change_upgrade = {
    .name = "upgrade",
    .operands = "[FILE]",
    .operands_max = 1,
    .operand = CLI_OPERAND_FILE,
    .flags = flags,
    .flag_count = WSL_COUNT(flags),
    .help = "replace a running process by the binary that is installed now",
    .details = "Exits with 0 once a new process serves: it gets the listening sockets, and the\n"
               "old one keeps its sessions until they end. Exits with 1 and the reason if the\n"
               "new process fails; the old one goes on then. FILE and the verdict are as for\n"
               "'wsluice reload'; the signal is SIGUSR2.\n",
    .run = run_upgrade,
};
