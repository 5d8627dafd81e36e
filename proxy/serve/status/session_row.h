/*
 * A session as a row of the status: its numbers, its texts, the filter and the order.
 *
 * Owns: a copy owns its texts. Thread: a session is read on its worker's thread; rows on any.
 * Errors: NULL: out of memory. Lifetime: a row that was read borrows the session and the texts'
 * struct; a copy lasts until free().
 */
#ifndef WSLUICE_SERVE_STATUS_SESSION_ROW_H
#define WSLUICE_SERVE_STATUS_SESSION_ROW_H

#include "core/session/session_id.h"
#include "core/status/status_query.h"
#include "net/tls/context/tls_facts.h"
#include "serve/session/session_facts.h"

#define SESSION_ROW_NEVER UINT64_MAX

enum session_row_stall { SESSION_ROW_CLIENT_STALLS = 1, SESSION_ROW_TARGET_STALLS = 2 };

struct session_row {
    uint64_t id;
    uint64_t process; /* the pid of another process that has the session; 0: this one */
    uint64_t age_ms, idle_ms;
    uint64_t input_ms; /* since the last input; SESSION_ROW_NEVER: not known */
    uint64_t ping_ms;  /* SESSION_ROW_NEVER: no ping was answered yet */
    uint64_t bytes_up, bytes_down, rate_up, rate_down;
    uint64_t stalled_ms;
    uint8_t stalled; /* enum session_row_stall, by bits */
    uint8_t state;   /* enum life_state */
    const char *client, *listener, *route;
    const char *proxy, *user, *target, *tls; /* NULL: none */
};

/* Where texts lie that are made for a row. */
struct session_row_texts {
    struct session_names names;
    char tls[128];
    struct tls_facts facts;
};

/* Whether it is a session for the status: it connects to a target, or has had one. */
bool session_row_is_listed(const struct session *session);

/* Numbers are cheap to read; texts have to be printed. */
void session_row_read_numbers(struct session *session, struct session_row *row, uint64_t now);
void session_row_read_texts(const struct session *session, struct session_row *row,
                            struct session_row_texts *texts);

/* The row with its texts in one allocation. */
WSL_MUST_CHECK struct session_row *session_row_copy(const struct session_row *row);

/* Whether the filter is part of its id or of one of its texts; every row matches an empty one. */
bool session_row_matches(const struct session_row *row, const char *filter);

/* Below 0: `a` comes first. Equal rows are ordered by age, the oldest first. */
int session_row_compare(const struct status_query *query, const struct session_row *a,
                        const struct session_row *b);

const char *session_row_state(const struct session_row *row);

/* The side that stalls: "client", "target" or "both"; NULL: none. */
const char *session_row_stalled(const struct session_row *row);

#endif
