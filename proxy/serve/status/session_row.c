#include "serve/status/session_row.h"

#include "config/model/config.h"
#include "core/session/life.h"
#include "net/tls/tls.h"
#include "serve/session/session_bridge.h"
#include "serve/session/session_extra.h"

bool session_row_is_listed(const struct session *session)
{
    switch ((enum life_state)session->state) {
    case LIFE_DIALLING:
    case LIFE_UPGRADED:
    case LIFE_OPEN:
        return true;
    case LIFE_CLOSING:
        return session->opened;
    default:
        return false;
    }
}

const char *session_row_state(const struct session_row *row)
{
    return row->state < LIFE_STATES ? life_name((enum life_state)row->state) : "unknown";
}

const char *session_row_stalled(const struct session_row *row)
{
    static const char *const names[] = {NULL, "client", "target", "both"};
    return names[row->stalled & 3];
}

/* ---- the order ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* SESSION_ROW_NEVER + 1 is 0: less than any time. */
static int compare_known(uint64_t a, uint64_t b)
{
    return compare_numbers(a + 1, b + 1);
}

static int compare_by(enum status_sort sort, const struct session_row *a,
                      const struct session_row *b)
{
    switch (sort) {
    case STATUS_SORT_age:
        return compare_numbers(a->age_ms, b->age_ms);
    case STATUS_SORT_client:
        return compare_texts(a->client, b->client);
    case STATUS_SORT_user:
        return compare_texts(a->user, b->user);
    case STATUS_SORT_route:
        return compare_texts(a->route, b->route);
    case STATUS_SORT_target:
        return compare_texts(a->target, b->target);
    case STATUS_SORT_state:
        return compare_numbers(a->state, b->state);
    case STATUS_SORT_up:
        return compare_numbers(a->bytes_up, b->bytes_up);
    case STATUS_SORT_down:
        return compare_numbers(a->bytes_down, b->bytes_down);
    case STATUS_SORT_rate_up:
        return compare_numbers(a->rate_up, b->rate_up);
    case STATUS_SORT_rate_down:
        return compare_numbers(a->rate_down, b->rate_down);
    case STATUS_SORT_ping:
        return compare_known(a->ping_ms, b->ping_ms);
    case STATUS_SORT_idle:
        return compare_numbers(a->idle_ms, b->idle_ms);
    case STATUS_SORT_input:
        return compare_known(a->input_ms, b->input_ms);
    case STATUS_SORT_stalled:
        return compare_numbers(a->stalled_ms, b->stalled_ms);
    case STATUS_SORT_id:
    case STATUS_SORTS:
        break;
    }
    return compare_numbers(a->id, b->id);
}

int session_row_compare(const struct status_query *query, const struct session_row *a,
                        const struct session_row *b)
{
    int order = compare_by(query->sort, a, b);
    if (order == 0)
        return compare_numbers(a->id, b->id);
    return query->falling ? -order : order;
}

/* ---- reading a session ---- */

static uint64_t since(uint64_t then, uint64_t now)
{
    return then != 0 && now > then ? now - then : 0;
}

static void read_stalls(const struct bridge *bridge, struct session_row *row, uint64_t now)
{
    uint64_t up = since(bridge->up.stalled_at, now), down = since(bridge->down.stalled_at, now);
    row->stalled_ms = up > down ? up : down;
    row->stalled = (uint8_t)((bridge->up.stalled_at != 0 ? SESSION_ROW_TARGET_STALLS : 0) |
                             (bridge->down.stalled_at != 0 ? SESSION_ROW_CLIENT_STALLS : 0));
}

void session_row_read_numbers(struct session *session, struct session_row *row, uint64_t now)
{
    const struct bridge *bridge = &session->bridge;
    uint32_t trip = bridge_round_trip(bridge);
    if (now - session->rates.at >= SESSION_BRIDGE_RATES_MS)
        session_bridge_measure(session, now);
    *row = (struct session_row){
        .id = session->id,
        .age_ms = now - (bridge->opened_at != 0 ? bridge->opened_at : session->accepted_at),
        .idle_ms = since(bridge->moved_at != 0 ? bridge->moved_at : session->accepted_at, now),
        .input_ms = since(bridge->input_at != 0 ? bridge->input_at : session->accepted_at, now),
        .ping_ms = trip != 0 ? trip - 1 : SESSION_ROW_NEVER,
        .bytes_up = bridge->up.bytes,
        .bytes_down = bridge->down.bytes,
        .rate_up = session->rates.up_per_second,
        .rate_down = session->rates.down_per_second,
        .state = session->state,
    };
    read_stalls(bridge, row, now);
}

static void read_tls(const struct session *session, struct session_row *row,
                     struct session_row_texts *texts)
{
    if (!session_facts_is_tls(session) ||
        tls_describe(session->client, texts->tls, sizeof(texts->tls)) <= 0)
        return;
    row->tls = texts->tls;
    if (session_facts_listener(session)->tls.client_verify == CONFIG_VERIFY_OFF)
        return;
    tls_facts(session->client, &texts->facts);
    if (!row->user && texts->facts.verified && texts->facts.common_name[0] != '\0')
        row->user = texts->facts.common_name;
}

void session_row_read_texts(const struct session *session, struct session_row *row,
                            struct session_row_texts *texts)
{
    session_facts_names(session, &texts->names);
    row->client = texts->names.client;
    row->proxy = texts->names.proxy[0] != '\0' ? texts->names.proxy : NULL;
    row->listener = texts->names.listener;
    row->route = texts->names.route ? texts->names.route : "";
    row->target = texts->names.target;
    row->user = session_extra_of(session)->user;
    read_tls(session, row, texts);
}

bool session_row_matches(const struct session_row *row, const char *filter)
{
    char id[SESSION_ID_TEXT];
    const char *texts[] = {row->client, row->route, row->target,
                           row->user,   row->proxy, row->listener};
    if (filter[0] == '\0' || status_query_matches(slice_of(session_id_print(row->id, id)), filter))
        return true;
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        if (texts[i] && status_query_matches(slice_of(texts[i]), filter))
            return true;
    return false;
}

struct session_row *session_row_copy(const struct session_row *row)
{
    struct session_row own = *row;
    const char **texts[] = {&own.client, &own.listener, &own.route, &own.proxy,
                            &own.user,   &own.target,   &own.tls};
    size_t size = sizeof(own);
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    struct session_row *copy = malloc(size);
    if (!copy)
        return NULL;
    char *at = (char *)(copy + 1);
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        if (!*texts[i])
            continue;
        size_t length = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(at, *texts[i], length);
        at += length;
    }
    *copy = own;
    return copy;
}
