#include "serve/stages/session_tap.h"

#include "base/log/log.h"
#include "codec/banner.h"
#include "core/session/session_id.h"
#include "core/tokens/resolver_answer.h"
#include "core/tokens/token_destination.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_entry.h"
#include "serve/site/site.h"
#include "serve/tap/recorder.h"
#include "serve/tap/tap.h"

static void recording_resume_cb(void *owner)
{
    session_bridge_turn(owner, BRIDGE_CLIENT_READ | BRIDGE_TARGET_READ);
}

/* Until the file is closed, it holds the worker and counts as a descriptor. */
static void recording_closed_cb(void *owner)
{
    struct session_env *env = owner;
    limits_release_descriptor(env->limits);
    env->recordings--;
    session_env_release(env);
}

/*
 * The route's file, and the name that a service gives to this recording. *path is owned; NULL:
 * none. False: out of memory.
 */
static bool name_recording(const struct session *session, char **path)
{
    const char *file = session->route->record;
    const struct token_destination *destination = session->entry->destination;
    const char *name = destination && destination->answer ? destination->answer->record : "";
    *path = NULL;
    if (!file)
        return true;
    if (asprintf(path, "%s%s%s", file, name[0] != '\0' ? "-" : "", name) < 0)
        *path = NULL;
    return *path != NULL;
}

/* At level debug if nothing depends on it but the status. */
static void opaque_cb(void *owner, const char *why)
{
    const struct session *session = owner;
    char id[SESSION_ID_TEXT];
    log_message(session->route->input_timeout_ms > 0 ? REASON_INFO : REASON_DEBUG,
                "session %s: all data of the client counts as input, as its RFB cannot be "
                "followed: %s",
                session_id_print(session->id, id), why);
}

void session_tap_begin(struct session *session)
{
    struct session_env *env = session->env;
    const struct config_route *route = session->route;
    char *path;
    bool named = name_recording(session, &path), records = path != NULL;
    struct tap_request request = {
        .traffic = session->site->config->log.traffic,
        .rfb = route->expect && banner_is_rfb(route->expect),
        .opaque = opaque_cb,
        .owner = session,
    };
    if (named && !records && !request.traffic && !request.rfb)
        return;
    const struct recorder_request recording = {
        .lane = &env->lane,
        .path = path,
        .number = session->number,
        .skip = &env->recordings_skip,
        .resume = recording_resume_cb,
        .owner = session,
        .closed = recording_closed_cb,
        .closed_owner = env,
    };
    request.recording = records ? &recording : NULL;
    session->tap = named ? tap_begin(&request) : NULL;
    free(path);
    if (!session->tap) {
        log_message(REASON_WARN, "a session is not recorded or watched: out of memory");
        return;
    }
    session->bridge.tap = tap_for_bridge(session->tap);
    if (!records)
        return;
    limits_detach_descriptor(&session->usage);
    env->recordings++;
    session_env_hold(env);
}
