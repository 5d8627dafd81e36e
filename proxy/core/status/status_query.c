#include "core/status/status_query.h"

#include <strings.h>

#include "base/ascii.h"
#include "codec/http/http_query.h"

#define VALUE_MAX STATUS_QUERY_FILTER
#define WIDTH_MAX 1000

static const struct {
    const char *name;
    bool falling;
} sorts[] = {
#define SORT_ROW(id, falling) {#id, falling},
    STATUS_SORT_TABLE(SORT_ROW)
#undef SORT_ROW
};

const char *status_query_sort_name(enum status_sort sort)
{
    return sorts[sort].name;
}

/* Decodes a form's encoding: "+" is a space. False: too long, or with a control character. */
static bool decode(struct slice text, char value[static VALUE_MAX])
{
    size_t length = 0;
    while (text.len > 0) {
        char byte = http_query_decode(&text);
        if (ascii_is_control(byte) || length + 1 == VALUE_MAX)
            return false;
        value[length++] = byte;
    }
    value[length] = '\0';
    return true;
}

static bool parse_sort(const char *value, enum status_sort *sort)
{
    for (int i = 0; i < STATUS_SORTS; i++) {
        if (strcmp(sorts[i].name, value) == 0) {
            *sort = (enum status_sort)i;
            return true;
        }
    }
    return false;
}

static bool parse_format(const char *value, enum status_format *format)
{
    static const char *const names[] = {"", "html", "json", "text"};
    for (size_t i = 1; i < WSL_COUNT(names); i++) {
        if (strcmp(names[i], value) == 0) {
            *format = (enum status_format)i;
            return true;
        }
    }
    return false;
}

static bool parse_count(const char *value, uint32_t most, uint32_t *count)
{
    uint64_t number;
    if (!ascii_decimal(slice_of(value), most, &number))
        return false;
    *count = (uint32_t)number;
    return true;
}

/* The direction is applied last, as its default depends on the key to sort by. */
enum order { ORDER_DEFAULT, ORDER_RISING, ORDER_FALLING };

static bool parse_order(const char *value, enum order *order)
{
    *order = strcmp(value, "asc") == 0    ? ORDER_RISING
             : strcmp(value, "desc") == 0 ? ORDER_FALLING
                                          : ORDER_DEFAULT;
    return *order != ORDER_DEFAULT;
}

static const char *take_parameter(struct slice key, const char *value, struct status_query *parsed,
                                  enum order *order)
{
    if (slice_equal(key, SLICE("format")))
        return parse_format(value, &parsed->format) ? NULL : "format is html, json or text";
    if (slice_equal(key, SLICE("sort")))
        return parse_sort(value, &parsed->sort)
                   ? NULL
                   : "sort is age, id, client, user, route, target, state, up, down, rate_up, "
                     "rate_down, ping, idle, input or stalled";
    if (slice_equal(key, SLICE("order")))
        return parse_order(value, order) ? NULL : "order is asc or desc";
    if (slice_equal(key, SLICE("limit")))
        return parse_count(value, STATUS_QUERY_LIMIT_MAX, &parsed->limit) && parsed->limit > 0
                   ? NULL
                   : "limit is 1 to 1000";
    if (slice_equal(key, SLICE("width")))
        return parse_count(value, WIDTH_MAX, &parsed->width) ? NULL : "width is 0 to 1000";
    if (slice_equal(key, SLICE("kill")))
        return session_id_parse(slice_of(value), &parsed->kill) ? NULL : "that is no session's id";
    if (slice_equal(key, SLICE("filter")))
        for (size_t i = 0; i <= strlen(value); i++)
            parsed->filter[i] = ascii_lower(value[i]);
    return NULL;
}

const char *status_query_parse(struct slice query, struct status_query *parsed)
{
    enum order order = ORDER_DEFAULT;
    *parsed = (struct status_query){.limit = STATUS_QUERY_LIMIT};
    while (query.len > 0) {
        struct slice key, text;
        char value[VALUE_MAX];
        http_query_next(&query, &key, &text);
        if (!decode(text, value))
            return "the query has a value that is too long or not printable";
        const char *problem = take_parameter(key, value, parsed, &order);
        if (problem)
            return problem;
    }
    parsed->falling = order == ORDER_DEFAULT ? sorts[parsed->sort].falling : order == ORDER_FALLING;
    return NULL;
}

bool status_query_matches(struct slice text, const char *filter)
{
    size_t length = strlen(filter);
    for (size_t at = 0; at + length <= text.len; at++)
        if (strncasecmp(text.ptr + at, filter, length) == 0)
            return true;
    return false;
}
