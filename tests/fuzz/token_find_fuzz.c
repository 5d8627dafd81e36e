/*
 * A token is the one that a simple parser finds in the same part of the request. It is not empty,
 * does not end in a newline, and is the same when it comes percent-encoded.
 *
 * Input: lines with the query, the host, a header field, a cookie field and the path.
 */
#include "codec/http/http_char.h"
#include "core/tokens/token_find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice next_line(struct slice *rest)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    struct slice line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    *rest = slice_from(*rest, line.len + (end != NULL));
    return line;
}

/* Decodes a NUL-terminated text in place; returns the length. */
static size_t decode(char *text, bool plus)
{
    size_t length = 0;
    for (const char *at = text; *at; length++) {
        char digits[3] = {0};
        if (*at == '%' && at[1] && at[2])
            memcpy(digits, at + 1, 2);
        if (*digits && strspn(digits, "0123456789abcdefABCDEF") == 2) {
            text[length] = (char)strtol(digits, NULL, 16);
            at += 3;
        } else {
            text[length] = plus && *at == '+' ? ' ' : *at;
            at++;
        }
    }
    return length;
}

/* The semantics of Python's parse_qs. */
static bool reference_query(struct slice query, char *out, size_t *length)
{
    char *copy = slice_copy(query), *rest = copy, *field;
    bool found = false;
    wsl_assert(copy);
    while (!found && (field = strsep(&rest, "&"))) {
        char *value = strchr(field, '=');
        if (!value || !value[1])
            continue;
        *value++ = '\0';
        if (decode(field, true) != 5 || memcmp(field, "token", 5) != 0)
            continue;
        *length = decode(value, true);
        memcpy(out, value, *length);
        found = true;
    }
    free(copy);
    return found;
}

static struct slice find(const char *from, const struct http_head *head, struct slice path,
                         char *out)
{
    const struct token_request request = {.head = head, .path = path, .pattern = "/desk/*"};
    struct slice token = {0};
    enum token_find_verdict verdict = token_find_in(from, &request, out, &token);
    wsl_assert(verdict != TOKEN_FIND_LONG);
    if (verdict == TOKEN_FIND_NONE)
        return (struct slice){0};
    wsl_assert(token.len > 0 && token.ptr == out && token.ptr[token.len - 1] != '\n');
    return token;
}

static void check_query(const struct http_head *head, struct slice got)
{
    char *wanted = malloc(head->query.len + 1);
    size_t length = 0;
    wsl_assert(wanted);
    (void)reference_query(head->query, wanted, &length);
    while (length > 0 && wanted[length - 1] == '\n')
        length--;
    wsl_assert(slice_equal(got, (struct slice){wanted, length}));
    free(wanted);
}

/* A token that is percent-encoded in a query is found unchanged. */
static void check_again(struct slice token)
{
    static const char prefix[] = "token=", digits[] = "0123456789abcdef";
    char *query = malloc(sizeof(prefix) + 3 * token.len), out[TOKEN_MAX];
    wsl_assert(query);
    memcpy(query, prefix, sizeof(prefix));
    char *end = query + strlen(prefix);
    for (size_t i = 0; i < token.len; i++) {
        uint8_t c = (uint8_t)token.ptr[i];
        *end++ = '%';
        *end++ = digits[c >> 4];
        *end++ = digits[c & 15];
    }
    const struct http_head head = {.query = {query, (size_t)(end - query)}};
    wsl_assert(slice_equal(find("query:token", &head, SLICE("/"), out), token));
    free(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TOKEN_MAX || memchr(data, '\0', size))
        return 0;
    struct slice rest = {(const char *)data, size};
    struct http_head head = {.field_count = 2};
    char out[TOKEN_MAX];
    head.query = next_line(&rest);
    head.host = next_line(&rest);
    head.fields[0] = (struct http_field){SLICE("X-Token"), http_char_trim(next_line(&rest))};
    head.fields[1] = (struct http_field){SLICE("Cookie"), http_char_trim(next_line(&rest))};
    struct slice path = next_line(&rest);

    check_query(&head, find("query:token", &head, path, out));
    check_again(find("query:token", &head, path, out));
    wsl_assert(slice_equal(find("header:x-token", &head, path, out), head.fields[0].value));
    struct slice token = find("cookie:desk", &head, path, out);
    wsl_assert(token.len == 0 ||
               (!memchr(token.ptr, ';', token.len) &&
                memmem(head.fields[1].value.ptr, head.fields[1].value.len, token.ptr, token.len)));
    token = find("host", &head, path, out);
    wsl_assert(token.len <= head.host.len &&
               slice_equal(token, (struct slice){head.host.ptr, token.len}));
    wsl_assert(token.len == 0 || token.ptr[0] == '[' || !memchr(token.ptr, ':', token.len));
    token = find("path", &head, path, out);
    wsl_assert(token.len < path.len || token.len == 0);
    wsl_assert(find("elsewhere", &head, path, out).len == 0);
    return 0;
}
