/*
 * floor: a minimal WebSocket-to-TCP bridge, the baseline of the benchmarks.
 *
 * One thread, epoll, one scratch buffer: accepts, answers 101 without checks, connects, then reads
 * a large piece, prepends a header or unmasks it in place, and writes it. Bytes that the sink does
 * not take are copied to a carry, and the source is not read until the carry is written. There are
 * no checks, control frames, deadlines or half-close: the difference to wsluice is the cost of
 * these.
 *
 * With --splice, bytes of the target go to the client through a kernel pipe, without a copy.
 *
 *     floor [--splice] PORT TARGET_PORT        (both on 127.0.0.1)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADROOM = 16, SCRATCH = 256 * 1024, EVENTS = 256, BACKLOG = 4096 };

static const char UPGRADED[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Protocol: binary\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/* The decoder's position in the stream of masked frames; `left`: payload to come. */
struct frames {
    uint8_t header[14];
    size_t have;
    uint64_t left;
    uint8_t mask[4];
};

/* One socket of a session. The client's leg of a session that is not upgraded has no peer. */
struct leg {
    int fd; /* -1: closed, freed at the end of the turn */
    bool client;
    uint32_t want;
    struct leg *peer, *next_dead;
    uint8_t *carry; /* bytes that this socket has not taken */
    size_t carry_from, carry_to;
    int duct[2]; /* --splice: a kernel pipe towards this socket, and what it holds */
    size_t held;
    struct frames frames;
};

struct floor {
    int epoll, listener;
    struct sockaddr_in target;
    struct leg *dead;
    bool splices;
    uint8_t room[HEADROOM + SCRATCH];
};

static void check(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static void want(struct floor *f, struct leg *leg, uint32_t events)
{
    if (leg->want == events)
        return;
    leg->want = events;
    struct epoll_event e = {.events = events, .data.ptr = leg};
    check(epoll_ctl(f->epoll, EPOLL_CTL_MOD, leg->fd, &e), "epoll_ctl");
}

static struct leg *leg_new(struct floor *f, int fd, bool client)
{
    struct leg *leg = calloc(1, sizeof(*leg));
    *leg = (struct leg){.fd = fd, .client = client, .want = EPOLLIN, .duct = {-1, -1}};
    if (f->splices && client) {
        check(pipe2(leg->duct, O_CLOEXEC | O_NONBLOCK), "pipe2");
        check(fcntl(leg->duct[1], F_SETPIPE_SZ, SCRATCH), "F_SETPIPE_SZ");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = leg};
    check(epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
    return leg;
}

static void hang_up(struct floor *f, struct leg *leg)
{
    struct leg *peer = leg->peer;
    close(leg->fd);
    if (leg->duct[0] >= 0) {
        close(leg->duct[0]);
        close(leg->duct[1]);
    }
    leg->fd = -1;
    leg->next_dead = f->dead;
    f->dead = leg;
    if (peer && peer->fd >= 0)
        hang_up(f, peer);
}

/* to[i] = from[i] ^ mask[i % 4] with to <= from. */
static void unmask(uint8_t *to, const uint8_t *from, size_t n, const uint8_t mask[4])
{
    typedef uint32_t vector __attribute__((vector_size(16)));
    uint32_t word;
    memcpy(&word, mask, sizeof(word));
    const vector wide = {word, word, word, word};
    size_t i = 0;
    for (; i + sizeof(wide) <= n; i += sizeof(wide)) {
        vector piece;
        memcpy(&piece, from + i, sizeof(piece));
        piece ^= wide;
        memcpy(to + i, &piece, sizeof(piece));
    }
    for (; i < n; i++)
        to[i] = from[i] ^ mask[i % 4];
}

/* Size of extended length and mask, after the first two bytes; all frames are masked. */
static size_t header_rest(const uint8_t *header)
{
    uint8_t length = header[1] & 0x7f;
    return length < 126 ? 4 : length == 126 ? 6 : 12;
}

static void begin_frame(struct frames *s, const uint8_t *header, size_t rest)
{
    s->left = header[1] & 0x7f;
    if (rest > 4)
        s->left = 0;
    for (size_t i = 2; i < rest - 2; i++)
        s->left = s->left << 8 | header[i];
    memcpy(s->mask, header + rest - 2, 4);
}

/* Reads a header, or the rest of one, at `at`; returns the begin of its payload. */
static uint8_t *decode_header(struct frames *s, uint8_t *at, const uint8_t *end)
{
    if (s->have == 0 && (size_t)(end - at) >= sizeof(s->header)) {
        size_t rest = header_rest(at);
        begin_frame(s, at, rest);
        return at + 2 + rest;
    }
    while (at < end) {
        s->header[s->have++] = *at++;
        if (s->have < 2 || s->have < 2 + header_rest(s->header))
            continue;
        begin_frame(s, s->header, s->have - 2);
        s->have = 0;
        break;
    }
    return at;
}

/* Unmasks and compacts the payloads in data[0..n) to its left end; returns their length. */
static size_t decode(struct frames *s, uint8_t *data, size_t n)
{
    uint8_t *to = data, *at = data, *end = data + n;
    while (at < end) {
        if (s->left == 0)
            at = decode_header(s, at, end);
        size_t here = (size_t)(end - at), piece = here < s->left ? here : s->left;
        unmask(to, at, piece, s->mask);
        to += piece;
        at += piece;
        s->left -= piece;
        uint32_t word;
        memcpy(&word, s->mask, sizeof(word));
        size_t turned = piece % 4 * 8; /* little-endian: the next byte of the mask comes first */
        word = turned ? word >> turned | word << (32 - turned) : word;
        memcpy(s->mask, &word, sizeof(word));
    }
    return (size_t)(to - data);
}

/* Writes the header of one binary frame in front of its payload; returns where it starts. */
static uint8_t *encode(uint8_t *payload, size_t n)
{
    size_t extra = n < 126 ? 0 : n < 65536 ? 2 : 8;
    uint8_t *start = payload - 2 - extra;
    start[0] = 0x82;
    start[1] = (uint8_t)(extra == 0 ? n : extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++)
        start[2 + i] = (uint8_t)(n >> 8 * (extra - 1 - i));
    return start;
}

static void upgrade(struct floor *f, struct leg *client, size_t n)
{
    if (!memmem(f->room, n, "\r\n\r\n", 4)) {
        hang_up(f, client);
        return;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    check(fd, "socket");
    if (connect(fd, (struct sockaddr *)&f->target, sizeof(f->target)) < 0 && errno != EINPROGRESS)
        check(-1, "connect");
    client->peer = leg_new(f, fd, false);
    client->peer->peer = client;
    if (write(client->fd, UPGRADED, sizeof(UPGRADED) - 1) < 0)
        hang_up(f, client);
}

static void keep(struct floor *f, struct leg *sink, const uint8_t *bytes, size_t n)
{
    sink->carry_from = 0;
    sink->carry_to = n;
    sink->carry = malloc(n);
    memcpy(sink->carry, bytes, n);
    want(f, sink->peer, sink->peer->want & ~(uint32_t)EPOLLIN);
    want(f, sink, sink->want | EPOLLOUT);
}

/* What the pipe holds, after its header. */
static void pour(struct floor *f, struct leg *sink)
{
    ssize_t put =
        splice(sink->duct[0], NULL, sink->fd, NULL, sink->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (put < 0 && errno != EAGAIN) {
        hang_up(f, sink);
        return;
    }
    sink->held -= put > 0 ? (size_t)put : 0;
    uint32_t out = sink->held > 0 ? EPOLLOUT : 0;
    want(f, sink, (sink->want & ~(uint32_t)EPOLLOUT) | out);
    want(f, sink->peer, (sink->peer->want & ~(uint32_t)EPOLLIN) | (out ? 0 : EPOLLIN));
}

static void pump_spliced(struct floor *f, struct leg *source)
{
    struct leg *sink = source->peer;
    ssize_t got =
        splice(source->fd, NULL, sink->duct[1], NULL, SCRATCH, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        hang_up(f, source);
        return;
    }
    sink->held = (size_t)got;
    uint8_t *data = f->room + HEADROOM, *from = encode(data, sink->held);
    ssize_t put = send(sink->fd, from, (size_t)(data - from), MSG_MORE | MSG_NOSIGNAL);
    from += put > 0 ? put : 0;
    if (from < data)
        keep(f, sink, from, (size_t)(data - from));
    else
        pour(f, sink);
}

static void pump(struct floor *f, struct leg *source)
{
    if (f->splices && !source->client) {
        pump_spliced(f, source);
        return;
    }
    uint8_t *data = f->room + HEADROOM;
    struct leg *sink = source->peer;
    ssize_t got = read(source->fd, sink ? data : f->room, SCRATCH);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 || !sink) {
        if (got > 0)
            upgrade(f, source, (size_t)got);
        else
            hang_up(f, source);
        return;
    }
    uint8_t *from = source->client ? data : encode(data, (size_t)got);
    uint8_t *to =
        data + (source->client ? decode(&source->frames, data, (size_t)got) : (size_t)got);
    if (from == to)
        return;
    ssize_t put = write(sink->fd, from, (size_t)(to - from));
    if (put < 0 && errno != EAGAIN) {
        hang_up(f, source);
        return;
    }
    from += put > 0 ? put : 0;
    if (from == to)
        return;
    keep(f, sink, from, (size_t)(to - from));
}

static void unload(struct floor *f, struct leg *sink)
{
    if (!sink->carry) {
        pour(f, sink);
        return;
    }
    size_t left = sink->carry_to - sink->carry_from;
    ssize_t put = write(sink->fd, sink->carry + sink->carry_from, left);
    if (put < 0 && errno != EAGAIN) {
        hang_up(f, sink);
        return;
    }
    sink->carry_from += put > 0 ? (size_t)put : 0;
    if (sink->carry_from < sink->carry_to)
        return;
    free(sink->carry);
    sink->carry = NULL;
    if (sink->held > 0) {
        pour(f, sink);
        return;
    }
    want(f, sink, sink->want & ~(uint32_t)EPOLLOUT);
    want(f, sink->peer, sink->peer->want | EPOLLIN);
}

static void accept_all(struct floor *f)
{
    int fd;
    while ((fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        leg_new(f, fd, true);
}

static void turn(struct floor *f)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(f->epoll, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
        struct leg *leg = events[i].data.ptr;
        if (!leg) {
            accept_all(f);
            continue;
        }
        if (leg->fd >= 0 && events[i].events & EPOLLOUT && (leg->carry || leg->held > 0))
            unload(f, leg);
        if (leg->fd >= 0 && events[i].events & ~(uint32_t)EPOLLOUT) {
            if (leg->want & EPOLLIN)
                pump(f, leg);
            else
                hang_up(f, leg); /* an error; while the sink is full, nothing else is reported */
        }
    }
    while (f->dead) {
        struct leg *leg = f->dead;
        f->dead = leg->next_dead;
        free(leg->carry);
        free(leg);
    }
}

int main(int argc, char **argv)
{
    bool splices = argc == 4 && strcmp(argv[1], "--splice") == 0;
    if (argc != 3 + splices) {
        fprintf(stderr, "usage: floor [--splice] PORT TARGET_PORT\n");
        return 2;
    }
    argv += splices;
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct floor *f = calloc(1, sizeof(*f));
    f->splices = splices;
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    f->target = self;
    self.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    f->target.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    check(bind(f->listener, (struct sockaddr *)&self, sizeof(self)), "bind");
    check(listen(f->listener, BACKLOG), "listen");
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    check(epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->listener, &e), "epoll_ctl");
    for (;;)
        turn(f);
}
