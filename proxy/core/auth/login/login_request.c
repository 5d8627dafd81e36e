#include "core/auth/login/login_request.h"

#include "base/ascii.h"
#include "base/text/writer.h"
#include "codec/http/http_char.h"
#include "codec/http/http_query.h"
#include "core/access/access.h"

static bool is_one_of(struct slice text, const struct slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(text, words[i]))
            return true;
    return false;
}

/* Of an element of Accept, its parameters do not matter, but for q=0. */
static bool accepts_html(const struct http_head *head)
{
    unsigned count;
    const struct http_field *accept = http_head_only(head, SLICE("Accept"), &count);
    struct slice rest = accept ? accept->value : (struct slice){0}, element;
    while (http_head_list_next(&rest, &element)) {
        struct slice type = http_char_trim(http_char_cut(&element, ';'));
        struct slice weight = http_char_trim(element);
        if (slice_equal_nocase(type, SLICE("text/html")))
            return !slice_equal_nocase(weight, SLICE("q=0"));
    }
    return false;
}

bool login_request_is_for_page(const struct http_head *head)
{
    static const struct slice methods[] = {{"GET", 3}, {"HEAD", 4}, {"POST", 4}};
    static const struct slice pages[] = {
        {"document", 8}, {"iframe", 6}, {"frame", 5}, {"embed", 5}, {"object", 6}};
    unsigned count;
    if (http_head_has(head, SLICE("Upgrade")) ||
        !is_one_of(head->method, methods, WSL_COUNT(methods)))
        return false;
    const struct http_field *wanted = http_head_only(head, SLICE("Sec-Fetch-Dest"), &count);
    if (count > 0)
        return wanted && is_one_of(wanted->value, pages, WSL_COUNT(pages));
    return accepts_html(head);
}

enum login_site login_request_site(const struct http_head *head, bool secure,
                                   const struct config_texts *origins)
{
    static const struct slice ours[] = {{"same-origin", 11}, {"none", 4}};
    unsigned sites, count;
    const struct http_field *site = http_head_only(head, SLICE("Sec-Fetch-Site"), &sites);
    if (sites > 0)
        return site && is_one_of(site->value, ours, WSL_COUNT(ours)) ? LOGIN_SITE_SAME
                                                                     : LOGIN_SITE_FOREIGN;
    const struct http_field *origin = http_head_only(head, SLICE("Origin"), &count);
    if (count == 0)
        return LOGIN_SITE_UNKNOWN;
    bool same = origin && access_origin(origin->value, head->host, secure, origins) == REASON_none;
    return same ? LOGIN_SITE_SAME : LOGIN_SITE_FOREIGN;
}

bool login_request_is_meant(const struct http_head *head, bool secure,
                            const struct config_texts *origins)
{
    enum login_site site = login_request_site(head, secure, origins);
    if (http_head_has(head, SLICE("Sec-Purpose")) || slice_equal(head->method, SLICE("HEAD")))
        return false;
    return site == LOGIN_SITE_SAME ||
           (site == LOGIN_SITE_UNKNOWN && !login_request_is_for_page(head));
}

bool login_request_asks_for(const struct http_head *head, struct slice name)
{
    struct slice query = head->query, key, value;
    while (query.len > 0) {
        http_query_next(&query, &key, &value);
        if (slice_equal(key, name))
            return true;
    }
    return false;
}

/* The characters of a URI (RFC 3986 section 2) that path and query may have. */
static bool is_uri(char c)
{
    return ascii_is_unreserved(c) || (c && strchr(":/?[]@!$&'()*+,;=%", c));
}

/* Browsers send some characters as they are that a URI must escape. */
static void add(struct writer *w, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char escaped[3];
        ascii_escape(escaped, text.ptr[i]);
        if (is_uri(text.ptr[i]))
            writer_add(w, text.ptr + i, 1);
        else
            writer_add(w, escaped, sizeof(escaped));
    }
}

/* What is behind the last slash. */
static struct slice last_of(struct slice path)
{
    const char *slash = path.len > 0 ? memrchr(path.ptr, '/', path.len) : NULL;
    return slash ? slice_from(path, (size_t)(slash - path.ptr) + 1) : path;
}

size_t login_request_location(char *out, size_t capacity, const struct http_head *head)
{
    struct writer w = writer_to(out, capacity);
    writer_add_slice(&w, SLICE("./"));
    add(&w, last_of(head->path));
    if (head->query.ptr) {
        writer_add_slice(&w, SLICE("?"));
        add(&w, head->query);
    }
    return writer_end_string(&w);
}

size_t login_request_logout(char *out, size_t capacity, const struct http_head *head)
{
    struct writer w = writer_to(out, capacity);
    struct slice last = last_of(head->path);
    writer_add_slice(&w, SLICE("./"));
    add(&w, last);
    writer_add_slice(&w, last.len > 0 ? SLICE("/logout") : SLICE("logout"));
    return writer_end_string(&w);
}

size_t login_request_back(char *out, size_t capacity, const struct http_head *head, bool folder)
{
    struct writer w = writer_to(out, capacity);
    struct slice path = head->path;
    path.len -= last_of(path).len;
    path.len -= path.len > 0; /* PATH */
    struct slice last = last_of(path);
    writer_add_slice(&w, folder || last.len == 0 ? SLICE("./") : SLICE("../"));
    if (!folder)
        add(&w, last);
    return writer_end_string(&w);
}
