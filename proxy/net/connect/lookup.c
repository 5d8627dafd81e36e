#include "net/connect/lookup.h"

#include <netdb.h>

#include "base/hash_map.h"
#include "base/monotonic.h"
#include "core/resources/name_hangs.h"

static const char hangs[] = "the resolver does not answer for this name; it is asked again later";

struct lookup {
    struct hash_map_link link;
    struct list questions;
    struct lookup_table *table;
    struct work_job job;
    uv_getaddrinfo_t request;
    uint64_t began; /* monotonic_ms */
    bool running, requested;
    char name[];
};

struct lookup_table {
    uv_mutex_t lock;
    struct name_hangs hangs;
    struct hash_map lookups; /* by name */
};

static struct lookup *lookup_of(struct hash_map_link *link)
{
    return link ? WSL_CONTAINER(link, struct lookup, link) : NULL;
}

static struct slice name_of(const struct hash_map_link *link)
{
    return slice_of(((const struct lookup *)link)->name);
}

struct lookup_table *lookup_table_create(void)
{
    struct siphash_seed seed;
    struct lookup_table *table = calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    if (!siphash_seed(&seed) || uv_mutex_init(&table->lock) != 0) {
        free(table);
        return NULL;
    }
    hash_map_init(&table->lookups, name_of, &seed);
    return table;
}

void lookup_table_free(struct lookup_table *table)
{
    if (!table)
        return;
    uv_mutex_destroy(&table->lock);
    hash_map_free(&table->lookups);
    free(table);
}

const struct siphash_seed *lookup_table_seed(const struct lookup_table *table)
{
    return &table->lookups.seed;
}

static void dispose(struct lookup *lookup)
{
    hash_map_remove(&lookup->table->lookups, &lookup->link);
    free(lookup);
}

/* ---- the answer ---- */

static void fail(struct lookup_result *answer, enum reason reason, const char *failure)
{
    answer->count = 0;
    answer->reason = reason;
    answer->failure = failure;
}

static void fail_with(struct lookup_result *answer, int status)
{
    fail(answer, status == UV_ENOMEM ? REASON_out_of_memory : REASON_target_unresolved,
         status == 0 ? "no usable address" : uv_strerror(status));
}

/*
 * Room for both families: of a name with more addresses than are kept, each family keeps half of
 * them at least, if it has so many.
 */
static void add_address(struct lookup_result *answer, const struct sockaddr *from)
{
    struct addr address = addr_from(from);
    sa_family_t family = address.any.sa_family;
    size_t same = 0, last = LOOKUP_ADDRESSES; /* the last one of the other family */
    if (answer->count < LOOKUP_ADDRESSES) {
        answer->addresses[answer->count++] = address;
        return;
    }
    for (size_t i = 0; i < LOOKUP_ADDRESSES; i++) {
        if (answer->addresses[i].any.sa_family == family)
            same++;
        else
            last = i;
    }
    if (same < LOOKUP_ADDRESSES / 2) {
        memmove(answer->addresses + last, answer->addresses + last + 1,
                (LOOKUP_ADDRESSES - 1 - last) * sizeof(address));
        answer->addresses[LOOKUP_ADDRESSES - 1] = address;
    }
}

static void make_answer(struct lookup_result *answer, int status, const struct addrinfo *list)
{
    *answer = (struct lookup_result){.reason = REASON_none};
    for (const struct addrinfo *info = status == 0 ? list : NULL; info; info = info->ai_next) {
        bool known = info->ai_family == AF_INET || info->ai_family == AF_INET6;
        if (known)
            add_address(answer, info->ai_addr);
    }
    addr_interleave(answer->addresses, answer->count);
    if (answer->count == 0)
        fail_with(answer, status);
}

static void answered_cb(void *owner, void *argument)
{
    struct lookup_question *question = argument;
    (void)owner;
    question->callback(question);
}

/* Under the lock; frees the lookup. Returns a question of lane `direct`, which needs no post. */
static struct lookup_question *finish(struct lookup *lookup, const struct lookup_result *answer,
                                      const struct work_lane *direct)
{
    struct lookup_question *own = NULL;
    if (answer->count == 0)
        name_hangs_note(&lookup->table->hangs, lookup->link.hash, lookup->began, monotonic_ms());
    while (!list_empty(&lookup->questions)) {
        struct lookup_question *question =
            WSL_CONTAINER(lookup->questions.next, struct lookup_question, link);
        list_remove(&question->link);
        question->lookup = NULL;
        question->answer = *answer;
        if (direct && !own && question->lane == direct)
            own = question;
        else
            mailbox_post(question->lane->mailbox, &question->post, answered_cb, question);
    }
    work_finish(&lookup->job);
    dispose(lookup);
    return own;
}

/* On the lane's loop. */
static void conclude(struct lookup *lookup, int status, const struct addrinfo *list)
{
    struct lookup_table *table = lookup->table;
    struct lookup_result answer;
    make_answer(&answer, status, list);
    uv_mutex_lock(&table->lock);
    struct lookup_question *own = finish(lookup, &answer, lookup->job.lane);
    uv_mutex_unlock(&table->lock);
    if (own)
        own->callback(own);
}

static void looked_up_cb(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    conclude(WSL_CONTAINER(request, struct lookup, request), status, list);
    uv_freeaddrinfo(list);
}

/* ---- start ---- */

static int run(struct lookup *lookup)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    lookup->running = true;
    lookup->began = monotonic_ms();
    return uv_getaddrinfo(lookup->job.lane->loop, &lookup->request, looked_up_cb, lookup->name,
                          NULL, &hints);
}

/* Its last question may have been cancelled at this moment, on another loop. */
static void begin_cb(struct work_job *job)
{
    struct lookup *lookup = WSL_CONTAINER(job, struct lookup, job);
    struct lookup_table *table = lookup->table;
    int status = 0;
    uv_mutex_lock(&table->lock);
    if (!list_empty(&lookup->questions)) {
        status = run(lookup);
    } else {
        work_finish(&lookup->job);
        dispose(lookup);
    }
    uv_mutex_unlock(&table->lock);
    if (status != 0)
        conclude(lookup, status, NULL);
}

static bool ask_pool(struct lookup *lookup, const struct work_lane *lane,
                     const struct lookup_source *origin)
{
    lookup->requested = origin->requested;
    return work_request(lane, &lookup->job, origin->requested ? WORK_requested_names : WORK_names,
                        origin->requested ? origin->client : 0, begin_cb);
}

/* 0: it has begun, or waits. */
static int begin(struct lookup_table *table, const struct work_lane *lane, const char *name,
                 const struct lookup_source *origin, struct lookup **begun)
{
    size_t size = strlen(name) + 1;
    struct lookup *lookup = calloc(1, sizeof(*lookup) + size);
    if (!lookup)
        return UV_ENOMEM;
    lookup->table = table;
    memcpy(lookup->name, name, size);
    list_init(&lookup->questions);
    hash_map_add(&table->lookups, &lookup->link);
    int status = ask_pool(lookup, lane, origin) ? run(lookup) : 0;
    if (status != 0) {
        work_finish(&lookup->job);
        dispose(lookup);
        return status;
    }
    *begun = lookup;
    return 0;
}

/*
 * A configured name must not wait for the share of requested ones. If the look-up cannot begin, its
 * questions are answered with the failure.
 */
static void promote(struct lookup *lookup, const struct lookup_source *origin,
                    const struct work_lane *lane)
{
    if (lookup->running || !lookup->requested || origin->requested || !work_cancel(&lookup->job))
        return;
    int status = ask_pool(lookup, lane, origin) ? run(lookup) : 0;
    if (status == 0)
        return;
    struct lookup_result answer;
    make_answer(&answer, status, NULL);
    (void)finish(lookup, &answer, NULL);
}

static bool is_hanging(const struct lookup *lookup)
{
    return lookup->running && name_hangs_is_hanging(lookup->began, monotonic_ms());
}

/* `lookup`: of the name; NULL: none. */
static bool is_known_to_hang(const struct lookup_table *table, const struct lookup *lookup,
                             struct slice name)
{
    if (lookup)
        return is_hanging(lookup);
    uint64_t hash = siphash_of(lookup_table_seed(table), name.ptr, name.len);
    return name_hangs_has(&table->hangs, hash, monotonic_ms());
}

bool lookup_start(struct lookup_table *table, const struct work_lane *lane,
                  struct lookup_question *question, const char *name,
                  const struct lookup_source *origin)
{
    struct slice key = slice_of(name);
    int status = 0;
    question->lane = lane;
    question->post = (struct mailbox_post){0};
    question->lookup = NULL;
    uv_mutex_lock(&table->lock);
    struct lookup *lookup = lookup_of(hash_map_find(&table->lookups, key));
    bool refused = is_known_to_hang(table, lookup, key), joins = lookup && !refused;
    if (!lookup && !refused)
        status = begin(table, lane, name, origin, &lookup);
    if (lookup && !refused) {
        question->lookup = lookup;
        list_append(&lookup->questions, &question->link);
    }
    if (joins)
        promote(lookup, origin, lane);
    uv_mutex_unlock(&table->lock);
    if (refused)
        fail(&question->answer, REASON_target_timeout, hangs);
    else if (status != 0)
        fail_with(&question->answer, status);
    return refused || status != 0;
}

bool lookup_join(struct lookup_table *table, struct lookup_question *question,
                 const struct lookup_source *origin, struct lookup_result *answer)
{
    uv_mutex_lock(&table->lock);
    struct lookup *lookup = question->lookup;
    bool refused = lookup && is_hanging(lookup);
    if (lookup && !refused)
        promote(lookup, origin, question->lane);
    uv_mutex_unlock(&table->lock);
    if (refused)
        fail(answer, REASON_target_timeout, hangs);
    return !refused;
}

void lookup_cancel(struct lookup_table *table, struct lookup_question *question)
{
    uv_mutex_lock(&table->lock);
    struct lookup *lookup = question->lookup;
    if (lookup) {
        list_remove(&question->link);
        question->lookup = NULL;
        if (list_empty(&lookup->questions) && !lookup->running && work_cancel(&lookup->job))
            dispose(lookup);
    } else {
        (void)mailbox_withdraw(question->lane->mailbox, &question->post);
    }
    uv_mutex_unlock(&table->lock);
}
