#include "net/duct_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Kept while nobody has them. */
#define IDLE_MOST 2
/*
 * Of a kernel pipe, which has a slot for each 4 KiB of it. A slot holds one piece of a socket's
 * buffer: a packet, or up to 32 KiB of what came on loopback.
 */
#define PIPE_SIZE (1 << 18)

struct kernel_duct {
    struct duct duct;
    struct list link; /* while it is idle */
    int in, out;
};

static const struct kernel_duct *of(const struct duct *duct)
{
    return WSL_CONST_CONTAINER(duct, struct kernel_duct, duct);
}

int duct_pool_way_in(const struct duct *duct)
{
    return of(duct)->in;
}

int duct_pool_way_out(const struct duct *duct)
{
    return of(duct)->out;
}

static struct kernel_duct *make(struct duct_pool *pool)
{
    int ends[2];
    struct kernel_duct *duct = malloc(sizeof(*duct));
    if (!duct || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(duct);
        return NULL;
    }
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* a user has a limit; smaller is fine */
    *duct = (struct kernel_duct){.duct = {.from = &pool->ducts}, .out = ends[0], .in = ends[1]};
    pool->made++;
    return duct;
}

static struct duct *take(struct ducts *ducts)
{
    struct duct_pool *pool = WSL_CONTAINER(ducts, struct duct_pool, ducts);
    if (pool->idle_count > 0) {
        struct list *link = pool->idle.next;
        list_remove(link);
        pool->idle_count--;
        return &WSL_CONTAINER(link, struct kernel_duct, link)->duct;
    }
    struct kernel_duct *duct = pool->made < pool->most ? make(pool) : NULL;
    return duct ? &duct->duct : NULL;
}

static void destroy(struct duct_pool *pool, struct kernel_duct *duct)
{
    close(duct->in);
    close(duct->out);
    free(duct);
    pool->made--;
}

static void give(struct duct *duct)
{
    struct kernel_duct *own = WSL_CONTAINER(duct, struct kernel_duct, duct);
    struct duct_pool *pool = WSL_CONTAINER(duct->from, struct duct_pool, ducts);
    if (duct->held > 0 || pool->idle_count == IDLE_MOST) {
        destroy(pool, own);
        return;
    }
    list_append(&pool->idle, &own->link);
    pool->idle_count++;
}

static bool read_all(struct duct *duct, uint8_t *bytes)
{
    size_t got = 0;
    while (got < duct->held) {
        ssize_t n = read(of(duct)->out, bytes + got, duct->held - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    duct->held = 0;
    return true;
}

void duct_pool_open(struct duct_pool *pool, unsigned most)
{
    *pool =
        (struct duct_pool){.ducts = {.take = take, .give = give, .read = read_all}, .most = most};
    list_init(&pool->idle);
}

void duct_pool_trim(struct duct_pool *pool)
{
    while (!list_empty(&pool->idle)) {
        struct list *link = pool->idle.next;
        list_remove(link);
        destroy(pool, WSL_CONTAINER(link, struct kernel_duct, link));
    }
    pool->idle_count = 0;
}
