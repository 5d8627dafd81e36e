#include "serve/status/session_list.h"

#include "base/log/log.h"
#include "net/tls/tls.h"
#include "serve/metrics/ops.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_priv.h"

/* So many sessions are looked at before others have a turn: well below a millisecond. */
#define SESSIONS_PER_TURN 500

/* A walk over the workers, and where it began. */
struct walk {
    struct ops_letter letter; /* first: a message is its walk */
    struct session_env *asker;
};

struct listing {
    struct walk walk;
    struct session_visit visit;
    uint64_t last; /* the youngest session of the worker when the walk came to it */
    struct session_list list;
    struct list ask; /* in its asker's list */
    session_list_fn *done;
    session_list_wanted_fn *wanted;
    void *owner;
};

static void send_on(struct walk *walk, const struct session_env *from, unsigned worker)
{
    from->ops->post(from->ops->post_owner, worker, &walk->letter);
}

/* Until it is back the asker's worker may not end: all mailboxes on the way stay open. */
static void set_out(struct walk *walk, struct session_env *env, unsigned first)
{
    walk->asker = env;
    env->live++;
    send_on(walk, env, first);
}

static void come_home(const struct walk *walk)
{
    walk->asker->live--;
    walk->asker->gone(walk->asker);
}

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

/* ---- the walk ---- */

static void finish(struct listing *listing)
{
    struct session_list *list = &listing->list;
    qsort_r(list->rows, list->count, sizeof(struct session_list_row *), compare_rows, &list->query);
    listing->done(listing->owner, list);
    come_home(&listing->walk);
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i]);
    free(list->rows);
    free(listing);
}

/* Those that nobody waits for any longer come to their end without a walk. */
static void begin_next(struct session_env *env)
{
    while (!list_empty(&env->asks)) {
        struct listing *next = WSL_CONTAINER(env->asks.next, struct listing, ask);
        if (next->wanted(next->owner)) {
            send_on(&next->walk, env, 0);
            return;
        }
        list_remove(&next->ask);
        finish(next);
    }
}

static void home_cb(struct session_env *env, struct ops_letter *letter)
{
    struct listing *listing = (struct listing *)letter;
    list_remove(&listing->ask);
    begin_next(env);
    finish(listing);
}

static void arrive_cb(struct session_env *env, struct ops_letter *letter);

static void go_on(struct listing *listing, const struct session_env *env)
{
    bool last = env->number + 1 == env->ops->worker_count;
    listing->walk.letter.run = last ? home_cb : arrive_cb;
    send_on(&listing->walk, env, last ? listing->walk.asker->number : env->number + 1);
}

static void turn_cb(struct session_env *env, struct ops_letter *letter)
{
    struct listing *listing = (struct listing *)letter;
    struct list *at = listing->visit.next;
    uint64_t now = uv_now(env->loop);
    list_remove(&listing->visit.link);
    for (int i = 0; i < SESSIONS_PER_TURN && at != &env->sessions; i++, at = at->next) {
        struct session *session = WSL_CONTAINER(at, struct session, link);
        if (session->id > listing->last)
            at = env->sessions.prev; /* whoever came meanwhile is for the next one who asks */
        else
            take(&listing->list, session, now);
    }
    if (at == &env->sessions) {
        go_on(listing, env);
        return;
    }
    listing->visit.next = at;
    list_append(&env->visits, &listing->visit.link);
    send_on(&listing->walk, env, env->number);
}

static void arrive_cb(struct session_env *env, struct ops_letter *letter)
{
    struct listing *listing = (struct listing *)letter;
    listing->last = session_id(env->number, env->accepted);
    listing->visit.next = env->sessions.next;
    list_init(&listing->visit.link);
    letter->run = turn_cb;
    turn_cb(env, letter);
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
    listing->walk.letter.run = arrive_cb;
    listing->walk.asker = env;
    listing->done = done;
    listing->wanted = wanted;
    listing->owner = owner;
    bool first = list_empty(&env->asks);
    list_append(&env->asks, &listing->ask);
    env->live++;
    if (first)
        send_on(&listing->walk, env, 0);
    return true;
}

/* ---- the end of one ---- */

struct ending {
    struct walk walk;
    uint64_t id;
    char who[SESSION_LIST_WHO];
    bool found;
    session_list_end_fn *done;
    void *owner;
};

static void ended_cb(struct session_env *env, struct ops_letter *letter)
{
    struct ending *ending = (struct ending *)letter;
    (void)env;
    ending->done(ending->owner, ending->found);
    come_home(&ending->walk);
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

static void end_cb(struct session_env *env, struct ops_letter *letter)
{
    struct ending *ending = (struct ending *)letter;
    struct session *session = find(env, ending->id);
    ending->found = session != NULL;
    if (session) {
        char id[SESSION_ID_TEXT];
        log_message(REASON_INFO, "session %s is ended by %s", session_id_print(ending->id, id),
                    ending->who);
        env->end(session, REASON_killed);
    }
    letter->run = ended_cb;
    send_on(&ending->walk, env, ending->walk.asker->number);
}

bool session_list_end(struct session_env *env, uint64_t id, const char *who,
                      session_list_end_fn *done, void *owner)
{
    bool possible = session_id_worker(id) < env->ops->worker_count;
    struct ending *ending = calloc(1, sizeof(*ending));
    if (!ending)
        return false;
    ending->walk.letter.run = possible ? end_cb : ended_cb;
    ending->id = id;
    ending->done = done;
    ending->owner = owner;
    snprintf(ending->who, sizeof(ending->who), "%s", who);
    set_out(&ending->walk, env, possible ? session_id_worker(id) : env->number);
    return true;
}
