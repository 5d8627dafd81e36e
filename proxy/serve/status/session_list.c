#include "serve/status/session_list.h"

#include "base/log/log.h"
#include "net/tls/tls.h"
#include "serve/metrics/process_facts.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_priv.h"
#include "serve/status/worker_request.h"

/* So many sessions are looked at before others have a turn: well below a millisecond. */
#define SESSIONS_PER_TURN 500

struct listing {
    struct worker_request request;
    struct session_cursor cursor;
    uint64_t last; /* the worker's newest session when the request arrived there */
    struct session_list list;
    struct list link; /* in its asker's queue */
    session_list_fn *done;
    session_list_wanted_fn *wanted;
    void *owner;
};

/* ---- the order ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* A ping that was never answered is less than any. */
static int compare_pings(uint64_t a, uint64_t b)
{
    return compare_numbers(a + 1, b + 1);
}

static int compare_by(enum status_sort sort, const struct session_list_row *a,
                      const struct session_list_row *b)
{
    switch (sort) {
    case STATUS_SORT_age:
        return compare_numbers(a->age_ms, b->age_ms);
    case STATUS_SORT_client:
        return compare_texts(a->client, b->client);
    case STATUS_SORT_user:
        return compare_texts(a->user, b->user);
    case STATUS_SORT_route:
        return compare_texts(a->route, b->route);
    case STATUS_SORT_target:
        return compare_texts(a->target, b->target);
    case STATUS_SORT_state:
        return compare_numbers(a->state, b->state);
    case STATUS_SORT_up:
        return compare_numbers(a->bytes_up, b->bytes_up);
    case STATUS_SORT_down:
        return compare_numbers(a->bytes_down, b->bytes_down);
    case STATUS_SORT_rate_up:
        return compare_numbers(a->rate_up, b->rate_up);
    case STATUS_SORT_rate_down:
        return compare_numbers(a->rate_down, b->rate_down);
    case STATUS_SORT_ping:
        return compare_pings(a->ping_ms, b->ping_ms);
    case STATUS_SORT_idle:
        return compare_numbers(a->idle_ms, b->idle_ms);
    case STATUS_SORT_stalled:
        return compare_numbers(a->stalled_ms, b->stalled_ms);
    case STATUS_SORT_id:
    case STATUS_SORTS:
        break;
    }
    return compare_numbers(a->id, b->id);
}

/* Below 0: `a` comes first. Of those that are alike the eldest does. */
static int compare(const struct status_query *query, const struct session_list_row *a,
                   const struct session_list_row *b)
{
    int order = compare_by(query->sort, a, b);
    if (order == 0)
        return compare_numbers(a->id, b->id);
    return query->falling ? -order : order;
}

/* Texts are dear to make: only for those whose number does not tell already that they are late. */
static bool sorts_by_text(enum status_sort sort)
{
    return sort == STATUS_SORT_client || sort == STATUS_SORT_user || sort == STATUS_SORT_route ||
           sort == STATUS_SORT_target;
}

/* ---- the rows that are kept: a heap, the last of them at its root ---- */

static void swap(struct session_list *list, size_t a, size_t b)
{
    struct session_list_row *row = list->rows[a];
    list->rows[a] = list->rows[b];
    list->rows[b] = row;
}

static bool is_later(const struct session_list *list, size_t a, size_t b)
{
    return compare(&list->query, list->rows[a], list->rows[b]) > 0;
}

static void sift_up(struct session_list *list, size_t at)
{
    for (; at > 0 && is_later(list, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(list, at, (at - 1) / 2);
}

static void sift_down(struct session_list *list)
{
    for (size_t at = 0, child = 1; child < list->count; at = child, child = 2 * at + 1) {
        if (child + 1 < list->count && is_later(list, child + 1, child))
            child++;
        if (!is_later(list, child, at))
            return;
        swap(list, at, child);
    }
}

static bool is_too_late(const struct session_list *list, const struct session_list_row *row)
{
    return list->count == list->query.limit && compare(&list->query, row, list->rows[0]) > 0;
}

/* In one piece with its texts. NULL: out of memory. */
static struct session_list_row *copy_row(const struct session_list_row *row)
{
    struct session_list_row own = *row;
    const char **texts[] = {&own.client, &own.listener, &own.route, &own.proxy,
                            &own.user,   &own.target,   &own.tls};
    size_t size = sizeof(own);
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    struct session_list_row *copy = malloc(size);
    if (!copy)
        return NULL;
    char *at = (char *)(copy + 1);
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        if (!*texts[i])
            continue;
        size_t length = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(at, *texts[i], length);
        at += length;
    }
    *copy = own;
    return copy;
}

static void keep(struct session_list *list, const struct session_list_row *row)
{
    if (is_too_late(list, row))
        return;
    struct session_list_row *copy = copy_row(row);
    if (!copy) {
        list->failed = true;
    } else if (list->count < list->query.limit) {
        list->rows[list->count++] = copy;
        sift_up(list, list->count - 1);
    } else {
        free(list->rows[0]);
        list->rows[0] = copy;
        sift_down(list);
    }
}

static int compare_rows(const void *a, const void *b, void *query)
{
    return compare(query, *(struct session_list_row *const *)a,
                   *(struct session_list_row *const *)b);
}

/* ---- a session to a row ---- */

/* From its request on, as long as it leads or has led to a target. */
static bool is_listed(const struct session *session)
{
    switch ((enum life_state)session->state) {
    case LIFE_DIALLING:
    case LIFE_ANSWERED:
    case LIFE_OPEN:
        return true;
    case LIFE_CLOSING:
        return session->opened;
    default:
        return false;
    }
}

const char *session_list_stalled(const struct session_list_row *row)
{
    static const char *const names[] = {NULL, "client", "target", "both"};
    return names[row->stalled & 3];
}

const char *session_list_state(const struct session_list_row *row)
{
    switch ((enum life_state)row->state) {
    case LIFE_DIALLING:
        return "dialling";
    case LIFE_ANSWERED:
        return "answered";
    case LIFE_OPEN:
        return "open";
    default:
        return "closing";
    }
}

static uint64_t since(uint64_t then, uint64_t now)
{
    return then != 0 && now > then ? now - then : 0;
}

static void read_stalls(const struct bridge *bridge, struct session_list_row *row, uint64_t now)
{
    uint64_t up = since(bridge->up.stalled_at, now), down = since(bridge->down.stalled_at, now);
    row->stalled_ms = up > down ? up : down;
    row->stalled = (uint8_t)((bridge->up.stalled_at != 0 ? SESSION_LIST_TARGET_STALLS : 0) |
                             (bridge->down.stalled_at != 0 ? SESSION_LIST_CLIENT_STALLS : 0));
}

static void read_numbers(struct session *session, struct session_list_row *row, uint64_t now)
{
    const struct bridge *bridge = &session->bridge;
    if (now - session->rates.at >= SESSION_BRIDGE_RATES_MS)
        session_bridge_measure(session, now);
    *row = (struct session_list_row){
        .id = session->id,
        .age_ms = now - session->accepted_at,
        .idle_ms = since(bridge->moved_at != 0 ? bridge->moved_at : session->accepted_at, now),
        .ping_ms = bridge->round_trip != 0 ? bridge->round_trip - 1 : SESSION_LIST_NEVER,
        .bytes_up = bridge->up.bytes,
        .bytes_down = bridge->down.bytes,
        .rate_up = session->rates.up_per_second,
        .rate_down = session->rates.down_per_second,
        .state = session->state,
    };
    read_stalls(bridge, row, now);
}

struct texts {
    struct session_names names;
    char id[SESSION_ID_TEXT], tls[128];
    struct tls_facts facts;
};

static void read_tls(const struct session *session, struct session_list_row *row,
                     struct texts *texts)
{
    if (!session_facts_is_tls(session) ||
        tls_describe(session->client, texts->tls, sizeof(texts->tls)) <= 0)
        return;
    row->tls = texts->tls;
    if (session_facts_listener(session)->tls.client_verify == CONFIG_VERIFY_OFF)
        return;
    tls_facts(session->client, &texts->facts);
    if (texts->facts.verified && texts->facts.common_name[0] != '\0')
        row->user = texts->facts.common_name;
}

static void read_texts(const struct session *session, struct session_list_row *row,
                       struct texts *texts)
{
    session_facts_names(session, &texts->names);
    row->client = texts->names.client;
    row->proxy = texts->names.proxy[0] != '\0' ? texts->names.proxy : NULL;
    row->listener = texts->names.listener;
    row->route = texts->names.route ? texts->names.route : "";
    row->target = texts->names.target;
    read_tls(session, row, texts);
}

static bool passes(const struct session_list_row *row, const char *filter,
                   char id[static SESSION_ID_TEXT])
{
    const char *texts[] = {row->client, row->route, row->target,
                           row->user,   row->proxy, row->listener};
    if (filter[0] == '\0' || status_query_holds(slice_of(session_id_print(row->id, id)), filter))
        return true;
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        if (texts[i] && status_query_holds(slice_of(texts[i]), filter))
            return true;
    return false;
}

static void take(struct session_list *list, struct session *session, uint64_t now)
{
    struct session_list_row row;
    struct texts texts;
    const struct status_query *query = &list->query;
    if (!is_listed(session))
        return;
    read_numbers(session, &row, now);
    list->sums.sessions++;
    list->sums.rate_up += row.rate_up;
    list->sums.rate_down += row.rate_down;
    list->sums.stalled_up += (row.stalled & SESSION_LIST_TARGET_STALLS) != 0;
    list->sums.stalled_down += (row.stalled & SESSION_LIST_CLIENT_STALLS) != 0;
    if (query->filter[0] == '\0' && !sorts_by_text(query->sort) && is_too_late(list, &row)) {
        list->sums.matched++;
        return;
    }
    read_texts(session, &row, &texts);
    if (!passes(&row, query->filter, texts.id))
        return;
    list->sums.matched++;
    keep(list, &row);
}

/* ---- a request for the list ---- */

static void finish(struct listing *listing)
{
    struct session_list *list = &listing->list;
    qsort_r(list->rows, list->count, sizeof(struct session_list_row *), compare_rows, &list->query);
    listing->done(listing->owner, list);
    worker_request_end(&listing->request);
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i]);
    free(list->rows);
    free(listing);
}

static void arrive_cb(struct worker_request *request);

/* Those that are no longer wanted are finished without asking the workers. */
static void begin_next(struct session_env *env)
{
    while (!list_empty(&env->list_requests)) {
        struct listing *next = WSL_CONTAINER(env->list_requests.next, struct listing, link);
        if (next->wanted(next->owner)) {
            worker_request_send(&next->request, 0, arrive_cb);
            return;
        }
        list_remove(&next->link);
        finish(next);
    }
}

static void reply_cb(struct worker_request *request)
{
    struct listing *listing = WSL_CONTAINER(request, struct listing, request);
    list_remove(&listing->link);
    begin_next(request->asker);
    finish(listing);
}

static void hop(struct worker_request *request)
{
    const struct session_env *env = request->worker;
    if (env->number + 1 == env->process->worker_count)
        worker_request_reply(request, reply_cb);
    else
        worker_request_send(request, env->number + 1, arrive_cb);
}

static void read_some_cb(struct worker_request *request)
{
    struct listing *listing = WSL_CONTAINER(request, struct listing, request);
    struct session_env *env = request->worker;
    struct list *at = listing->cursor.next;
    uint64_t now = uv_now(env->loop);
    list_remove(&listing->cursor.link);
    for (int i = 0; i < SESSIONS_PER_TURN && at != &env->sessions; i++, at = at->next) {
        struct session *session = WSL_CONTAINER(at, struct session, link);
        if (session->id > listing->last)
            at = env->sessions.prev; /* accepted since: the next request lists them */
        else
            take(&listing->list, session, now);
    }
    if (at == &env->sessions) {
        hop(request);
        return;
    }
    listing->cursor.next = at;
    list_append(&env->cursors, &listing->cursor.link);
    worker_request_send(request, env->number, read_some_cb);
}

static void arrive_cb(struct worker_request *request)
{
    struct listing *listing = WSL_CONTAINER(request, struct listing, request);
    const struct session_env *env = request->worker;
    listing->last = session_id(env->number, env->accepted);
    listing->cursor.next = env->sessions.next;
    list_init(&listing->cursor.link);
    read_some_cb(request);
}

bool session_list_request(struct session_env *env, const struct status_query *query,
                          session_list_fn *done, session_list_wanted_fn *wanted, void *owner)
{
    struct listing *listing = calloc(1, sizeof(*listing));
    if (!listing)
        return false;
    listing->list.query = *query;
    listing->list.rows = calloc(query->limit, sizeof(struct session_list_row *));
    if (!listing->list.rows) {
        free(listing);
        return false;
    }
    listing->done = done;
    listing->wanted = wanted;
    listing->owner = owner;
    bool first = list_empty(&env->list_requests);
    list_append(&env->list_requests, &listing->link);
    worker_request_begin(&listing->request, env);
    if (first)
        worker_request_send(&listing->request, 0, arrive_cb);
    return true;
}

/* ---- a request to end a session ---- */

struct ending {
    struct worker_request request;
    uint64_t id;
    char who[SESSION_LIST_WHO];
    bool found;
    session_list_end_fn *done;
    void *owner;
};

static void ended_cb(struct worker_request *request)
{
    struct ending *ending = WSL_CONTAINER(request, struct ending, request);
    ending->done(ending->owner, ending->found);
    worker_request_end(request);
    free(ending);
}

static struct session *find(const struct session_env *env, uint64_t id)
{
    for (struct list *link = env->sessions.next; link != &env->sessions; link = link->next) {
        struct session *session = WSL_CONTAINER(link, struct session, link);
        if (session->id >= id)
            return session->id == id && is_listed(session) ? session : NULL;
    }
    return NULL;
}

static void end_cb(struct worker_request *request)
{
    struct ending *ending = WSL_CONTAINER(request, struct ending, request);
    struct session_env *env = request->worker;
    struct session *session = find(env, ending->id);
    ending->found = session != NULL;
    if (session) {
        char id[SESSION_ID_TEXT];
        log_message(REASON_INFO, "session %s is ended by %s", session_id_print(ending->id, id),
                    ending->who);
        env->end(session, REASON_killed);
    }
    worker_request_reply(request, ended_cb);
}

bool session_list_end(struct session_env *env, uint64_t id, const char *who,
                      session_list_end_fn *done, void *owner)
{
    unsigned worker = session_id_worker(id);
    struct ending *ending = calloc(1, sizeof(*ending));
    if (!ending)
        return false;
    ending->id = id;
    ending->done = done;
    ending->owner = owner;
    snprintf(ending->who, sizeof(ending->who), "%s", who);
    worker_request_begin(&ending->request, env);
    if (worker < env->process->worker_count)
        worker_request_send(&ending->request, worker, end_cb);
    else
        worker_request_reply(&ending->request, ended_cb);
    return true;
}
