#include "serve/session/session_log.h"

#include "base/log/log.h"
#include "core/session/session_id.h"
#include "net/tls/tls.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/site/site.h"

/* Escapes make a byte six at most: all of them leave room for the other fields of a line. */
#define PATH_MAX_LOGGED 160
#define NAME_MAX_LOGGED 100

struct session_refused {
    enum reason reason;
    const struct config_route *route; /* NULL: none was found */
    char path[PATH_MAX_LOGGED], host[NAME_MAX_LOGGED], origin[NAME_MAX_LOGGED];
};

static void cut(char *out, size_t size, struct slice text)
{
    snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size), text.ptr ? text.ptr : "");
    if (text.len >= size)
        memcpy(out + size - 4, "...", 4);
}

/* `route`: of the request that the line is about, which may not be the latest one. */
static void put_parties(const struct session *session, const struct config_route *route,
                        struct log_line *line)
{
    const struct session_extra *extra = session_extra_of(session);
    struct session_names names;
    char id[SESSION_ID_TEXT];
    session_facts_names(session, &names);
    log_text(line, "id", session_id_print(session->id, id));
    log_text(line, "client", names.client);
    if (names.proxy[0] != '\0')
        log_text(line, "proxy", names.proxy);
    log_text(line, "listener", names.listener);
    if (route)
        log_text(line, "route", config_route_name(route));
    if (names.target && route == session->route)
        log_text(line, "target", names.target);
    if (extra->chosen_by && route == session->route)
        log_text(line, "chosen_by", extra->chosen_by);
    if (extra->user)
        log_text(line, "user", extra->user);
}

void session_log_parties(const struct session *session, struct log_line *line)
{
    put_parties(session, session->route, line);
}

static void put_tls(const struct session *session, struct log_line *line)
{
    char text[128];
    bool described =
        session_facts_is_tls(session) && tls_describe(session->client, text, sizeof(text)) > 0;
    log_text(line, "tls", described ? text : "-");
}

void session_log_opened(const struct session *session, const char *path)
{
    struct log_line line;
    if (!session->site->config->log.access)
        return;
    log_begin(&line, REASON_DEBUG, "opened");
    if (!line.active)
        return;
    session_log_parties(session, &line);
    if (path)
        log_text(&line, "path", path);
    put_tls(session, &line);
    log_end(&line);
}

static void put_refused(const struct session_refused *refused, struct log_line *line)
{
    if (refused->path[0] != '\0')
        log_text(line, "path", refused->path);
    if (refused->host[0] != '\0')
        log_text(line, "host", refused->host);
    if (refused->origin[0] != '\0')
        log_text(line, "origin", refused->origin);
}

void session_log_end(const struct session *session, enum reason reason)
{
    const struct reason_row *row = reason_row(reason);
    const struct session_extra *extra = session_extra_of(session);
    const struct session_refused *refused = extra->refused;
    bool automatic = reason != REASON_none && session->automatic == reason && !refused;
    enum reason_level level = automatic ? REASON_DEBUG : row->level;
    struct log_line line;
    if (!session->site->config->log.access && level < REASON_WARN)
        return;
    log_begin(&line, level, session->opened ? "session" : "handshake");
    if (!line.active)
        return;
    bool of_refusal = refused && refused->reason == reason;
    put_parties(session, of_refusal ? refused->route : session->route, &line);
    log_text(&line, "reason", row->name);
    if (extra->detail)
        log_text(&line, "detail", extra->detail);
    if (of_refusal)
        put_refused(refused, &line);
    log_number(&line, "bytes_up", session->bridge.up.bytes);
    log_number(&line, "bytes_down", session->bridge.down.bytes);
    log_number(&line, "duration_ms",
               session_now(session) -
                   (session->opened ? session->bridge.opened_at : session->accepted_at));
    put_tls(session, &line);
    log_end(&line);
}

void session_log_detail(struct session *session, const char *detail)
{
    /* Out of memory: the log line lacks its detail. */
    struct session_extra *extra = detail[0] != '\0' ? session_extra_make(session) : NULL;
    if (extra && !extra->detail)
        extra->detail = strdup(detail);
}

void session_log_refused(struct session *session, enum reason reason,
                         const struct session_log_request *request)
{
    struct session_extra *extra = session_extra_make(session);
    session_log_forget_refused(session);
    struct session_refused *refused = extra ? malloc(sizeof(*refused)) : NULL;
    if (!refused)
        return;
    refused->reason = reason;
    refused->route = session->route;
    cut(refused->path, sizeof(refused->path), request->path);
    cut(refused->host, sizeof(refused->host), request->host);
    cut(refused->origin, sizeof(refused->origin), request->origin);
    extra->refused = refused;
}

void session_log_forget_refused(struct session *session)
{
    if (!session->extra)
        return;
    free(session->extra->refused);
    session->extra->refused = NULL;
}
