#include "run/help/cli_reasons.h"

#include <string.h>

#include "base/base.h"

/* Not here: none, and ws_masked, which only our own decoder of servers' frames finds. */
static const char *const advice[REASON_COUNT] = {
    [REASON_client_closed] = "",
    [REASON_client_eof] = "nothing, if now and then: a closed tab, a network that was lost",
    [REASON_target_closed] = "",
    [REASON_shutdown] = "",
    [REASON_idle_timeout] = "raise or turn off `idle_timeout` of the route if users complain",
    [REASON_input_timeout] = "raise or turn off `input_timeout` of the route if users complain",
    [REASON_duration_limit] = "raise or turn off `max_duration` of the route if users complain",
    [REASON_logged_out] = "",
    [REASON_killed] = "nothing: an operator ended it, see the line of prose before",
    [REASON_answered] = "",
    [REASON_client_reset] = "nothing, if now and then; often a proxy in front with a short timeout",
    [REASON_client_stalled] =
        "nothing, if now and then; raise `stall_timeout` for clients that pause",
    [REASON_client_dead] = "nothing, if now and then; raise `ping_timeout` for slow networks",
    [REASON_client_io] = "read `detail`",
    [REASON_target_stalled] = "look at the target: it took no bytes for `stall_timeout`",
    [REASON_recording_stalled] = "look at the disk of `record`",
    [REASON_target_reset] = "look at the log of the target",
    [REASON_target_io] = "read `detail`; look at the network to the target",
    [REASON_target_refused] = "start the target, or correct its port",
    [REASON_target_unreachable] =
        "correct the address, a route or a firewall; of a Unix socket: path, permissions",
    [REASON_target_unresolved] = "correct the name, or look at the resolver of this machine",
    [REASON_target_timeout] = "look for a firewall that drops packets, or raise `connect_timeout`",
    [REASON_target_tls] = "read `detail`; does the target speak TLS on this port?",
    [REASON_target_foreign] =
        "stop the other user's program: it listens on the port of the command",
    [REASON_target_unexpected] =
        "read `detail`; correct the address of the target, or `expect` of the route",
    [REASON_target_silent] =
        ("the target waits for its client, or is slow: correct its address or `expect`, or raise "
         "`connect_timeout`"),
    [REASON_target_untrusted] =
        "read `detail`; set `ca`, `server_name` or `pins` of the target, or renew its certificate",
    [REASON_target_upgrade] =
        "read `detail`; correct path, credentials or `origin` of the target's `websocket`",
    [REASON_target_dead] =
        "nothing, if now and then: the other machine or the network between is gone",
    [REASON_target_eof] = "read the log of the WebSocket server",
    [REASON_target_frames] = "read `detail`; is the target a WebSocket server?",
    [REASON_target_proxy_unreachable] = "start that proxy, or correct `proxy` of the target",
    [REASON_target_proxy_refused] =
        "read `detail`; let that proxy permit the target, or correct the target's address",
    [REASON_target_proxy_auth] = "correct user and password in `proxy` of the target",
    [REASON_target_proxy_failed] =
        "read `detail`; does that proxy speak HTTP or SOCKS5, as `proxy` says?",
    [REASON_silent] = "nothing: a browser that connected ahead, or a check of the port",
    [REASON_handshake_eof] = "nothing, if now and then",
    [REASON_handshake_timeout] =
        "nothing, if now and then; raise `handshake_timeout` for slow networks",
    [REASON_proxy_missing] =
        "let the proxy in front send PROXY headers, or set `proxy_protocol: off`",
    [REASON_proxy_malformed] = "let the proxy in front send version 1 or 2 of the PROXY protocol",
    [REASON_proxy_untrusted] = "add the proxy's address to `trusted_proxies`",
    [REASON_tls_handshake] =
        "read `detail`; lower `tls.min_version` for old clients; nothing, if from strangers",
    [REASON_tls_certificate] = "give the client a certificate of `client_ca`",
    [REASON_tls_required] = "use https or wss in the link, or add a listener that redirects",
    [REASON_tls_unavailable] = "add a certificate to the listener, or use http or ws in the link",
    [REASON_answer_timeout] = "look at the disk of the files, or at the load of this machine",
    [REASON_file_changed] = "replace files by renaming, not by writing into them",
    [REASON_file_io] = "look at the disk of the files",
    [REASON_http_malformed] = "nothing, if from strangers; else correct the client",
    [REASON_http_host] = "correct the client or the proxy in front: one Host field",
    [REASON_http_body] =
        "correct the client: only the form of a login has a body, with a Content-Length",
    [REASON_http_body_too_large] = "nothing, if from strangers; no login form is larger than 4 KiB",
    [REASON_http_version] = "let the client or the proxy in front use HTTP/1.1",
    [REASON_http_method] = "correct the client: the Allow field of the answer lists the methods",
    [REASON_http_forwarded] =
        "let the proxy in front set one of the two fields, and remove the other",
    [REASON_http_uri_too_long] = "shorten the address, or raise `head_size`",
    [REASON_http_head_too_large] = "often cookies: raise `head_size` or `head_fields`",
    [REASON_http_not_upgrade] =
        "open the page instead; let a proxy in front pass Upgrade and Connection on",
    [REASON_http_path] = "correct the link",
    [REASON_http_no_route] =
        "compare `path` and `host` with the routes; add a route or correct the link",
    [REASON_ws_no_target] =
        "let the client use the path of a route with a target (in noVNC: `path`)",
    [REASON_ws_http_version] =
        "let the proxy in front use HTTP/1.1 (nginx: `proxy_http_version 1.1`)",
    [REASON_ws_version] = "update the client: it speaks a draft of the protocol",
    [REASON_ws_key] = "correct the client",
    [REASON_ws_header] = "correct the client",
    [REASON_address_refused] = "add the address to `allow`, if it may come in",
    [REASON_origin_refused] = "add `origin` to `origins`, or let the proxy in front pass Host on",
    [REASON_target_name_refused] = "nothing, if from strangers; else correct `captures`",
    [REASON_target_not_permitted] = "read `detail`; add the target to `permit`, if it is meant",
    [REASON_token_missing] =
        ("add the token to the link, where `tokens.from` expects it; with `tokens.auth`, let the "
         "ticket or the service name a target"),
    [REASON_token_unknown] =
        "add the token to the file, or correct the link; of a ticket, read `detail`",
    [REASON_token_refused] =
        "ask the service of `tokens.http`, which refuses the client, or whose `expires` is over",
    [REASON_token_source] = "read `detail`; correct the file of the tokens, or look at the service",
    [REASON_auth_required] = "nothing: the client is asked who it is",
    [REASON_auth_failed] = "nothing, if now and then; many from one address are an attack",
    [REASON_auth_refused] = "read `detail`; correct `auth` of the route if the client may pass",
    [REASON_auth_throttled] = "wait; many of them are an attack, or a client with an old password",
    [REASON_auth_unavailable] = "read `detail`; look at the files or the service behind `auth`",
    [REASON_too_many_process] = "raise `limits.max_connections`, and `LimitNOFILE` with it",
    [REASON_too_many_listener] = "raise `max_connections` of the listener",
    [REASON_too_many_route] = "raise `max_sessions` of the route",
    [REASON_too_many_user] =
        "let the user close other sessions, or raise `max_sessions_per_user` of the route",
    [REASON_too_many_address] = "raise `max_connections_per_address`, or set `trusted_proxies`",
    [REASON_rate_limited] = "raise `handshakes_per_second`, or set `trusted_proxies`",
    [REASON_ws_unmasked] = "correct the client",
    [REASON_ws_rsv] = "correct the client: no extension was agreed",
    [REASON_ws_opcode] = "correct the client",
    [REASON_ws_length] = "correct the client",
    [REASON_ws_control_long] = "correct the client",
    [REASON_ws_control_fragmented] = "correct the client",
    [REASON_ws_continuation] = "correct the client",
    [REASON_ws_interleaved] = "correct the client",
    [REASON_ws_close_malformed] = "correct the client",
    [REASON_ws_text_refused] = "let the client send binary frames, or set `text: forward`",
    [REASON_ws_bad_utf8] = "let the client send binary frames",
    [REASON_drained] = "raise `drain_timeout` if sessions should end by themselves",
    [REASON_out_of_memory] = "give the machine or the container more memory",
    [REASON_out_of_descriptors] = "raise `LimitNOFILE`",
    [REASON_internal] = "report it: a bug of wsluice",
};

const char *cli_reasons_advice(enum reason reason)
{
    wsl_assert((unsigned)reason < REASON_COUNT);
    return advice[reason];
}

static const char *const levels[] = {"debug", "info", "warn", "error"};

static void print_code(FILE *stream, unsigned code)
{
    if (code == 0)
        fputs(" |", stream);
    else
        fprintf(stream, " %u |", code);
}

void cli_reasons_print(FILE *stream)
{
    fputs("| reason | level | what happened | HTTP | Close | what to do |\n"
          "| --- | --- | --- | --- | --- | --- |\n",
          stream);
    for (int i = 0; i < REASON_COUNT; i++) {
        const struct reason_row *row = reason_row((enum reason)i);
        if (!advice[i])
            continue;
        fprintf(stream, "| `%s` | %s | %s |", row->name, levels[row->level], row->text);
        print_code(stream, row->http_status);
        print_code(stream, row->close_code);
        fprintf(stream, "%s%s |\n", advice[i][0] ? " " : "", advice[i]);
    }
}

/* Advice is Markdown; a terminal shows no backticks. */
static void copy_plain(const char *from, char *text, size_t size)
{
    size_t length = 0;
    for (; *from && length + 1 < size; from++)
        if (*from != '`')
            text[length++] = *from;
    text[length] = '\0';
}

void cli_reasons_remedy(enum reason reason, char *text, size_t size)
{
    static const char prefix[] = "read `detail`";
    const char *from = cli_reasons_advice(reason);
    wsl_assert(from && size > 0);
    if (strncmp(from, prefix, strlen(prefix)) == 0)
        from += strlen(prefix);
    copy_plain(from + strspn(from, "; "), text, size);
}

static void explain(enum reason reason, FILE *stream)
{
    char text[256];
    const struct reason_row *row = reason_row(reason);
    fprintf(stream, "%s (%s)\n    what happened:  %s\n", row->name, levels[row->level], row->text);
    if (row->http_status && row->close_code)
        fprintf(stream,
                "    clients get:    HTTP status %u before the upgrade, Close code %u after it\n",
                row->http_status, row->close_code);
    else if (row->http_status)
        fprintf(stream, "    clients get:    HTTP status %u\n", row->http_status);
    else if (row->close_code)
        fprintf(stream, "    clients get:    Close code %u\n", row->close_code);
    copy_plain(advice[reason][0] ? advice[reason] : "nothing: it is no mistake", text,
               sizeof(text));
    fprintf(stream, "    what to do:     %s\n", text);
}

bool cli_reasons_explain(const char *name, FILE *stream)
{
    for (int i = 0; i < REASON_COUNT; i++)
        if (advice[i] && strcmp(reason_row((enum reason)i)->name, name) == 0) {
            explain((enum reason)i, stream);
            return true;
        }
    return false;
}

/* The least code above `after`; 0: none. */
static unsigned next_code(unsigned after)
{
    unsigned least = 0;
    for (int i = 0; i < REASON_COUNT; i++) {
        unsigned code = reason_row((enum reason)i)->close_code;
        if (code > after && (least == 0 || code < least))
            least = code;
    }
    return least;
}

void cli_reasons_print_close(FILE *stream)
{
    fputs("| code | reason | in the log |\n| --- | --- | --- |\n", stream);
    for (unsigned code = next_code(0); code != 0; code = next_code(code)) {
        for (int i = 0; i < REASON_COUNT; i++) {
            const struct reason_row *row = reason_row((enum reason)i);
            if (row->close_code == code && advice[i])
                fprintf(stream, "| %u | %s | `%s` |\n", code, row->text, row->name);
        }
    }
}
