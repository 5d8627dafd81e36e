/*
 * The query of a request for the status: which sessions, in which order, how many of them, in which
 * form; or which session is to end.
 *
 *      ?format=json&filter=10.0.&sort=rate_down&order=desc&limit=50
 *      ?kill=0-17
 *
 * Pure. Owns: nothing. Thread: any. Errors: a phrase for the client. Lifetime: plain values.
 */
#ifndef WSLUICE_CORE_STATUS_STATUS_QUERY_H
#define WSLUICE_CORE_STATUS_STATUS_QUERY_H

#include "core/session/session_id.h"

#define STATUS_QUERY_LIMIT     200
#define STATUS_QUERY_LIMIT_MAX 1000
#define STATUS_QUERY_FILTER    128 /* bytes, a NUL among them */

/* SORT(id, falls by default): numbers begin with the greatest, texts with "a". */
#define STATUS_SORT_TABLE(SORT)                                                                    \
    SORT(age, true)                                                                                \
    SORT(id, false)                                                                                \
    SORT(client, false)                                                                            \
    SORT(user, false)                                                                              \
    SORT(route, false)                                                                             \
    SORT(target, false)                                                                            \
    SORT(state, false)                                                                             \
    SORT(up, true)                                                                                 \
    SORT(down, true)                                                                               \
    SORT(rate_up, true)                                                                            \
    SORT(rate_down, true)                                                                          \
    SORT(ping, true)                                                                               \
    SORT(idle, true)                                                                               \
    SORT(input, true)                                                                              \
    SORT(stalled, true)

#define STATUS_SORT_ENUM(id, falling) STATUS_SORT_##id,
enum status_sort { STATUS_SORT_TABLE(STATUS_SORT_ENUM) STATUS_SORTS };
#undef STATUS_SORT_ENUM

const char *status_query_sort_name(enum status_sort sort);

enum status_format {
    STATUS_FORMAT_ANY, /* not given */
    STATUS_FORMAT_PAGE,
    STATUS_FORMAT_JSON,
    STATUS_FORMAT_TEXT
};

struct status_query {
    enum status_format format;
    enum status_sort sort;
    bool falling;
    uint32_t limit;
    uint32_t width;                   /* of a text, in columns; 0: unlimited */
    char filter[STATUS_QUERY_FILTER]; /* lower case; empty: every session */
    uint64_t kill;                    /* the session to end; 0: none */
};

/*
 * If a key comes twice the last one counts. Unknown keys are ignored, so that a URL with one still
 * works. NULL: valid; else a phrase that says what is wrong.
 */
WSL_MUST_CHECK const char *status_query_parse(struct slice query, struct status_query *parsed);

/* Does the text contain the filter? The case of ASCII letters does not matter. */
bool status_query_matches(struct slice text, const char *filter);

#endif
