#include "serve/auth/ticket/ticket_key_urls.h"

struct entry {
    struct list link;
    struct ticket_key_url *url;
};

struct ticket_key_urls {
    pthread_mutex_t lock;
    struct list entries;
};

struct ticket_key_urls *ticket_key_urls_create(void)
{
    struct ticket_key_urls *urls = calloc(1, sizeof(*urls));
    if (!urls)
        return NULL;
    pthread_mutex_init(&urls->lock, NULL);
    list_init(&urls->entries);
    return urls;
}

static void drop(struct entry *entry)
{
    list_remove(&entry->link);
    ticket_key_url_release(entry->url);
    free(entry);
}

void ticket_key_urls_free(struct ticket_key_urls *urls)
{
    if (!urls)
        return;
    while (!list_empty(&urls->entries))
        drop(WSL_CONTAINER(urls->entries.next, struct entry, link));
    pthread_mutex_destroy(&urls->lock);
    free(urls);
}

/* Under the lock. NULL: none is of `config`. */
static struct ticket_key_url *find(struct ticket_key_urls *urls,
                                   const struct config_ticket_key *config)
{
    struct ticket_key_url *found = NULL;
    for (struct list *at = urls->entries.next, *next; at != &urls->entries; at = next) {
        struct entry *entry = WSL_CONTAINER(at, struct entry, link);
        next = at->next;
        if (ticket_key_url_is_of(entry->url, config))
            found = ticket_key_url_retain(entry->url);
        else if (ticket_key_url_is_unused(entry->url))
            drop(entry);
    }
    return found;
}

/* Under the lock. */
static struct ticket_key_url *add(struct ticket_key_urls *urls,
                                  const struct config_ticket_key *config)
{
    struct entry *entry = malloc(sizeof(*entry));
    struct ticket_key_url *url = entry ? ticket_key_url_create(config) : NULL;
    if (!url) {
        free(entry);
        return NULL;
    }
    entry->url = ticket_key_url_retain(url);
    list_append(&urls->entries, &entry->link);
    return url;
}

struct ticket_key_url *ticket_key_urls_get(struct ticket_key_urls *urls,
                                           const struct config_ticket_key *config)
{
    pthread_mutex_lock(&urls->lock);
    struct ticket_key_url *url = find(urls, config);
    if (!url)
        url = add(urls, config);
    pthread_mutex_unlock(&urls->lock);
    return url;
}
