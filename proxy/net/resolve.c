#include "net/resolve.h"

#include <netdb.h>

#define BUCKETS 64 /* a power of two */

/* One name: first looked up for those who wait, then kept while it is fresh. */
struct resolve_lookup {
    struct list bucket;  /* to be found; alone: nobody may join any more */
    struct list age;     /* when kept, oldest first */
    struct list waiting; /* queries, while it is under way */
    struct resolver *resolver;
    uv_getaddrinfo_t request;
    uint64_t fresh_until; /* 0: under way */
    struct resolve_answer answer;
    char name[];
};

struct resolver {
    uv_loop_t *loop;
    bool closed;
    size_t under_way, kept;
    struct list ages;
    struct list buckets[BUCKETS];
    struct resolve_answer failed; /* of a query that could not even begin */
};

struct resolver *resolve_create(uv_loop_t *loop)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    if (!resolver)
        return NULL;
    resolver->loop = loop;
    list_init(&resolver->ages);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&resolver->buckets[i]);
    return resolver;
}

/* FNV-1a: the table is small and bounded, so it needs to be quick, not secret. */
static struct list *bucket_of(struct resolver *resolver, const char *name)
{
    uint32_t hash = 2166136261;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619;
    return &resolver->buckets[(hash ^ hash >> 16) % BUCKETS];
}

static struct resolve_lookup *find(struct resolver *resolver, const char *name)
{
    struct list *bucket = bucket_of(resolver, name);
    for (struct list *link = bucket->next; link != bucket; link = link->next) {
        struct resolve_lookup *lookup = WSL_CONTAINER(link, struct resolve_lookup, bucket);
        if (strcmp(lookup->name, name) == 0)
            return lookup;
    }
    return NULL;
}

static bool is_kept(const struct resolve_lookup *lookup)
{
    return lookup->fresh_until != 0;
}

static void forget(struct resolve_lookup *lookup)
{
    list_remove(&lookup->bucket);
    list_remove(&lookup->age);
    lookup->resolver->kept -= is_kept(lookup);
    free(lookup);
}

static void keep(struct resolve_lookup *lookup)
{
    struct resolver *resolver = lookup->resolver;
    if (resolver->kept == RESOLVE_KEPT)
        forget(WSL_CONTAINER(resolver->ages.next, struct resolve_lookup, age));
    lookup->fresh_until = uv_now(resolver->loop) + RESOLVE_FRESH_MS;
    list_append(&resolver->ages, &lookup->age);
    resolver->kept++;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void take_addresses(struct resolve_answer *answer, const struct addrinfo *list)
{
    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        bool known = info->ai_family == AF_INET || info->ai_family == AF_INET6;
        if (known && answer->count < RESOLVE_ADDRESSES)
            answer->addresses[answer->count++] = addr_from(info->ai_addr);
    }
    addr_interleave(answer->addresses, answer->count);
}

static void fail(struct resolve_answer *answer, int status)
{
    answer->count = 0;
    answer->reason = status == UV_ENOMEM ? REASON_out_of_memory : REASON_target_unresolved;
    answer->failure = status == 0 ? "no usable address" : uv_strerror(status);
}

/* Whoever waits may cancel others or ask again in its callback, so nothing here is relied upon. */
static void tell(struct list *waiting, const struct resolve_answer *answer)
{
    while (!list_empty(waiting)) {
        struct resolve_query *query = WSL_CONTAINER(waiting->next, struct resolve_query, link);
        list_remove(&query->link);
        query->lookup = NULL;
        query->callback(query, answer);
    }
}

static void move(struct list *from, struct list *to)
{
    list_init(to);
    while (!list_empty(from)) {
        struct list *link = from->next;
        list_remove(link);
        list_append(to, link);
    }
}

static void looked_up_cb(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolve_lookup *lookup = WSL_CONTAINER(request, struct resolve_lookup, request);
    struct resolver *resolver = lookup->resolver;
    struct list waiting;
    resolver->under_way--;
    move(&lookup->waiting, &waiting);
    if (status == 0)
        take_addresses(&lookup->answer, list);
    uv_freeaddrinfo(list);
    if (lookup->answer.count == 0)
        fail(&lookup->answer, status);

    struct resolve_answer answer = lookup->answer;
    if (answer.count > 0 && !resolver->closed)
        keep(lookup);
    else
        forget(lookup);
    if (resolver->closed && resolver->under_way == 0)
        free(resolver);
    tell(&waiting, &answer);
}

/* ---- queries --------------------------------------------------------------------------------- */

static int begin(struct resolver *resolver, const char *name, struct resolve_lookup **begun)
{
    size_t size = strlen(name) + 1;
    struct resolve_lookup *lookup = calloc(1, sizeof(*lookup) + size);
    if (!lookup)
        return UV_ENOMEM;
    lookup->resolver = resolver;
    memcpy(lookup->name, name, size);
    list_init(&lookup->age);
    list_init(&lookup->waiting);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int status = uv_getaddrinfo(resolver->loop, &lookup->request, looked_up_cb, name, NULL, &hints);
    if (status != 0) {
        free(lookup);
        return status;
    }
    list_append(bucket_of(resolver, name), &lookup->bucket);
    resolver->under_way++;
    *begun = lookup;
    return 0;
}

const struct resolve_answer *resolve_name(struct resolver *resolver, const char *name,
                                          struct resolve_query *query)
{
    struct resolve_lookup *lookup = find(resolver, name);
    query->lookup = NULL;
    if (lookup && is_kept(lookup)) {
        if (uv_now(resolver->loop) < lookup->fresh_until)
            return &lookup->answer;
        forget(lookup);
        lookup = NULL;
    }
    int status = lookup ? 0 : begin(resolver, name, &lookup);
    if (status != 0) {
        fail(&resolver->failed, status);
        return &resolver->failed;
    }
    query->lookup = lookup;
    list_append(&lookup->waiting, &query->link);
    return NULL;
}

/* Out of sight, so that nobody joins what comes to nothing; its callback frees it. */
static void call_off(struct resolve_lookup *lookup)
{
    if (uv_cancel((uv_req_t *)&lookup->request) == 0)
        list_remove(&lookup->bucket);
}

void resolve_cancel(struct resolve_query *query)
{
    struct resolve_lookup *lookup = query->lookup;
    if (!lookup)
        return;
    list_remove(&query->link);
    query->lookup = NULL;
    if (list_empty(&lookup->waiting))
        call_off(lookup);
}

void resolve_demote(struct resolver *resolver, const char *name, const struct addr *address)
{
    struct resolve_lookup *lookup = find(resolver, name);
    if (!lookup || !is_kept(lookup))
        return;
    struct addr *addresses = lookup->answer.addresses;
    size_t last = lookup->answer.count - 1U;
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
    resolver->closed = true;
    while (!list_empty(&resolver->ages))
        forget(WSL_CONTAINER(resolver->ages.next, struct resolve_lookup, age));
    for (size_t i = 0; i < BUCKETS; i++) {
        struct list *bucket = &resolver->buckets[i], *link = bucket->next, *next;
        for (; link != bucket; link = next) {
            next = link->next;
            list_remove(link);
            call_off(WSL_CONTAINER(link, struct resolve_lookup, bucket));
        }
    }
    if (resolver->under_way == 0)
        free(resolver);
}
