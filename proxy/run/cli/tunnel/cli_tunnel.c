#include "run/cli/tunnel/cli_tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text/secret.h"
#include "config/model/section/config_proxy.h"
#include "config/print/dump.h"
#include "run/cli/call/cli_call.h"
#include "run/cli/call/cli_report.h"
#include "run/cli/tunnel/tunnel_config.h"
#include "run/cli/tunnel/tunnel_option.h"

/* ---- again, for a reload ---- */

/* From a copy of the words behind "forward": secrets are erased from the arguments themselves. */
static const struct config *make_again(const void *owner, struct diag *diag)
{
    const struct cli_memory *memory = owner;
    struct cli_scan scan = {.diag = diag, .command = &cli_tunnel_forward};
    struct config *config = NULL;
    bool usage;
    if (cli_scan_words(&scan, (int)memory->word_count, memory->words))
        config = tunnel_config_make(&scan, TUNNEL_CONFIG_FORWARD, &usage);
    cli_scan_free(&scan);
    return config;
}

static bool keep_words(const struct cli_call *call)
{
    struct cli_memory *memory = &call->result->memory;
    memory->words = calloc((size_t)call->argc + 1, sizeof(*memory->words));
    for (int i = 0; memory->words && i < call->argc; i++) {
        memory->words[i] = strdup(call->argv[i]);
        if (!memory->words[i])
            return false;
        memory->word_count++;
    }
    return memory->words != NULL;
}

/*
 * Every user of the machine can read arguments: a field may be Authorization, a proxy's URL may
 * have a password, the query of a URL may be a ticket.
 */
static void erase_secrets(const struct cli_scan *scan)
{
    for (size_t i = 0; i < scan->assignment_count; i++) {
        const struct cli_assignment *assignment = &scan->assignments[i];
        const char *name = assignment->flag.flag->name;
        if (strcmp(name, "header") == 0 ||
            (strcmp(name, "proxy") == 0 && !config_proxy_is_public(assignment->argument)))
            explicit_bzero(assignment->argument, strlen(assignment->argument));
    }
    for (size_t i = 0; i < scan->operand_count; i++) {
        char *query = strchr(scan->operands[i], '?');
        if (query)
            explicit_bzero(query + 1, strlen(query + 1));
    }
}

/* ---- both ---- */

static int run(const struct cli_call *call, enum tunnel_config_kind kind, enum cli_action action)
{
    bool usage = false;
    struct diag *diag = call->scan->diag;
    struct config *config = tunnel_config_make(call->scan, kind, &usage);
    cli_report_findings(diag, "wsluice", call->err);
    if (!config)
        return usage ? CLI_STATUS_USAGE : CLI_STATUS_FAILED;
    if (cli_scan_has(call->scan, "print-config")) {
        dump_config(config, call->out);
        config_release(config);
        return EXIT_SUCCESS;
    }
    if (kind == TUNNEL_CONFIG_FORWARD && !keep_words(call)) {
        config_release(config);
        return cli_call_cannot(call, "out of memory");
    }
    erase_secrets(call->scan);
    call->result->action = action;
    call->result->config = config;
    if (kind == TUNNEL_CONFIG_FORWARD)
        call->result->again = make_again;
    return EXIT_SUCCESS;
}

static int run_connect(const struct cli_call *call)
{
    return run(call, TUNNEL_CONFIG_CONNECT, CLI_CONNECT);
}

static int run_forward(const struct cli_call *call)
{
    if (call->scan->operand_count % 2 != 0)
        return cli_call_wrong_usage(call, "", "each [BIND:]PORT or unix:PATH needs its URL");
    return run(call, TUNNEL_CONFIG_FORWARD, CLI_RUN);
}

/* ---- rows ---- */

const struct cli_command cli_tunnel_connect = {
    .name = "connect",
    .operands = "URL",
    .operands_min = 1,
    .operands_max = 1,
    .flags = tunnel_option_flags,
    .flag_count = TUNNEL_OPTIONS_OF_CONNECT,
    .help = "connect standard input and output to a WebSocket, as for ssh's ProxyCommand",
    .details = "Connects standard input and output to the WebSocket server at URL:\n"
               "ws://HOST/PATH, wss://HOST/PATH or ws+unix:/SOCKET:/PATH. For example, in\n"
               "~/.ssh/config:\n"
               "\n"
               "  Host *.desks\n"
               "      ProxyCommand wsluice connect wss://gate.example.com/ssh/%h\n"
               "\n"
               "Standard output has nothing but what the server sends. One line on standard\n"
               "error says what failed.\n"
               "\n"
               "Exit status: 0 at a clean end; 1 if the connection is refused or breaks; 2 for\n"
               "a wrong command line.\n",
    .run = run_connect,
};

const struct cli_command cli_tunnel_forward = {
    .name = "forward",
    .operands = "[BIND:]PORT|unix:PATH URL ...",
    .operands_min = 2,
    .operands_max = CLI_OPERANDS_ANY,
    .flags = tunnel_option_flags,
    .flag_count = TUNNEL_OPTIONS,
    .help = "listen on a port or a Unix socket, and forward connections to a WebSocket",
    .details = "Listens on a TCP port or a Unix socket, and opens a WebSocket to URL for each\n"
               "connection: ws://HOST/PATH, wss://HOST/PATH or ws+unix:/SOCKET:/PATH. PORT\n"
               "alone is one of 127.0.0.1; *:PORT is one of all interfaces. Several pairs may\n"
               "be given. For example:\n"
               "\n"
               "  wsluice forward 5432 wss://gate.example.com/db --bearer-file=db.ticket\n"
               "  psql -h 127.0.0.1 -p 5432\n"
               "\n"
               "The options apply to every pair. SIGHUP reads the credentials again, from files:\n"
               "programs are run at the start only, as the sandbox of the process forbids them.\n"
               "\n"
               "Exit status: 0 after SIGTERM or SIGINT; 1 if it cannot start; 2 for a wrong\n"
               "command line.\n",
    .run = run_forward,
};
