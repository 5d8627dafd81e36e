/*
 * A query of the status is refused, or parsed within its bounds. A text in JSON is one string
 * without a raw quote or control character, and decodes to the same bytes.
 */
#include "base/text/json_put.h"
#include "base/text/utf8.h"
#include "core/status/status_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_query(struct slice query)
{
    struct status_query parsed;
    if (status_query_parse(query, &parsed))
        return;
    wsl_assert(parsed.limit >= 1 && parsed.limit <= STATUS_QUERY_LIMIT_MAX);
    wsl_assert(parsed.sort < STATUS_SORTS && parsed.width <= 1000);
    wsl_assert(memchr(parsed.filter, '\0', sizeof(parsed.filter)));
    for (const char *c = parsed.filter; *c; c++)
        wsl_assert((unsigned char)*c >= ' ' && ascii_lower(*c) == *c);
    uint64_t again;
    char text[SESSION_ID_TEXT];
    if (parsed.kill != 0)
        wsl_assert(session_id_parse(slice_of(session_id_print(parsed.kill, text)), &again) &&
                   again == parsed.kill);
}

static void check_text(struct slice text)
{
    size_t length;
    struct json json = {0};
    struct utf8 utf8 = {0};
    char *string = slice_copy(text);
    wsl_assert(string);
    json_put_string(&json, string);
    free(string);
    char *bytes = json_put_take(&json, &length);
    wsl_assert(bytes && length >= 2 && bytes[0] == '"' && bytes[length - 1] == '"');
    wsl_assert(utf8_feed(&utf8, (const uint8_t *)bytes, length) && utf8_is_complete(&utf8));
    for (size_t i = 1; i + 1 < length; i++) {
        wsl_assert((unsigned char)bytes[i] >= ' ' && bytes[i] != 0x7f && bytes[i] != '"');
        if (bytes[i] != '\\')
            continue;
        char next = bytes[++i];
        wsl_assert(i + 1 < length && (next == '"' || next == '\\' || next == 'u'));
        i += next == 'u' ? 4 : 0;
        wsl_assert(i + 1 < length);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};
    check_query(input);
    check_text(input);
    return 0;
}
