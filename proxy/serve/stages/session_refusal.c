#include "serve/stages/session_refusal.h"

#include "core/access/access.h"
#include "core/session/browser_request.h"
#include "serve/destination/session_token.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_log.h"
#include "serve/stages/session_auth.h"
#include "serve/stages/session_reply.h"

static struct slice origin_of(const struct http_head *head)
{
    unsigned origins;
    const struct http_field *origin = http_head_only(head, SLICE("Origin"), &origins);
    return origin ? access_origin_public(origin->value) : (struct slice){0};
}

/* `head` NULL: it is freed. */
static void note_refused(struct session *session, enum reason reason, const struct http_head *head)
{
    const struct session_entry *entry = session->entry;
    const char *path = session_token_public_path(session);
    struct session_log_request request = {.path = slice_of(path ? path : "")};
    bool names_host = !session_token_may_be_in_host(session);
    if (names_host)
        request.host = head ? head->host : slice_of(entry->host ? entry->host : "");
    if (names_host && head && reason == REASON_origin_refused)
        request.origin = origin_of(head);
    session_log_refused(session, reason, &request);
}

/* A browser's own request does not hide an earlier refusal of the same connection. */
void session_refusal_send(struct session *session, enum reason reason, const struct http_head *head)
{
    const struct session_entry *entry = session->entry;
    bool missing = reason == REASON_http_no_route || reason == REASON_http_not_upgrade;
    bool automatic = missing && entry->path &&
                     browser_request_is_automatic(slice_of(entry->method), slice_of(entry->path));
    session->automatic = (uint8_t)(automatic ? reason : REASON_none);
    if (!automatic)
        note_refused(session, reason, head);
    if (reason == REASON_origin_refused)
        session_log_detail(session, "the page's host differs from the request's Host, or the page "
                                    "came without TLS: list its origin in origins, or let a proxy "
                                    "in front pass Host on");
    if (!session_auth_refuse(session, reason))
        session_reply_refuse(session, reason);
}
