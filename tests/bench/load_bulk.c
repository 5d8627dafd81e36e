/*
 * Bulk: one end of each session writes, the other reads, counts and compares.
 *
 * The writer repeats one buffer that was built ahead (a lap: payload, or whole frames of it) and
 * takes laps from a pool that all sessions share, so that all of them end together. The reader
 * compares the first megabytes of its stream with the expected lap, to detect a proxy that corrupts
 * bytes; on average the comparison costs nothing. After that it only reads the headers of frames,
 * and counts the bytes between them.
 */
#include "load_conn.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    LAP = 256 * 1024,   /* payload of a lap, at least */
    PEEK = 4096,        /* a frame's header is read with this much around it; less is not skipped */
    TURNS = 8,          /* writes or reads of one connection before the others have theirs */
    COMPARED = 4 << 20, /* bytes at the start of each stream that are compared */
};
static const uint64_t STALLED_AFTER = 1000000000; /* ns without any progress */

struct load_bulk {
    enum load_side writer;
    uint8_t *sent, *seen; /* a lap as written, and as received */
    size_t sent_size, seen_size, payload_size;
    bool walk;     /* the reader finds `seen` inside of frames */
    bool blind;    /* the reader counts TLS records instead of opening them */
    uint64_t pool; /* laps not taken yet */
    uint64_t due;  /* bytes that the readers must receive */
    uint64_t seen_total;
    uint64_t last_progress, last_at;
};

static void build_lap(struct load *load, struct load_bulk *bulk, bool framed, bool masked)
{
    size_t frame = load->options.frame;
    size_t frames = frame < LAP ? LAP / frame : 1;
    bulk->payload_size = frames * frame;
    uint8_t *payload = load_alloc(bulk->payload_size);
    uint32_t random = 2463534242;
    for (size_t i = 0; i < bulk->payload_size; i++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        payload[i] = (uint8_t)random;
    }
    bulk->sent = bulk->seen = payload;
    bulk->sent_size = bulk->seen_size = bulk->payload_size;
    if (!framed)
        return;
    bulk->sent = load_alloc(bulk->payload_size + frames * LOAD_WS_HEADER_MAX);
    bulk->sent_size = 0;
    for (size_t i = 0; i < frames; i++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        bulk->sent_size += load_ws_put_frame(bulk->sent + bulk->sent_size, payload + i * frame,
                                             frame, masked ? random : 0);
    }
}

static void prepare(struct load *load, enum load_side writer)
{
    const struct load_options *options = &load->options;
    struct load_bulk *bulk = load->bulk = load_alloc(sizeof(*bulk));
    bulk->writer = writer;
    bool down = writer == LOAD_TARGET;
    build_lap(load, bulk, options->end == LOAD_END_WS || (options->end == LOAD_END_BRIDGE && !down),
              !down);
    if (options->end == LOAD_END_WS && !down) {
        bulk->seen = bulk->sent;
        bulk->seen_size = bulk->sent_size;
    }
    bulk->walk = down && options->end != LOAD_END_RAW;
    bulk->blind = down && options->tls && !options->decrypt;
    bulk->pool = (options->bytes + bulk->payload_size - 1) / bulk->payload_size;
    bulk->due = bulk->pool * bulk->seen_size;
}

static void prepare_down(struct load *load)
{
    prepare(load, LOAD_TARGET);
}

static void prepare_up(struct load *load)
{
    prepare(load, LOAD_CLIENT);
}

static void prepare_stall(struct load *load)
{
    load->options.bytes *= load->options.sessions;
    prepare(load, load->options.reverse ? LOAD_CLIENT : LOAD_TARGET);
}

/* No write before all sessions are open; a stalling reader never reads. */
static void opened(struct load_conn *conn)
{
    const struct load *load = conn->load;
    if (load->options.mode == &load_bulk_stall || conn->side == load->bulk->writer)
        load_conn_want(conn, 0);
}

static void begin(struct load *load)
{
    struct list *writers = &load->sessions[load->bulk->writer];
    for (struct list *at = writers->next; at != writers; at = at->next)
        load_conn_want(WSL_CONTAINER(at, struct load_conn, link), EPOLLOUT);
    load->bulk->last_at = load_now();
}

static void writable(struct load_conn *conn)
{
    struct load *load = conn->load;
    struct load_bulk *bulk = load->bulk;
    for (int turn = 0; turn < TURNS; turn++) {
        if (conn->grant == 0 && bulk->pool > 0) {
            conn->grant = bulk->sent_size;
            bulk->pool--;
        }
        if (conn->grant == 0)
            break;
        size_t put = load_conn_write(conn, bulk->sent + bulk->sent_size - conn->grant, conn->grant);
        conn->grant -= put;
        load->progress += put;
        if (put == 0 || conn->grant > 0)
            break;
    }
    bool idle = conn->grant == 0 && bulk->pool == 0;
    if (idle && conn->ssl)
        load_conn_write(conn, NULL, 0);
    load_conn_want(conn, idle ? 0 : EPOLLOUT);
}

/* Handles the next `size` bytes of a stream; compares its first megabytes. */
static void take(struct load_conn *conn, const uint8_t *data, size_t size)
{
    struct load_bulk *bulk = conn->load->bulk;
    bulk->seen_total += size;
    for (size_t at = 0; conn->position < COMPARED && at < size;) {
        size_t offset = (size_t)(conn->position % bulk->seen_size);
        size_t piece = bulk->seen_size - offset < size - at ? bulk->seen_size - offset : size - at;
        if (memcmp(data + at, bulk->seen + offset, piece) != 0)
            load_die("the bytes from %llu on are not those that were sent",
                     (unsigned long long)conn->position);
        conn->position += piece;
        at += piece;
    }
}

static void take_frames(struct load_conn *conn, const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;
    struct slice piece;
    while (load_ws_next(&conn->walk, &at, end, &piece))
        take(conn, (const uint8_t *)piece.ptr, piece.len);
    if (conn->walk.wrong)
        load_die("%s", conn->walk.wrong);
}

/* Records are whole where this begins: without read-ahead OpenSSL never reads past one. */
static ssize_t read_sealed(struct load_conn *conn)
{
    struct load *load = conn->load;
    ssize_t got = recv(conn->fd, load->scratch, sizeof(load->scratch), 0);
    if (got > 0)
        load->bulk->seen_total += load_ws_count_records(&conn->walk, load->scratch, (size_t)got);
    if ((got < 0 && errno != EAGAIN) || conn->walk.wrong)
        load_die("read: %s", got < 0 ? strerror(errno) : conn->walk.wrong);
    return got;
}

static bool is_compared(const struct load_conn *conn)
{
    return conn->position < COMPARED || conn->ssl;
}

static bool may_skip(const struct load_conn *conn)
{
    bool in_payload = !conn->load->bulk->walk || conn->walk.left >= PEEK;
    return in_payload && !is_compared(conn);
}

/*
 * Payload that is not compared is dropped in the kernel (MSG_TRUNC). Otherwise the load would spend
 * its core on copies and become the bottleneck of the measurement.
 */
static ssize_t skip(struct load_conn *conn)
{
    struct load *load = conn->load;
    size_t size = sizeof(load->scratch);
    if (load->bulk->walk && conn->walk.left < size)
        size = (size_t)conn->walk.left;
    ssize_t got = recv(conn->fd, load->scratch, size, MSG_TRUNC);
    if (got < 0 && errno != EAGAIN)
        load_die("read: %s", strerror(errno));
    if (got > 0) {
        load->bulk->seen_total += (size_t)got;
        conn->walk.left -= load->bulk->walk ? (size_t)got : 0;
    }
    return got;
}

static ssize_t read_and_take(struct load_conn *conn)
{
    struct load *load = conn->load;
    const struct load_bulk *bulk = load->bulk;
    /* If payload is skipped, reads headers and little more. */
    size_t size = bulk->walk && !is_compared(conn) ? PEEK : sizeof(load->scratch);
    ssize_t got = load_conn_read(conn, load->scratch, size);
    if (got > 0 && bulk->walk)
        take_frames(conn, load->scratch, (size_t)got);
    else if (got > 0)
        take(conn, load->scratch, (size_t)got);
    return got;
}

static void readable(struct load_conn *conn)
{
    struct load *load = conn->load;
    for (int turn = 0; turn < TURNS; turn++) {
        ssize_t got = load->bulk->blind ? read_sealed(conn)
                      : may_skip(conn)  ? skip(conn)
                                        : read_and_take(conn);
        if (got == 0)
            load_die("the proxy closed a session that was not done");
        if (got < 0)
            return;
        load->progress += (size_t)got;
    }
}

static bool finished(struct load *load)
{
    const struct load_bulk *bulk = load->bulk;
    load->bytes = bulk->due / bulk->seen_size * bulk->payload_size;
    load->messages = load->bytes / load->options.frame;
    return bulk->seen_total >= bulk->due;
}

/* No progress for a while: all writers are blocked. */
static bool stalled(struct load *load)
{
    struct load_bulk *bulk = load->bulk;
    uint64_t now = load_now();
    if (load->progress != bulk->last_progress) {
        bulk->last_progress = load->progress;
        bulk->last_at = now;
    }
    load->bytes = load->progress;
    return now - bulk->last_at > STALLED_AFTER;
}

const struct load_mode load_bulk_down = {
    .name = "down",
    .opens_sessions = true,
    .prepare = prepare_down,
    .begin = begin,
    .opened = opened,
    .readable = readable,
    .writable = writable,
    .finished = finished,
};
const struct load_mode load_bulk_up = {
    .name = "up",
    .opens_sessions = true,
    .prepare = prepare_up,
    .begin = begin,
    .opened = opened,
    .readable = readable,
    .writable = writable,
    .finished = finished,
};
const struct load_mode load_bulk_stall = {
    .name = "stall",
    .opens_sessions = true,
    .prepare = prepare_stall,
    .begin = begin,
    .opened = opened,
    .readable = readable,
    .writable = writable,
    .finished = stalled,
};
