#include "serve/stages/session_tap.h"

#include "base/log/log.h"

static void moved_cb(void *owner)
{
    session_base_turn(owner, BRIDGE_CLIENT_READ | BRIDGE_TARGET_READ);
}

/* The worker waits for it as it does for a session, and its descriptor is counted as long. */
static void gone_cb(void *keeper)
{
    struct session_env *env = keeper;
    limits_give_back(env->limits);
    env->live--;
    env->recordings--;
    env->gone(env);
}

void session_tap_begin(struct session *session)
{
    struct session_env *env = session->env;
    const char *path = session->route->record;
    bool traffic = session->site->config->log.traffic;
    if (!path && !traffic)
        return;
    const struct recorder_request recording = {
        .lane = &env->lane,
        .path = path,
        .number = session->number,
        .skip = &env->recordings_skip,
        .moved = moved_cb,
        .owner = session,
        .gone = gone_cb,
        .keeper = env,
    };
    session->onlooker = onlooker_begin(path ? &recording : NULL, traffic);
    if (!session->onlooker) {
        log_message(REASON_WARN, "a session is not recorded: out of memory");
        return;
    }
    if (path)
        limits_lend(&session->pass);
    env->live += path != NULL;
    env->recordings += path != NULL;
    session->bridge.tap = &session->onlooker->tap;
}
