#include "config/model/config.h"

#include <stdatomic.h>
#include <strings.h>

#include "base/base.h"

struct block {
    struct block *next;
    size_t size;
    max_align_t data[];
};

struct note {
    struct note *older;
    const char *text;
    enum config_secret_source origin;
    char reference[];
};

struct file {
    struct file *older;
    char path[];
};

struct config_owner {
    atomic_uint count;
    struct block *blocks;
    struct note *notes; /* few: secrets only */
    struct file *files;
    struct config config;
};

struct config *config_new(void)
{
    struct config_owner *owner = calloc(1, sizeof(*owner));
    if (!owner)
        return NULL;
    atomic_init(&owner->count, 1);
    owner->config.owner = owner;
    return &owner->config;
}

void *config_alloc(struct config *config, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->next = config->owner->blocks;
    config->owner->blocks = block;
    return block->data;
}

bool config_note_secret_source(struct config *config, const char *text,
                               enum config_secret_source origin, const char *reference)
{
    size_t length = strlen(reference);
    struct note *note = config_alloc(config, sizeof(*note) + length + 1);
    if (!note)
        return false;
    note->text = text;
    note->origin = origin;
    memcpy(note->reference, reference, length + 1);
    note->older = config->owner->notes;
    config->owner->notes = note;
    return true;
}

const char *config_secret_source(const struct config *config, const char *text,
                                 enum config_secret_source *origin)
{
    for (const struct note *note = config->owner->notes; note; note = note->older) {
        if (note->text == text) {
            *origin = note->origin;
            return note->reference;
        }
    }
    return NULL;
}

bool config_note_file(struct config *config, const char *path)
{
    size_t size = strlen(path) + 1;
    struct file *file = config_alloc(config, sizeof(*file) + size);
    if (!file)
        return false;
    memcpy(file->path, path, size);
    file->older = config->owner->files;
    config->owner->files = file;
    return true;
}

const char *config_next_file(const struct config *config, const void **cursor)
{
    const struct file *last = *cursor;
    const struct file *file = last ? last->older : config->owner->files;
    if (file)
        *cursor = file;
    return file ? file->path : NULL;
}

const struct config *config_retain(const struct config *config)
{
    /* The caller holds a count already, so there is nothing to order. */
    atomic_fetch_add_explicit(&config->owner->count, 1, memory_order_relaxed);
    return config;
}

void config_release(const struct config *config)
{
    if (!config)
        return;
    struct config_owner *owner = config->owner;
    /* Reads by other holders happen before the free. */
    if (atomic_fetch_sub_explicit(&owner->count, 1, memory_order_acq_rel) != 1)
        return;
    while (owner->blocks) {
        struct block *block = owner->blocks;
        owner->blocks = block->next;
        explicit_bzero(block->data, block->size);
        free(block);
    }
    free(owner);
}

const struct config_auth_set *config_auth_of(const struct config_listener *listener,
                                             const struct config_route *route)
{
    bool own = route->auth.count > 0 || route->kind == CONFIG_KIND_HEALTH;
    return own ? &route->auth : &listener->auth;
}

const char *config_route_name(const struct config_route *route)
{
    return route->name ? route->name : route->path;
}

/* ---- sources of tokens ---- */

enum config_token_source config_token_source(const struct config_tokens *tokens)
{
    if (tokens->file)
        return tokens->format == CONFIG_TOKENS_NAMES ? CONFIG_TOKENS_DIRECTORY : CONFIG_TOKENS_FILE;
    if (tokens->directory)
        return CONFIG_TOKENS_DIRECTORY;
    if (tokens->sockets)
        return CONFIG_TOKENS_SOCKETS;
    if (tokens->redis.url)
        return CONFIG_TOKENS_REDIS;
    if (tokens->http.url)
        return CONFIG_TOKENS_HTTP;
    if (tokens->ticket.key.file)
        return CONFIG_TOKENS_TICKET;
    return tokens->auth ? CONFIG_TOKENS_AUTH : CONFIG_TOKENS_NONE;
}

bool config_tokens_may_use_tls(const struct config_tokens *tokens)
{
    enum config_token_source source = config_token_source(tokens);
    return source == CONFIG_TOKENS_HTTP || source == CONFIG_TOKENS_TICKET ||
           source == CONFIG_TOKENS_AUTH;
}

const char *config_token_source_key(const struct config_tokens *tokens)
{
    if (tokens->http.url)
        return "http";
    if (tokens->redis.url)
        return "redis";
    if (tokens->file)
        return "file";
    if (tokens->ticket.key.file)
        return "ticket";
    if (tokens->auth)
        return "auth";
    return tokens->directory ? "directory" : "sockets";
}

const char *config_token_source_name(const struct config_tokens *tokens)
{
    if (tokens->http.url)
        return tokens->http.url;
    if (tokens->redis.url)
        return "redis"; /* the URL may hold a password */
    if (tokens->file)
        return tokens->file;
    if (tokens->ticket.key.file)
        return tokens->ticket.key.file;
    if (tokens->auth)
        return "auth";
    return tokens->directory ? tokens->directory : tokens->sockets;
}

bool config_route_has_tokens(const struct config_route *route)
{
    return config_token_source(&route->tokens) != CONFIG_TOKENS_NONE;
}

/* ---- texts ---- */

bool config_header_is_reserved(const char *name)
{
    static const char handshake[] = "Sec-WebSocket-";
    static const char *const names[] = {
        "Connection", "Content-Length", "Content-Type",      "Date",    "Keep-Alive",
        "Location",   "Server",         "Transfer-Encoding", "Upgrade",
    };
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return strncasecmp(name, handshake, sizeof(handshake) - 1) == 0;
}

const char *config_address_print(const struct config_address *address, char *text, size_t size)
{
    if (address->kind == CONFIG_ADDRESS_UNIX)
        snprintf(text, size, "unix:%s", address->path);
    else if (address->kind == CONFIG_ADDRESS_FD)
        snprintf(text, size, "fd:%u", address->port);
    else if (!address->host)
        snprintf(text, size, "*:%u", address->port);
    else if (strchr(address->host, ':'))
        snprintf(text, size, "[%s]:%u", address->host, address->port);
    else
        snprintf(text, size, "%s:%u", address->host, address->port);
    return text;
}

bool config_address_is_same(const struct config_address *a, const struct config_address *b)
{
    return a->kind == b->kind && a->port == b->port && string_equal(a->host, b->host) &&
           string_equal(a->path, b->path);
}

const struct config_address *config_target_place(const struct config_target *target,
                                                 const struct config_address *address)
{
    const struct config_address *other = &target->connect_to;
    return other->host || other->path ? other : address;
}

bool config_texts_has(const struct config_texts *texts, struct slice text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (slice_equal(slice_of(texts->items[i]), text))
            return true;
    return false;
}
