#include "serve/auth/auth_relay.h"

#include "base/text/text.h"
#include "codec/http/http_status.h"

#define FIELDS_MAX 32

struct relay {
    struct auth_reply reply;
    struct config_header fields[FIELDS_MAX];
    char *texts; /* owned; what fields and reply point to */
};

static void release(struct auth_reply *reply)
{
    struct relay *relay = WSL_CONTAINER(reply, struct relay, reply);
    free(relay->texts);
    free(relay);
}

/* Into the texts, with its NUL; the texts do not move any more. */
static const char *keep(char **at, struct slice value)
{
    char *text = *at;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    *at += value.len + 1;
    return text;
}

/* A relative reference has no colon before its first "/", "?" or "#" (RFC 3986 section 4.2). */
static bool leads_to_a_page(const char *location)
{
    size_t before = strcspn(location, ":/?#");
    struct slice scheme = {location, before};
    return reply_is_uri(location) &&
           (location[before] != ':' || slice_equal_nocase(scheme, SLICE("https")) ||
            slice_equal_nocase(scheme, SLICE("http")));
}

static void take_field(struct relay *relay, const struct http_field *field, char **at)
{
    static const char *const passed[] = {"Set-Cookie", "WWW-Authenticate", "Retry-After"};
    struct reply *reply = &relay->reply.reply;
    const char *value = keep(at, field->value);
    if (slice_equal_nocase(field->name, SLICE("Content-Type")))
        reply->content_type = value;
    else if (slice_equal_nocase(field->name, SLICE("Cache-Control")))
        reply->cache_control = value;
    else if (slice_equal_nocase(field->name, SLICE("Location")) && leads_to_a_page(value))
        reply->location = value;
    for (size_t i = 0; i < WSL_COUNT(passed) && reply->field_count < FIELDS_MAX; i++)
        if (slice_equal_nocase(field->name, slice_of(passed[i])))
            relay->fields[reply->field_count++] = (struct config_header){passed[i], value};
}

static bool take_body(struct relay *relay, struct slice body)
{
    struct text text = {0};
    size_t length;
    if (body.len == 0)
        return true;
    text_add(&text, body);
    char *bytes = text_take(&text, &length);
    if (bytes)
        relay->reply.reply.body = reply_owned(bytes, length);
    return bytes != NULL;
}

struct auth_reply *auth_relay_create(const struct http_answer *answer, struct slice body)
{
    size_t size = 1;
    for (unsigned i = 0; i < answer->head.field_count; i++)
        size += answer->head.fields[i].value.len + 1;
    struct relay *relay = calloc(1, sizeof(*relay));
    char *texts = malloc(size), *at = texts;
    if (!relay || !texts || !take_body(relay, body)) {
        free(texts);
        free(relay);
        return NULL;
    }
    relay->texts = texts;
    relay->reply.release = release;
    relay->reply.reply.status = http_status_nearest(answer->status);
    relay->reply.reply.cache_control = "no-store";
    relay->reply.reply.fields = relay->fields;
    for (unsigned i = 0; i < answer->head.field_count; i++)
        take_field(relay, &answer->head.fields[i], &at);
    return &relay->reply;
}
