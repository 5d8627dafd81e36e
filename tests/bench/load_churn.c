/*
 * Sessions that only come and go (handshake), or come and stay (idle).
 *
 * A client of the handshake mode closes once its session has reached the target, not before, so
 * that a bridge that answers 101 before it connects does the same work. Nothing maps a connection
 * of the target to its client: each one closes the oldest open client.
 */
#include "load_conn.h"
#include <sys/epoll.h>

struct load_churn {
    uint64_t closed; /* clients that have hung up */
    uint64_t ended;  /* targets whose connection the proxy has closed after that */
};

static void prepare(struct load *load)
{
    load->churn = load_alloc(sizeof(*load->churn));
}

static void begin(struct load *load)
{
    for (size_t i = 0; i < load->options.sessions && load->launched < load->options.handshakes; i++)
        load_conn_dial(load);
}

static void opened(struct load_conn *conn)
{
    struct load *load = conn->load;
    struct load_churn *churn = load->churn;
    struct list *clients = &load->sessions[LOAD_CLIENT];
    while (!list_empty(clients) && churn->closed < load->opened[LOAD_TARGET]) {
        load_conn_close(WSL_CONTAINER(clients->next, struct load_conn, link));
        churn->closed++;
        if (load->launched < load->options.handshakes)
            load_conn_dial(load);
    }
}

static void readable(struct load_conn *conn)
{
    struct load *load = conn->load;
    uint8_t data[256];
    ssize_t got = load_conn_read(conn, data, sizeof(data));
    if (got < 0)
        return;
    if (got > 0 || conn->side == LOAD_CLIENT)
        load_die("the proxy %s an unused session", got > 0 ? "spoke in" : "closed");
    load_conn_close(conn);
    load->churn->ended++;
    load->progress++;
}

static bool finished(struct load *load)
{
    load->completed = load->churn->ended;
    return load->churn->ended == load->options.handshakes;
}

/* Idle sessions answer pings, to stay open. */
static void answer_pings(struct load_conn *conn)
{
    uint8_t data[256];
    struct slice piece;
    ssize_t got = load_conn_read(conn, data, sizeof(data));
    if (got < 0)
        return;
    if (got == 0)
        load_die("the proxy closed an idle session");
    const uint8_t *at = data;
    uint64_t pings = conn->walk.pings;
    if (load_ws_next(&conn->walk, &at, data + got, &piece) || conn->walk.wrong)
        load_die("not a ping: %s", conn->walk.wrong ? conn->walk.wrong : "data");
    if (conn->walk.pings > pings)
        load_conn_write(conn, load_ws_pong, sizeof(load_ws_pong));
    load_conn_want(conn, EPOLLIN);
}

static void writable(struct load_conn *conn)
{
    load_conn_write(conn, NULL, 0);
    load_conn_want(conn, EPOLLIN);
}

static bool at_once(struct load *load)
{
    load->completed = load->opened[LOAD_CLIENT];
    return true;
}

const struct load_mode load_churn_handshake = {
    .name = "handshake",
    .prepare = prepare,
    .begin = begin,
    .opened = opened,
    .readable = readable,
    .writable = writable,
    .finished = finished,
};
const struct load_mode load_churn_idle = {
    .name = "idle",
    .opens_sessions = true,
    .readable = answer_pings,
    .writable = writable,
    .finished = at_once,
};
