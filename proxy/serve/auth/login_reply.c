#include "serve/auth/login_reply.h"

#include <inttypes.h>

#include "core/auth/login/login_request.h"
#include "serve/http/pages.h"

#define COOKIES_MAX 3
#define FIELDS_MAX  (7 + COOKIES_MAX)

struct login_reply {
    struct auth_reply base;
    struct config_header fields[FIELDS_MAX];
    char *cookies[COOKIES_MAX]; /* owned */
    size_t cookie_count;
    char *location; /* owned */
    char seconds[24];
};

static struct login_reply *of(struct auth_reply *base)
{
    return WSL_CONTAINER(base, struct login_reply, base);
}

static void release(struct auth_reply *base)
{
    struct login_reply *reply = of(base);
    for (size_t i = 0; i < reply->cookie_count; i++)
        free(reply->cookies[i]);
    free(reply->location);
    free(reply);
}

static struct login_reply *create(void)
{
    struct login_reply *reply = calloc(1, sizeof(*reply));
    if (!reply)
        return NULL;
    reply->base.release = release;
    reply->base.reply.fields = reply->fields;
    reply->base.reply.cache_control = "no-store";
    return reply;
}

static void add_field(struct login_reply *reply, const char *name, const char *value)
{
    reply->fields[reply->base.reply.field_count++] = (struct config_header){name, value};
}

/* A 401 needs a challenge (RFC 9110 section 11.6.1); browsers show the page for one they do not
 * know. */
static void add_fields(struct login_reply *reply, const struct login_page *page)
{
    add_field(reply, "Content-Security-Policy", pages_login()->csp);
    add_field(reply, "X-Content-Type-Options", "nosniff");
    add_field(reply, "X-Frame-Options", "SAMEORIGIN");
    add_field(reply, "Referrer-Policy", "same-origin");
    if (reply->base.reply.status == 401)
        add_field(reply, "WWW-Authenticate", "Cookie realm=\"wsluice\"");
    if (page->state != LOGIN_PAGE_WAIT)
        return;
    snprintf(reply->seconds, sizeof(reply->seconds), "%" PRIu64, page->seconds);
    add_field(reply, "Retry-After", reply->seconds);
}

struct auth_reply *login_reply_page(const struct login_page *page)
{
    const struct page *template = pages_login();
    struct login_reply *reply = create();
    size_t length;
    if (!reply)
        return NULL;
    char *bytes = login_page_print((struct slice){(const char *)template->bytes, template->length},
                                   page, &length);
    if (!bytes) {
        release(&reply->base);
        return NULL;
    }
    reply->base.reply.status = login_page_status(page->state);
    reply->base.reply.content_type = "text/html; charset=utf-8";
    reply->base.reply.body = reply_owned(bytes, length);
    add_fields(reply, page);
    return &reply->base;
}

struct auth_reply *login_reply_redirect(const struct http_head *head)
{
    struct login_reply *reply = create();
    size_t capacity = 3 * head->target.len + sizeof("./?"); /* all escaped */
    if (!reply)
        return NULL;
    reply->location = malloc(capacity);
    if (!reply->location || login_request_location(reply->location, capacity, head) == 0) {
        release(&reply->base);
        return NULL;
    }
    reply->base.reply.status = 303;
    reply->base.reply.location = reply->location;
    return &reply->base;
}

bool login_reply_set_cookie(struct auth_reply *base, const char *value)
{
    struct login_reply *reply = of(base);
    if (value[0] == '\0')
        return true;
    char *copy = reply->cookie_count < COOKIES_MAX ? strdup(value) : NULL;
    if (!copy)
        return false;
    reply->cookies[reply->cookie_count++] = copy;
    add_field(reply, "Set-Cookie", copy);
    return true;
}
