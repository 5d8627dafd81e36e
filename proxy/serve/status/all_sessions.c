#include "serve/status/all_sessions.h"

#include "core/session/session_id.h"
#include "serve/status/link_row.h"

struct listing {
    struct session_env *env;
    struct status_query query;
    struct predecessors_answer others[PROCESS_FACTS_PREDECESSORS];
    size_t other_count;
    all_sessions_done_fn *done;
    list_request_wanted_fn *wanted;
    void *owner;
};

/* Those that ended since the last look have sent their last facts. */
static bool has_others(const struct session_env *env)
{
    return env->predecessors && atomic_load(&env->process->predecessor_count) > 0;
}

/* ---- a list ---- */

static void seed(void *owner, struct session_list *list)
{
    const struct listing *listing = owner;
    for (size_t i = 0; i < listing->other_count; i++) {
        const struct link_message_facts *facts = &listing->others[i].facts;
        struct slice rows = listing->others[i].rows, line;
        struct session_row row;
        struct link_row_storage storage;
        if (!listing->others[i].answering)
            continue;
        list->sums.sessions += facts->sessions;
        list->sums.matched += facts->matched;
        list->sums.rate_up += facts->rate_up;
        list->sums.rate_down += facts->rate_down;
        list->sums.stalled_up += facts->stalled_up;
        list->sums.stalled_down += facts->stalled_down;
        while (link_message_line(&rows, &line))
            if (link_row_parse(line, facts->pid, &row, &storage))
                session_list_add_row(list, &row);
    }
}

static void listed_cb(void *owner, struct session_list *list)
{
    struct listing *listing = owner;
    const struct all_sessions all = {list, listing->others, listing->other_count};
    listing->done(listing->owner, &all);
    free(listing);
}

static bool is_wanted(const void *owner)
{
    const struct listing *listing = owner;
    return listing->wanted(listing->owner);
}

/* Takes the text over. */
static bool ask(struct session_env *env, enum link_message_verb verb, struct text *text,
                predecessors_done_fn *done, void *owner)
{
    size_t length;
    char *query = text_take(text, &length);
    bool begun = query && predecessors_ask(env, verb, query, done, owner);
    free(query);
    return begun;
}

static bool list_own(struct listing *listing)
{
    return list_request_start(listing->env, &listing->query, seed, listed_cb, is_wanted, listing);
}

static void others_cb(void *owner, const struct predecessors_answer *answers, size_t count)
{
    struct listing *listing = owner;
    memcpy(listing->others, answers, count * sizeof(*answers));
    listing->other_count = count;
    if (list_own(listing)) {
        for (size_t i = 0; i < count; i++)
            listing->others[i].rows = (struct slice){NULL, 0}; /* their text goes now */
        return;
    }
    struct session_list failed = {.query = listing->query, .failed = true};
    listed_cb(listing, &failed);
}

static bool list_elsewhere(struct listing *listing)
{
    const struct status_query *query = &listing->query;
    struct text text = {.limit = LINK_MESSAGE_REQUEST - 1};
    link_message_put(&text, "sort", status_query_sort_name(query->sort));
    link_message_put(&text, "order", query->falling ? "desc" : "asc");
    link_message_put_number(&text, "limit", query->limit);
    link_message_put(&text, "filter", query->filter);
    return ask(listing->env, LINK_MESSAGE_LIST, &text, others_cb, listing);
}

bool all_sessions_list(struct session_env *env, const struct status_query *query,
                       all_sessions_done_fn *done, list_request_wanted_fn *wanted, void *owner)
{
    struct listing *listing = calloc(1, sizeof(*listing));
    if (!listing)
        return false;
    listing->env = env;
    listing->query = *query;
    listing->done = done;
    listing->wanted = wanted;
    listing->owner = owner;
    bool begun = has_others(env) ? list_elsewhere(listing) : list_own(listing);
    if (!begun)
        free(listing);
    return begun;
}

/* ---- the end of one ---- */

struct ending {
    kill_request_done_fn *done;
    void *owner;
};

static void ended_cb(void *owner, const struct predecessors_answer *answers, size_t count)
{
    struct ending *ending = owner;
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || (answers[i].answering && answers[i].facts.killed > 0);
    ending->done(ending->owner, found);
    free(ending);
}

/* All are asked: only one has ids of that generation. */
static bool kill_elsewhere(struct session_env *env, uint64_t id, const char *by,
                           kill_request_done_fn *done, void *owner)
{
    char printed[SESSION_ID_TEXT];
    struct text text = {.limit = LINK_MESSAGE_REQUEST - 1};
    struct ending *ending = calloc(1, sizeof(*ending));
    if (!ending)
        return false;
    *ending = (struct ending){done, owner};
    link_message_put(&text, "kill", session_id_print(id, printed));
    link_message_put(&text, "by", by);
    if (ask(env, LINK_MESSAGE_KILL, &text, ended_cb, ending))
        return true;
    free(ending);
    return false;
}

bool all_sessions_kill(struct session_env *env, uint64_t id, const char *by,
                       kill_request_end_fn *end, kill_request_done_fn *done, void *owner)
{
    if (session_id_generation(id) != env->generation && has_others(env))
        return kill_elsewhere(env, id, by, done, owner);
    return kill_request_start(env, id, by, end, done, owner);
}
