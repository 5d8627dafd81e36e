#include "serve/tokens/token_lines.h"

#include "serve/tokens/file/token_store.h"

struct token_lines {
    struct token_source source;
    struct token_store *store;
};

/* A question that waits for a refresh. */
struct pending {
    struct token_waiter waiter;
    struct token_wait *wait;
    struct token_store *store;
    size_t length;
    char token[]; /* a secret */
};

static struct token_lines *lines_of(struct token_source *source)
{
    return WSL_CONTAINER(source, struct token_lines, source);
}

static void free_pending(struct pending *pending)
{
    explicit_bzero(pending->token, pending->length);
    free(pending);
}

static void refreshed_cb(struct token_waiter *waiter)
{
    struct pending *pending = WSL_CONTAINER(waiter, struct pending, waiter);
    struct token_wait *wait = pending->wait;
    struct slice token = {pending->token, pending->length};
    enum reason reason = token_store_find(pending->store, token, wait->destination);
    free_pending(pending);
    wait->answered(wait, reason);
}

/* False: out of memory. */
static bool wait_for_refresh(struct token_store *store, struct slice token, struct token_wait *wait)
{
    struct pending *pending = malloc(sizeof(*pending) + token.len);
    if (!pending)
        return false;
    pending->wait = wait;
    pending->store = store;
    pending->length = token.len;
    memcpy(pending->token, token.ptr, token.len);
    wait->pending = pending;
    token_store_wait(store, wait->loop.lane, &pending->waiter, refreshed_cb);
    return true;
}

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    struct token_store *store = lines_of(source)->store;
    if (token_store_is_current(store)) {
        *reason = token_store_find(store, question->token, wait->destination);
        return true;
    }
    *reason = REASON_out_of_memory;
    return !wait_for_refresh(store, question->token, wait);
}

static void leave(struct token_source *source, struct token_wait *wait)
{
    struct pending *pending = wait->pending;
    token_store_leave(lines_of(source)->store, &pending->waiter);
    free_pending(pending);
}

static bool describe(struct token_source *source, char *text, size_t size)
{
    return token_store_describe(lines_of(source)->store, text, size);
}

static void release(struct token_source *source)
{
    struct token_lines *lines = lines_of(source);
    token_store_release(lines->store);
    free(lines);
}

static const struct token_source_ops ops = {release, find, leave, describe};

struct token_source *token_lines_create(const struct config_tokens *tokens, char *error,
                                        size_t error_size)
{
    struct token_lines *lines = calloc(1, sizeof(*lines));
    if (!lines) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    lines->source.ops = &ops;
    lines->store = token_store_create(tokens->file, error, error_size);
    if (lines->store)
        return &lines->source;
    free(lines);
    return NULL;
}
