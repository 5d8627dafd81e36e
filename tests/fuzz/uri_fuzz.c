/*
 * The normal form of a path is a valid path, normalising it again changes nothing, and every other
 * spelling of the path has the same normal form or is refused.
 */
#include "codec/http/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static bool may_stand_raw(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~!$&'()*+,;=:@/", c);
}

static void check_normal(struct slice normal)
{
    size_t segment = 1;
    wsl_assert(normal.len > 0 && normal.ptr[0] == '/');
    for (size_t i = 0; i < normal.len; i++) {
        char c = normal.ptr[i];
        if (c == '%') {
            wsl_assert(normal.len - i > 2 && is_hex(normal.ptr[i + 1]) &&
                       is_hex(normal.ptr[i + 2]));
            char digits[] = {normal.ptr[i + 1], normal.ptr[i + 2], '\0'};
            long byte = strtol(digits, NULL, 16);
            wsl_assert(byte >= ' ' && byte != 0x7F && byte != '/' && byte != '\\');
            wsl_assert(byte >= 0x80 || !may_stand_raw((char)byte) ||
                       strchr("!$&'()*+,;=:@", (int)byte));
        } else {
            wsl_assert(c != '\0' && may_stand_raw(c));
        }
        if (c != '/' || i == 0)
            continue;
        wsl_assert(normal.ptr[i - 1] != '/');
        struct slice part = {normal.ptr + segment, i - segment};
        wsl_assert(!slice_equal(part, SLICE(".")) && !slice_equal(part, SLICE("..")));
        segment = i + 1;
    }
    struct slice last = {normal.ptr + segment, normal.len - segment};
    wsl_assert(!slice_equal(last, SLICE(".")) && !slice_equal(last, SLICE("..")));
}

/* Escapes each unreserved character, in lower-case digits, and doubles each "/". */
static size_t disguise(struct slice normal, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < normal.len; i++) {
        char c = normal.ptr[i];
        if (c == '/') {
            out[length++] = '/';
            out[length++] = '/';
        } else if (strchr("-._~", c) || (c >= '0' && c <= '9') ||
                   (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z')) {
            static const char digits[] = "0123456789abcdef";
            out[length++] = '%';
            out[length++] = digits[c >> 4];
            out[length++] = digits[c & 15];
        } else {
            out[length++] = c;
            for (unsigned digit = 0; c == '%' && digit < 2; digit++)
                out[length++] = ascii_lower(normal.ptr[++i]);
        }
    }
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    struct slice path = {(const char *)data, size}, normal, again;
    char *first = malloc(URI_NORMAL_MAX(size) + 1);
    wsl_assert(first);
    if (uri_normalise(path, first, &normal) == REASON_none) {
        wsl_assert(normal.ptr == first && normal.len <= URI_NORMAL_MAX(size));
        check_normal(normal);

        size_t room = 3 * normal.len;
        char *second = malloc(URI_NORMAL_MAX(room)), *disguised = malloc(room);
        wsl_assert(second && disguised);
        wsl_assert(uri_normalise(normal, second, &again) == REASON_none);
        wsl_assert(slice_equal(normal, again));
        size_t length = disguise(normal, disguised);
        wsl_assert(uri_normalise((struct slice){disguised, length}, second, &again) == REASON_none);
        wsl_assert(slice_equal(normal, again));
        free(second);
        free(disguised);
    }
    free(first);

    struct slice host, port;
    uri_split_authority(path, &host, &port);
    wsl_assert(host.ptr == path.ptr && host.len + port.len + (port.ptr != NULL) == path.len);
    return 0;
}
