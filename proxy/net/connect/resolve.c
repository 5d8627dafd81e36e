#include "net/connect/resolve.h"

#include "base/hash_map.h"

/* One name: looked up for the queries that wait, then kept while it is fresh. */
struct resolve_lookup {
    struct hash_map_link link;
    struct list age;     /* when kept, oldest first */
    struct list waiting; /* queries, while it is under way */
    struct resolver *resolver;
    struct lookup_question question; /* its answer is kept */
    uint64_t fresh_until;            /* 0: under way */
    char name[];
};

struct resolver {
    const struct work_lane *lane;
    struct lookup_table *table;
    size_t kept;
    struct list ages;
    struct hash_map lookups;     /* by name */
    struct lookup_result failed; /* of the last query that failed at once */
};

static struct resolve_lookup *lookup_of(struct hash_map_link *link)
{
    return link ? WSL_CONTAINER(link, struct resolve_lookup, link) : NULL;
}

static struct slice name_of(const struct hash_map_link *link)
{
    return slice_of(((const struct resolve_lookup *)link)->name);
}

struct resolver *resolve_create(const struct work_lane *lane, struct lookup_table *table)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    if (!resolver)
        return NULL;
    resolver->lane = lane;
    resolver->table = table;
    list_init(&resolver->ages);
    hash_map_init(&resolver->lookups, name_of, lookup_table_seed(table));
    return resolver;
}

static struct resolve_lookup *find(const struct resolver *resolver, const char *name)
{
    return lookup_of(hash_map_find(&resolver->lookups, slice_of(name)));
}

static bool is_kept(const struct resolve_lookup *lookup)
{
    return lookup->fresh_until != 0;
}

static void forget(struct resolve_lookup *lookup)
{
    hash_map_remove(&lookup->resolver->lookups, &lookup->link);
    list_remove(&lookup->age);
    lookup->resolver->kept -= is_kept(lookup);
    free(lookup);
}

static void keep(struct resolve_lookup *lookup)
{
    struct resolver *resolver = lookup->resolver;
    if (resolver->kept == RESOLVE_KEPT)
        forget(WSL_CONTAINER(resolver->ages.next, struct resolve_lookup, age));
    lookup->fresh_until = uv_now(resolver->lane->loop) + RESOLVE_FRESH_MS;
    list_append(&resolver->ages, &lookup->age);
    resolver->kept++;
}

/* ---- the answer ---- */

/* A callback may cancel other queries or start new ones: the list may change in each turn. */
static void answer_queries(struct list *waiting, const struct lookup_result *answer)
{
    while (!list_empty(waiting)) {
        struct resolve_question *query =
            WSL_CONTAINER(waiting->next, struct resolve_question, link);
        list_remove(&query->link);
        query->callback(query, answer);
    }
}

/* The queries no longer refer to the look-up, which may be freed before they are answered. */
static void detach_queries(struct list *from, struct list *to)
{
    list_init(to);
    while (!list_empty(from)) {
        struct resolve_question *query = WSL_CONTAINER(from->next, struct resolve_question, link);
        query->lookup = NULL;
        list_remove(&query->link);
        list_append(to, &query->link);
    }
}

static void answered_cb(struct lookup_question *question)
{
    struct resolve_lookup *lookup = WSL_CONTAINER(question, struct resolve_lookup, question);
    struct lookup_result answer = question->answer;
    struct list waiting;
    detach_queries(&lookup->waiting, &waiting);
    if (answer.count > 0)
        keep(lookup);
    else
        forget(lookup);
    answer_queries(&waiting, &answer);
}

/* ---- queries ---- */

/* NULL: failed, and resolver->failed says why. */
static struct resolve_lookup *begin(struct resolver *resolver, const char *name,
                                    const struct lookup_source *origin)
{
    size_t size = strlen(name) + 1;
    struct resolve_lookup *lookup = calloc(1, sizeof(*lookup) + size);
    if (!lookup) {
        resolver->failed = (struct lookup_result){.reason = REASON_out_of_memory,
                                                  .failure = uv_strerror(UV_ENOMEM)};
        return NULL;
    }
    lookup->resolver = resolver;
    lookup->question.callback = answered_cb;
    memcpy(lookup->name, name, size);
    list_init(&lookup->age);
    list_init(&lookup->waiting);
    if (lookup_start(resolver->table, resolver->lane, &lookup->question, name, origin)) {
        resolver->failed = lookup->question.answer;
        free(lookup);
        return NULL;
    }
    hash_map_add(&resolver->lookups, &lookup->link);
    return lookup;
}

const struct lookup_result *resolve_name(struct resolver *resolver, const char *name,
                                         const struct lookup_source *origin,
                                         struct resolve_question *query)
{
    struct resolve_lookup *lookup = find(resolver, name);
    list_init(&query->link);
    query->lookup = NULL;
    if (lookup && is_kept(lookup)) {
        if (uv_now(resolver->lane->loop) < lookup->fresh_until)
            return &lookup->question.answer;
        forget(lookup);
        lookup = NULL;
    }
    if (!lookup)
        lookup = begin(resolver, name, origin);
    else if (!lookup_join(resolver->table, &lookup->question, origin, &resolver->failed))
        lookup = NULL;
    if (!lookup)
        return &resolver->failed;
    query->lookup = lookup;
    list_append(&lookup->waiting, &query->link);
    return NULL;
}

static void cancel_lookup(struct resolve_lookup *lookup)
{
    lookup_cancel(lookup->resolver->table, &lookup->question);
    forget(lookup);
}

void resolve_cancel(struct resolve_question *query)
{
    struct resolve_lookup *lookup = query->lookup;
    list_remove(&query->link);
    query->lookup = NULL;
    if (lookup && list_empty(&lookup->waiting))
        cancel_lookup(lookup);
}

void resolve_demote(struct resolver *resolver, const char *name, const struct addr *address)
{
    struct resolve_lookup *lookup = find(resolver, name);
    if (!lookup || !is_kept(lookup))
        return;
    struct addr *addresses = lookup->question.answer.addresses;
    size_t last = lookup->question.answer.count - 1U;
    for (size_t i = 0; i < last; i++) {
        if (!addr_same_host(&addresses[i], address))
            continue;
        struct addr failed = addresses[i];
        memmove(&addresses[i], &addresses[i + 1], (last - i) * sizeof(*addresses));
        addresses[last] = failed;
        return;
    }
}

void resolve_close(struct resolver *resolver)
{
    if (!resolver)
        return;
    while (!list_empty(&resolver->ages))
        forget(WSL_CONTAINER(resolver->ages.next, struct resolve_lookup, age));
    for (struct hash_map_link *link = hash_map_next(&resolver->lookups, NULL), *next; link;
         link = next) {
        next = hash_map_next(&resolver->lookups, link);
        cancel_lookup(lookup_of(link));
    }
    hash_map_free(&resolver->lookups);
    free(resolver);
}
