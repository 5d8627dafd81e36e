#include "serve/session/session_entry.h"

#include "base/text/secret.h"
#include "core/tokens/token_destination.h"
#include "serve/http/reply_flow.h"

#define LAST_TURN_MS 100

bool session_entry_last_turn(struct session *session)
{
    if (session->entry->overdue)
        return false;
    session->entry->overdue = true;
    session_arm(session, LAST_TURN_MS);
    return true;
}

void session_entry_abandon(struct session_entry *entry)
{
    struct session_wait *wait = entry->wait;
    if (!wait)
        return;
    entry->wait = NULL;
    wait->session = NULL;
    if (wait->abandoned)
        wait->abandoned(wait->producer);
}

void session_entry_reset(struct session_entry *entry)
{
    secret_free_text(entry->path); /* a token may be in it, and in the host */
    token_destination_free(entry->destination);
    secret_free_text(entry->host);
    free(entry->chosen);
    if (entry->auth)
        entry->auth_release(entry->auth);
    entry->auth = NULL;
    entry->path = entry->host = entry->chosen = NULL;
    entry->destination = NULL;
    entry->match = (struct route_match){0};
    entry->head_timed = entry->is_logout = false;
}

void session_entry_free(struct session *session)
{
    struct session_entry *entry = session->entry;
    if (!entry)
        return;
    session_entry_abandon(entry);
    opening_free(&entry->opening);
    session_entry_reset(entry);
    reply_flow_free(entry->flow);
    free(entry->header);
    free(entry);
    session->entry = NULL;
}
