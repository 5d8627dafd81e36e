/*
 * The verdict on a request head is the same however its bytes are cut, and calling again does not
 * change it. An accepted head is one that RFC 9112 allows, and its slices lie inside of it.
 */
#include "codec/http/http_char.h"
#include "codec/http/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CUTS_MAX 32 /* of long inputs; short ones are cut at every byte */

struct outcome {
    enum http_verdict verdict;
    enum reason bad;
    size_t consumed;
};

static bool inside(struct slice part, const char *bytes, size_t consumed)
{
    return !part.ptr || (part.ptr >= bytes && part.ptr + part.len <= bytes + consumed);
}

static void check_head(const struct http_head *head, const char *bytes, size_t consumed)
{
    const struct slice parts[] = {head->method, head->target, head->host, head->path, head->query};
    for (size_t i = 0; i < WSL_COUNT(parts); i++)
        wsl_assert(inside(parts[i], bytes, consumed));
    wsl_assert(http_char_is_token(head->method));
    wsl_assert(head->target.len > 0 && !memchr(head->target.ptr, ' ', head->target.len));
    wsl_assert(head->host.len > 0 || (!head->host.ptr && head->minor_version == 0));
    wsl_assert(!head->path.ptr || head->path.ptr[0] == '/');

    unsigned count, lines = 0;
    http_head_only(head, SLICE("host"), &count);
    wsl_assert(count == 1 || (count == 0 && head->minor_version == 0));
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct http_field *field = &head->fields[i];
        wsl_assert(inside(field->name, bytes, consumed) && inside(field->value, bytes, consumed));
        wsl_assert(http_char_is_token(field->name));
        wsl_assert(slice_equal(field->value, http_char_trim(field->value)));
        struct slice rest = field->value, element;
        while (http_head_list_next(&rest, &element))
            wsl_assert(element.len > 0 && inside(element, bytes, consumed));
    }

    /* The only control bytes of a head are HTAB and the CRLF of its lines. */
    for (size_t i = 0; i < consumed; i++) {
        unsigned char c = (unsigned char)bytes[i];
        wsl_assert(c == '\t' || c == '\r' || c == '\n' || (c >= ' ' && c != 0x7F));
        wsl_assert(c != '\r' || (i + 1 < consumed && bytes[i + 1] == '\n'));
        wsl_assert(c != '\n' || (i > 0 && bytes[i - 1] == '\r'));
        lines += c == '\n';
    }
    bool skipped = bytes[0] == '\r';
    wsl_assert(lines == head->field_count + 2u + skipped);
    wsl_assert(consumed >= 4 && memcmp(bytes + consumed - 4, "\r\n\r\n", 4) == 0);
}

/* Parses a copy of exactly that size, at a new address each time. */
static struct outcome parse(const uint8_t *data, size_t size, const struct http_limits *limits,
                            struct http_scan *scan)
{
    struct outcome out = {HTTP_MORE, REASON_none, 0};
    struct http_head head;
    char *bytes = malloc(size ? size : 1);
    wsl_assert(bytes);
    memcpy(bytes, data, size);
    out.verdict = http_head_parse(&head, bytes, size, limits, scan, &out.consumed, &out.bad);
    wsl_assert((out.verdict == HTTP_BAD) == (out.bad != REASON_none));
    if (out.verdict == HTTP_HEAD) {
        wsl_assert(out.consumed <= size && out.consumed <= limits->head_bytes);
        wsl_assert(head.field_count <= limits->fields && head.target.len <= limits->line_bytes);
        check_head(&head, bytes, out.consumed);
    }
    wsl_assert(out.verdict != HTTP_MORE || size < limits->head_bytes);
    free(bytes);
    return out;
}

static void check_cut(const uint8_t *data, size_t size, size_t cut,
                      const struct http_limits *limits, const struct outcome *whole)
{
    struct http_scan scan = {0};
    struct outcome part = parse(data, cut, limits, &scan);
    if (part.verdict == HTTP_MORE) {
        wsl_assert(cut < size || whole->verdict == HTTP_MORE);
        wsl_assert(whole->verdict != HTTP_HEAD || cut < whole->consumed);
    } else {
        wsl_assert(part.verdict == whole->verdict && part.bad == whole->bad);
        wsl_assert(part.consumed == whole->consumed);
    }
    for (unsigned again = 0; again < 2; again++) {
        struct outcome resumed = parse(data, size, limits, &scan);
        wsl_assert(resumed.verdict == whole->verdict && resumed.bad == whole->bad);
        wsl_assert(resumed.consumed == whole->consumed);
    }
}

static void check_limits(const uint8_t *data, size_t size, const struct http_limits *limits)
{
    struct outcome whole = parse(data, size, limits, &(struct http_scan){0});
    size_t stride = size / CUTS_MAX + 1;
    for (size_t cut = size % stride; cut <= size; cut += stride)
        check_cut(data, size, cut, limits, &whole);

    struct http_scan drip = {0};
    struct outcome dripped = {HTTP_MORE, REASON_none, 0};
    for (size_t cut = 0; cut <= size && dripped.verdict == HTTP_MORE; cut++)
        dripped = parse(data, cut, limits, &drip);
    wsl_assert(dripped.verdict == whole.verdict && dripped.bad == whole.bad);
    wsl_assert(dripped.consumed == whole.consumed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_limits roomy = {16384, 8192, HTTP_FIELDS_MAX}, tight = {96, 24, 3};
    check_limits(data, size, &roomy);
    check_limits(data, size, &tight);
    return 0;
}
