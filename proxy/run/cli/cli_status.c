#include "run/cli/cli_status.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/base.h"
#include "config/load.h"
#include "config/rules/admin.h"
#include "core/status/status_query.h"
#include "run/cli/cli_report.h"
#include "run/cli/cli_result.h"
#include "run/cli/http_client.h"

#define TIMEOUT_MS 5000
#define HEALTH_MS  2500
#define ERROR_MAX  512
#define WATCH_S    2

#define DEFAULT_URL "http://127.0.0.1:6080/"

const char cli_status_usage[] =
    "usage: wsluice status [--filter TEXT] [--sort KEY] [--order asc|desc] [--limit N]\n"
    "                      [--json] [--watch] [--socket FILE | CONFIG]\n"
    "\n"
    "Shows the targets and sessions of a process that has an admin socket: the one of the file\n"
    "CONFIG, of $WSLUICE_ADMIN_SOCKET, or " CLI_STATUS_SOCKET ".\n"
    "KEY is age, id, client, user, route, target, state, up, down, rate_up, rate_down, ping,\n"
    "idle or stalled. N is up to 1000.\n";
const char cli_status_kill_usage[] = "usage: wsluice kill ID... [--socket FILE | CONFIG]\n"
                                     "\n"
                                     "Ends sessions, by the ids that 'wsluice status' shows.\n";
const char cli_status_health_usage[] =
    "usage: wsluice health [URL | --socket FILE | CONFIG]\n"
    "\n"
    "Exits with 0 when the process is ready for clients, else with 1. Asks its admin socket:\n"
    "the one of the file CONFIG, of $WSLUICE_ADMIN_SOCKET, or " CLI_STATUS_SOCKET ";\n"
    "if nothing names one and that one is not there, any answer of " DEFAULT_URL "\n"
    "will do. URL is http://HOST[:PORT]/PATH of a route of kind health.\n";

/* ---- words ---- */

struct words {
    FILE *out, *err;
    const char *usage;
    int argc;
    char **argv;
    const char *filter, *sort, *order, *limit, *socket;
    bool json, watch;
    char **rest; /* what is no option, in argv */
    int rest_count;
    bool guessed;                /* nothing named the socket: it is the default one */
    const struct config *config; /* NULL: no file was named */
};

static int wrong_usage(const struct words *words, const char *what, const char *message)
{
    fputs(words->usage, words->err);
    fprintf(words->err, "wsluice: error: %s%s%s\n", what, *what ? ": " : "", message);
    return CLI_STATUS_USAGE;
}

static int cannot(const struct words *words, const char *message)
{
    fprintf(words->err, "wsluice: error: %s\n", message);
    return CLI_STATUS_CANNOT;
}

/* "--name VALUE" or "--name=VALUE". False: it is another one. */
static bool take_value(struct words *words, int *at, const char *name, const char **value)
{
    char *word = words->argv[*at];
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || (word[length] != '=' && word[length] != '\0'))
        return false;
    if (word[length] == '=')
        *value = word + length + 1;
    else if (*at + 1 < words->argc)
        *value = words->argv[++*at];
    else
        *value = "";
    return true;
}

static bool take_switch(const char *word, const char *name, bool *set)
{
    bool meant = strcmp(word, name) == 0;
    *set = *set || meant;
    return meant;
}

/* 0, or what to exit with. `all`: those of status as well. */
static int scan(struct words *words, bool all)
{
    words->rest = words->argv;
    for (int i = 0; i < words->argc; i++) {
        char *word = words->argv[i];
        if (word[0] != '-')
            words->rest[words->rest_count++] = word; /* never ahead of what is read */
        else if (!take_value(words, &i, "--socket", &words->socket) &&
                 !(all && (take_value(words, &i, "--filter", &words->filter) ||
                           take_value(words, &i, "--sort", &words->sort) ||
                           take_value(words, &i, "--order", &words->order) ||
                           take_value(words, &i, "--limit", &words->limit) ||
                           take_switch(word, "--json", &words->json) ||
                           take_switch(word, "--watch", &words->watch))))
            return wrong_usage(words, word, "unknown option");
    }
    return words->socket && !*words->socket ? wrong_usage(words, "--socket", "which one?") : 0;
}

/* The address of the admin socket; a file that was named must have one. */
static int find_socket(struct words *words, const char *file, struct config_address *address)
{
    const char *environment = getenv("WSLUICE_ADMIN_SOCKET");
    *address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = words->socket};
    if (words->socket && file)
        return wrong_usage(words, file, "--socket or a file, not both");
    if (!address->path && !file && environment && *environment)
        address->path = environment;
    words->guessed = !address->path && !file;
    if (words->guessed)
        address->path = CLI_STATUS_SOCKET;
    if (address->path)
        return 0;
    struct diag diag;
    diag_init(&diag);
    words->config = load_config(&(struct load_request){.path = file}, &diag);
    if (!words->config) /* its warnings are for those who check or start it */
        cli_report_findings(&diag, "wsluice", words->err);
    diag_free(&diag);
    if (!words->config)
        return CLI_STATUS_CANNOT;
    address->path = words->config->admin.socket;
    return address->path ? 0 : cannot(words, "that file has no admin socket; add 'admin: FILE'");
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

/* Of the terminal; what goes elsewhere may be as wide as it gets. */
static unsigned columns(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);
    bool known = fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0;
    return known ? size.ws_col : 0;
}

/* malloc'd; as long as the words are: what is too long is for the process to refuse. NULL: out of
 * memory. */
static char *make_target(const struct words *words)
{
    char *target = NULL;
    size_t length;
    FILE *out = open_memstream(&target, &length);
    if (!out)
        return NULL;
    fprintf(out, "/?format=%s&width=%u", words->json ? "json" : "text", columns(words->out));
    put_parameter(out, "filter", words->filter);
    put_parameter(out, "sort", words->sort);
    put_parameter(out, "order", words->order);
    put_parameter(out, "limit", words->limit);
    bool good = !ferror(out);
    if (fclose(out) == 0 && good)
        return target;
    free(target);
    return NULL;
}

/* Without the end of its line: it is put behind "error:". */
static const char *first_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static int show_answer(const struct words *words, struct http_client_answer *answer)
{
    bool good = answer->status == 200;
    if (good && words->watch)
        fputs("\033[H\033[2J", words->out);
    if (good)
        fwrite(answer->body, 1, answer->length, words->out);
    if (good && words->json)
        fputc('\n', words->out);
    fflush(words->out);
    return good ? 0 : cannot(words, first_line(answer->body));
}

static int show_once(const struct words *words, const struct config_address *address)
{
    char error[ERROR_MAX], *target = make_target(words);
    struct http_client_answer answer;
    if (!target)
        return cannot(words, strerror(ENOMEM));
    const struct http_client_request request = {
        .address = address, .method = "GET", .target = target, .timeout_ms = TIMEOUT_MS};
    bool done = http_client_ask(&request, &answer, error, sizeof(error));
    free(target);
    if (!done)
        return cannot(words, error);
    int status = show_answer(words, &answer);
    free(answer.body);
    return status;
}

static int show(struct words *words)
{
    struct config_address address;
    int status = scan(words, true);
    if (status == 0 && words->rest_count > 1)
        status = wrong_usage(words, words->rest[1], "one file at a time");
    if (status == 0)
        status = find_socket(words, words->rest_count > 0 ? words->rest[0] : NULL, &address);
    while (status == 0) {
        status = show_once(words, &address);
        if (!words->watch || ferror(words->out))
            break;
        sleep(WATCH_S);
    }
    config_release(words->config);
    return status;
}

int cli_status_show(int argc, char **argv, FILE *out, FILE *err)
{
    struct words words = {
        .out = out, .err = err, .usage = cli_status_usage, .argc = argc, .argv = argv};
    return show(&words);
}

/* ---- kill ---- */

static int kill_one(const struct words *words, const struct config_address *address, uint64_t id)
{
    char target[64], text[SESSION_ID_TEXT], error[ERROR_MAX];
    struct http_client_answer answer;
    session_id_print(id, text);
    snprintf(target, sizeof(target), "/?format=text&kill=%s", text);
    const struct http_client_request request = {
        .address = address, .method = "POST", .target = target, .timeout_ms = TIMEOUT_MS};
    if (!http_client_ask(&request, &answer, error, sizeof(error)))
        return cannot(words, error);
    bool good = answer.status == 200;
    first_line(answer.body);
    if (good)
        fprintf(words->out, "session %s was told to end\n", text);
    else
        fprintf(words->err, "wsluice: error: session %s: %s\n", text, answer.body);
    free(answer.body);
    return good ? 0 : CLI_STATUS_CANNOT;
}

/* Words that are ids come first; one that is none is the file. */
static int kill_all(struct words *words)
{
    uint64_t id;
    struct config_address address;
    const char *file = NULL;
    int status = scan(words, false), ids = 0;
    for (int i = 0; status == 0 && i < words->rest_count; i++) {
        if (session_id_parse(slice_of(words->rest[i]), &id))
            words->rest[ids++] = words->rest[i];
        else if (file)
            status = wrong_usage(words, file, "that is no session's id; ids are like 0-17");
        else
            file = words->rest[i];
    }
    if (status == 0 && ids == 0)
        status = wrong_usage(words, file ? file : "", "which session? Ids are like 0-17");
    if (status == 0)
        status = find_socket(words, file, &address);
    if (status != 0)
        return status;
    for (int i = 0; i < ids; i++) {
        (void)!session_id_parse(slice_of(words->rest[i]), &id);
        int one = kill_one(words, &address, id);
        status = status ? status : one;
    }
    return status;
}

int cli_status_kill(int argc, char **argv, FILE *out, FILE *err)
{
    struct words words = {
        .out = out, .err = err, .usage = cli_status_kill_usage, .argc = argc, .argv = argv};
    int status = kill_all(&words);
    config_release(words.config);
    return status;
}

/* ---- health ---- */

/* `lenient`: any answer but an error of the server's says that it serves. */
static int ask_health(const struct words *words, const struct config_address *address,
                      const char *target, bool lenient)
{
    char error[ERROR_MAX];
    struct http_client_answer answer;
    const struct http_client_request request = {
        .address = address, .method = "GET", .target = target, .timeout_ms = HEALTH_MS};
    if (!http_client_ask(&request, &answer, error, sizeof(error)))
        return cannot(words, error);
    bool good = answer.status < (lenient ? 500 : 300);
    if (good)
        fprintf(words->out, "healthy\n");
    else
        fprintf(words->err, "wsluice: error: unhealthy: status %u: %s\n", answer.status,
                first_line(answer.body));
    free(answer.body);
    return good ? 0 : CLI_STATUS_CANNOT;
}

static int ask_url(const struct words *words, const char *url, bool lenient)
{
    struct config_address address;
    char host[HTTP_CLIENT_HOST];
    const char *target;
    if (!http_client_url(url, &address, host, &target))
        return wrong_usage(words, url, "a URL is http://HOST[:PORT]/PATH");
    return ask_health(words, &address, *target ? target : "/", lenient);
}

static int health(struct words *words)
{
    struct config_address address;
    int status = scan(words, false);
    const char *where = words->rest_count > 0 ? words->rest[0] : NULL;
    if (status == 0 && words->rest_count > 1)
        status = wrong_usage(words, words->rest[1], "one at a time");
    if (status == 0 && where && strstr(where, "://"))
        return words->socket ? wrong_usage(words, where, "--socket or a URL, not both")
                             : ask_url(words, where, false);
    if (status == 0 && where && strchr(where, ':') && access(where, F_OK) < 0)
        status =
            wrong_usage(words, where, "neither a file nor a URL; write http://HOST[:PORT]/PATH");
    if (status == 0)
        status = find_socket(words, where, &address);
    if (status != 0)
        return status;
    if (words->guessed && access(address.path, F_OK) < 0 && errno == ENOENT)
        return ask_url(words, DEFAULT_URL, true);
    return ask_health(words, &address, ADMIN_READY, false);
}

int cli_status_health(int argc, char **argv, FILE *out, FILE *err)
{
    struct words words = {
        .out = out, .err = err, .usage = cli_status_health_usage, .argc = argc, .argv = argv};
    int status = health(&words);
    config_release(words.config);
    return status;
}
