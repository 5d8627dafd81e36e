/*
 * Echo: each session has one small message in flight; measures the round trip.
 */
#include "load_conn.h"
#include <sys/epoll.h>
#include <time.h>

struct load_echo {
    uint8_t request[256], reply[256]; /* sent, and expected by the client */
    uint8_t received[256];            /* by the target */
    size_t request_size, reply_size, received_size;
    uint64_t unsent;
    uint32_t *latency; /* ns of each message, in the order of their ends */
};

static void prepare(struct load *load)
{
    struct load_echo *echo = load->echo = load_alloc(sizeof(*echo));
    size_t size = load->options.frame;
    if (size > 125)
        load_die("echo: messages of up to 125 bytes");
    if (load->options.pause > 0 && load->options.sessions > 1)
        load_die("echo: --pause is for one session");
    uint8_t payload[125] = {0};
    for (size_t i = 0; i < size; i++)
        payload[i] = (uint8_t)('!' + i % 90);
    bool raw = load->options.end == LOAD_END_RAW;
    memcpy(echo->request, payload, size);
    memcpy(echo->reply, payload, size);
    memcpy(echo->received, payload, size);
    echo->request_size = echo->reply_size = echo->received_size = size;
    if (!raw) {
        echo->request_size = load_ws_put_frame(echo->request, payload, size, 0x5a3c96e1);
        echo->reply_size = load_ws_put_frame(echo->reply, payload, size, 0);
    }
    if (load->options.end == LOAD_END_WS) {
        memcpy(echo->received, echo->request, echo->request_size);
        echo->received_size = echo->request_size;
    }
    echo->unsent = load->options.messages;
    echo->latency = load_alloc(load->options.messages * sizeof(*echo->latency));
}

static void say(struct load_conn *conn, const uint8_t *message, size_t size)
{
    if (load_conn_write(conn, message, size) != size)
        load_die("a message did not leave at once");
    load_conn_want(conn, EPOLLIN);
}

static void rest(uint64_t pause)
{
    if (pause > 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)pause}, NULL);
}

static void send_next(struct load_conn *conn)
{
    struct load_echo *echo = conn->load->echo;
    if (echo->unsent == 0)
        return;
    echo->unsent--;
    rest(conn->load->options.pause);
    conn->sent_at = load_now();
    say(conn, echo->request, echo->request_size);
}

static void begin(struct load *load)
{
    struct list *clients = &load->sessions[LOAD_CLIENT];
    for (struct list *at = clients->next; at != clients; at = at->next)
        send_next(WSL_CONTAINER(at, struct load_conn, link));
}

/* True: the expected message is complete. One is in flight, so that no bytes follow it. */
static bool listen_for(struct load_conn *conn, const uint8_t *message, size_t size)
{
    ssize_t got = load_conn_read(conn, conn->head + conn->head_length, sizeof(conn->head) - size);
    if (got < 0)
        return false;
    if (got == 0)
        load_die("the proxy closed a session that was not done");
    conn->head_length += (size_t)got;
    if (conn->head_length < size)
        return false;
    if (conn->head_length > size || memcmp(conn->head, message, size) != 0)
        load_die("not the message that was sent");
    conn->head_length = 0;
    return true;
}

static void readable(struct load_conn *conn)
{
    struct load *load = conn->load;
    struct load_echo *echo = load->echo;
    bool framed_target = load->options.end == LOAD_END_WS;
    if (conn->side == LOAD_TARGET) {
        const uint8_t *answer = framed_target ? echo->reply : echo->received;
        if (listen_for(conn, echo->received, echo->received_size))
            say(conn, answer, framed_target ? echo->reply_size : echo->received_size);
        return;
    }
    if (!listen_for(conn, echo->reply, echo->reply_size))
        return;
    uint64_t took = load_now() - conn->sent_at;
    echo->latency[load->messages++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    load->bytes += load->options.frame;
    load->progress++;
    send_next(conn);
}

static void writable(struct load_conn *conn)
{
    load_conn_write(conn, NULL, 0);
    load_conn_want(conn, EPOLLIN);
}

static bool finished(struct load *load)
{
    return load->messages == load->options.messages;
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void load_echo_report(const struct load *load)
{
    struct load_echo *echo = load->echo;
    uint64_t n = load->messages;
    if (n == 0)
        return;
    qsort(echo->latency, n, sizeof(*echo->latency), by_size);
    printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f", echo->latency[n / 2] / 1e3,
           echo->latency[n * 99 / 100] / 1e3, echo->latency[n - 1] / 1e3);
}

const struct load_mode load_echo_mode = {
    .name = "echo",
    .opens_sessions = true,
    .prepare = prepare,
    .begin = begin,
    .readable = readable,
    .writable = writable,
    .finished = finished,
};
