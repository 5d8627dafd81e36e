#include "codec/http/answer/http_freshness.h"

#include "base/ascii.h"
#include "codec/http/http_char.h"

struct lifetime {
    bool forbidden;
    bool has_max_age, has_shared;
    uint64_t max_age, shared;
};

/* A number, perhaps quoted (RFC 9111 section 1.2.2: too large counts as large). */
static bool read_seconds(struct slice value, uint64_t *seconds)
{
    value = http_char_unquote(value);
    if (ascii_decimal(value, UINT32_MAX, seconds))
        return true;
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is_digit(value.ptr[i]))
            return false;
    *seconds = UINT32_MAX;
    return value.len > 0;
}

/* A directive that occurs twice: the shorter one. */
static void note_seconds(struct lifetime *lifetime, struct slice value, bool *has, uint64_t *kept)
{
    uint64_t seconds;
    if (!read_seconds(value, &seconds)) {
        lifetime->forbidden = true;
        return;
    }
    if (!*has || seconds < *kept)
        *kept = seconds;
    *has = true;
}

static void read_directive(struct lifetime *lifetime, struct slice directive)
{
    static const struct slice forbid[] = {{"no-store", 8}, {"no-cache", 8}, {"private", 7}};
    struct slice name = http_char_trim(http_char_cut(&directive, '='));
    struct slice value = http_char_trim(directive);
    for (size_t i = 0; i < WSL_COUNT(forbid); i++)
        lifetime->forbidden = lifetime->forbidden || slice_equal_nocase(name, forbid[i]);
    if (slice_equal_nocase(name, SLICE("max-age")))
        note_seconds(lifetime, value, &lifetime->has_max_age, &lifetime->max_age);
    else if (slice_equal_nocase(name, SLICE("s-maxage")))
        note_seconds(lifetime, value, &lifetime->has_shared, &lifetime->shared);
}

static void read_field(struct lifetime *lifetime, const struct http_field *field)
{
    struct slice rest = field->value, element;
    bool control = slice_equal_nocase(field->name, SLICE("Cache-Control"));
    bool vary = slice_equal_nocase(field->name, SLICE("Vary"));
    while ((control || vary) && http_head_list_next(&rest, &element)) {
        if (control)
            read_directive(lifetime, element);
        else if (!slice_equal_nocase(element, SLICE("Accept-Encoding")))
            lifetime->forbidden = true;
    }
}

uint32_t http_freshness_seconds(const struct http_answer *answer, uint32_t most)
{
    struct lifetime lifetime = {0};
    uint64_t age = 0;
    for (unsigned i = 0; i < answer->head.field_count; i++)
        read_field(&lifetime, &answer->head.fields[i]);
    if (http_head_has(&answer->head, SLICE("Age")) &&
        !read_seconds(http_answer_field(answer, SLICE("Age")), &age))
        return 0;
    uint64_t seconds = lifetime.has_shared ? lifetime.shared : lifetime.max_age;
    if (lifetime.forbidden || seconds <= age)
        return 0;
    seconds -= age;
    return seconds < most ? (uint32_t)seconds : most;
}
