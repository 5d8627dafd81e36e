/*
 * An origin is admitted only if it names the host of the request, or is listed.
 *
 * Input: an origin and a host, on two lines.
 */
#include "core/access/access.h"

#include <strings.h>

#include "codec/http/uri.h"

/* The log has the beginning of an origin, without what may be a secret. */
static void check_public(struct slice origin)
{
    struct slice shown = access_origin_public(origin);
    wsl_assert(shown.ptr == origin.ptr && shown.len <= origin.len);
    const char *mark = memmem(shown.ptr, shown.len, "://", 3);
    struct slice rest = mark ? slice_from(shown, (size_t)(mark - shown.ptr) + 3) : shown;
    for (size_t i = 0; i < rest.len; i++)
        wsl_assert(!memchr("/?#@", rest.ptr[i], 4));
    wsl_assert(shown.len == origin.len || shown.len == 0 ||
               memchr("/?#", origin.ptr[shown.len], 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const list[] = {"https://b.example", "https://*.c.example:8443"};
static const struct config_texts empty = {0}, listed = {list, WSL_COUNT(list)};

static bool ends_nocase(struct slice text, struct slice end)
{
    return text.len >= end.len &&
           slice_equal_nocase((struct slice){text.ptr + text.len - end.len, end.len}, end);
}

/* scheme "://" host, with or without a port. */
static void check_same(struct slice origin, struct slice authority)
{
    struct slice host, port, own, own_port;
    const char *mark = memmem(origin.ptr, origin.len, "://", 3);
    wsl_assert(mark);
    struct slice scheme = {origin.ptr, (size_t)(mark - origin.ptr)};
    wsl_assert(
        slice_equal_nocase(scheme, SLICE("http")) || slice_equal_nocase(scheme, SLICE("ws")) ||
        slice_equal_nocase(scheme, SLICE("https")) || slice_equal_nocase(scheme, SLICE("wss")));
    uri_split_authority(authority, &host, &port);
    uri_split_authority((struct slice){mark + 3, origin.len - scheme.len - 3}, &own, &own_port);
    wsl_assert(slice_equal_nocase(host, own) && host.len > 0);
    bool numbers_differ = port.len > 0 && own_port.len > 0 &&
                          strtoul(port.ptr, NULL, 10) != strtoul(own_port.ptr, NULL, 10);
    wsl_assert(!numbers_differ);
}

static void check_listed(struct slice origin)
{
    wsl_assert(slice_equal_nocase((struct slice){origin.ptr, 8}, SLICE("https://")));
    bool exact = ends_nocase(origin, SLICE("://b.example")) ||
                 memmem(origin.ptr, origin.len, ":443", 4) ||
                 memmem(origin.ptr, origin.len, ":0443", 5);
    bool below = memmem(origin.ptr, origin.len, "8443", 4) != NULL;
    wsl_assert(exact || below);
    for (size_t i = 8; i < origin.len; i++)
        wsl_assert(!memchr("/?#@\\ ,*", origin.ptr[i], 8));
}

static bool slice_starts(struct slice text, const char *start)
{
    size_t length = strlen(start);
    return text.len >= length && strncasecmp(text.ptr, start, length) == 0;
}

/* An own name is an address or localhost, never a name that a registry hands out. */
static void check_own_name(struct slice authority)
{
    struct slice host, port;
    if (!authority.ptr || !access_is_rebind_safe(authority))
        return;
    uri_split_authority(authority, &host, &port);
    wsl_assert(host.len > 0);
    char last = host.ptr[host.len - 1];
    wsl_assert((last >= '0' && last <= '9') || last == ']' ||
               ends_nocase(host, SLICE("localhost")) || ends_nocase(host, SLICE("localhost.")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* a NUL stops strtoul */
    wsl_assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    const char *end = memchr(text, '\n', size);
    struct slice origin = {text, end ? (size_t)(end - text) : size}, host = {0};
    if (end)
        host = (struct slice){end + 1, size - origin.len - 1};

    bool same = access_origin(origin, host, false, &empty) == REASON_none;
    bool secure = access_origin(origin, host, true, &empty) == REASON_none;
    bool either = access_origin(origin, host, false, &listed) == REASON_none;
    wsl_assert(either || !same);
    wsl_assert(same || !secure);
    if (same)
        wsl_assert(secure == (slice_starts(origin, "https:") || slice_starts(origin, "wss:")));
    check_own_name(host);
    check_public(origin);
    if (same)
        check_same(origin, host);
    else if (either)
        check_listed(origin);
    free(text);
    return 0;
}
