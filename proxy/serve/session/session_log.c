#include "serve/session/session_log.h"

#include "base/log/log.h"
#include "core/session/session_id.h"
#include "net/tls/tls.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_priv.h"
#include "serve/site/site.h"

void session_log_parties(const struct session *session, struct log_line *line)
{
    struct session_names names;
    char id[SESSION_ID_TEXT];
    session_facts_names(session, &names);
    log_text(line, "id", session_id_print(session->id, id));
    log_text(line, "client", names.client);
    if (names.proxy[0] != '\0')
        log_text(line, "proxy", names.proxy);
    log_text(line, "listener", names.listener);
    if (names.route)
        log_text(line, "route", names.route);
    if (names.target)
        log_text(line, "target", names.target);
}

void session_log_end(const struct session *session, enum reason reason)
{
    const struct reason_row *row = reason_row(reason);
    struct log_line line;
    char text[128];
    if (!session->site->config->log.access && row->level < REASON_WARN)
        return;
    log_begin(&line, row->level, session->opened ? "session" : "handshake");
    if (!line.active)
        return;
    session_log_parties(session, &line);
    log_text(&line, "reason", row->name);
    if (session->detail)
        log_text(&line, "detail", session->detail);
    log_number(&line, "bytes_up", session->bridge.up.bytes);
    log_number(&line, "bytes_down", session->bridge.down.bytes);
    log_number(&line, "duration_ms", session_now(session) - session->accepted_at);
    bool described =
        session_facts_is_tls(session) && tls_describe(session->client, text, sizeof(text)) > 0;
    log_text(&line, "tls", described ? text : "-");
    log_end(&line);
}

void session_log_detail(struct session *session, const char *detail)
{
    /* Out of memory: the log line lacks its detail. */
    if (!session->detail && detail[0] != '\0')
        session->detail = strdup(detail);
}
