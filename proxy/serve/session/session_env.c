#include "serve/session/session_env.h"

#include "core/bridge/bridge.h"
#include "net/random.h"
#include "net/tls/tls_scratch.h"

bool session_env_open(struct session_env *env)
{
    list_init(&env->sessions);
    list_init(&env->cursors);
    list_init(&env->links);
    list_init(&env->list_requests);
    env->tls_scratch = NULL;
    env->keys = (struct ws_keys){.fill = random_fill};
    env->scratch = calloc(1, sizeof(*env->scratch));
    duct_pool_open(&env->ducts, env->duct_limit);
    return env->scratch != NULL;
}

void session_env_close(struct session_env *env)
{
    ws_keys_wipe(&env->keys);
    tls_scratch_free(env->tls_scratch);
    duct_pool_trim(&env->ducts);
    free(env->scratch);
}

void session_env_release(struct session_env *env)
{
    env->live--;
    if (env->on_release)
        env->on_release(env);
}

void session_env_remove(struct session_env *env, struct list *session)
{
    for (struct list *link = env->cursors.next; link != &env->cursors; link = link->next) {
        struct session_cursor *cursor = WSL_CONTAINER(link, struct session_cursor, link);
        if (cursor->next == session)
            cursor->next = session->next;
    }
    list_remove(session);
}
