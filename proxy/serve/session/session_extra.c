#include "serve/session/session_extra.h"

static const struct session_extra nothing;

const struct session_extra *session_extra_of(const struct session *session)
{
    return session->extra ? session->extra : &nothing;
}

struct session_extra *session_extra_make(struct session *session)
{
    if (!session->extra)
        session->extra = calloc(1, sizeof(*session->extra));
    return session->extra;
}

void session_extra_forget_request(struct session *session)
{
    struct session_extra *extra = session->extra;
    if (!extra)
        return;
    free(extra->user);
    extra->user = NULL;
    extra->chosen_by = NULL;
    extra->expires_at = 0;
    extra->max_duration_ms = extra->idle_timeout_ms = 0;
}

void session_extra_free(struct session *session)
{
    struct session_extra *extra = session->extra;
    if (!extra)
        return;
    free(extra->user);
    free(extra->target_address);
    free(extra->detail);
    free(extra->refused);
    free(extra);
    session->extra = NULL;
}
