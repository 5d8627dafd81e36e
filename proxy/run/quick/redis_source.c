#include "run/quick/redis_source.h"

enum field { HOST, PORT, DATABASE, PASSWORD, NAMESPACE, FIELD_COUNT };

static const char wanted[] = "must be HOST[:PORT[:DB[:PASSWORD[:NAMESPACE]]]], with double quotes "
                             "around a field with colons";

/* Cuts the next field off. False: there is no quote behind it, or something else is. */
static bool cut_field(struct slice *rest, struct slice *field, bool *last)
{
    bool quoted = slice_cut_prefix(rest, SLICE("\""));
    if (quoted && !slice_cut_to(rest, '"', field))
        return false;
    if (quoted) {
        *last = rest->len == 0;
        return *last || slice_cut_prefix(rest, SLICE(":"));
    }
    *last = !slice_cut_to(rest, ':', field);
    if (*last)
        *field = *rest;
    return true;
}

static bool split(const char *source, struct slice fields[static FIELD_COUNT])
{
    struct slice rest = slice_of(source);
    bool last = false;
    memset(fields, 0, FIELD_COUNT * sizeof(*fields));
    for (int i = 0; i < FIELD_COUNT && !last; i++)
        if (!cut_field(&rest, &fields[i], &last))
            return false;
    return last && fields[HOST].len > 0;
}

const char *redis_source_url(const char *source, struct text *value)
{
    struct slice fields[FIELD_COUNT];
    if (!split(source, fields))
        return wanted;
    bool bracket = memchr(fields[HOST].ptr, ':', fields[HOST].len) != NULL;
    text_add_string(value, "redis://");
    if (fields[PASSWORD].len > 0) {
        text_add_byte(value, ':');
        text_add_escaped(value, fields[PASSWORD]);
        text_add_byte(value, '@');
    }
    text_add_string(value, bracket ? "[" : "");
    text_add(value, fields[HOST]);
    text_add_string(value, bracket ? "]" : "");
    if (fields[PORT].len > 0) {
        text_add_byte(value, ':');
        text_add(value, fields[PORT]);
    }
    text_add_byte(value, '/');
    text_add(value, fields[DATABASE]);
    return NULL;
}

const char *redis_source_prefix(const char *source, struct text *value)
{
    struct slice fields[FIELD_COUNT];
    if (!split(source, fields))
        return wanted;
    text_add(value, fields[NAMESPACE]);
    if (fields[NAMESPACE].len > 0)
        text_add_byte(value, ':');
    return NULL;
}
