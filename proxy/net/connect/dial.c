#include "net/connect/dial.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/addr.h"
#include "net/connect/socket_owner.h"
#include "net/socket.h"

#define ATTEMPT_DELAY_MS 250 /* RFC 8305 section 8 */
#define LAST_TURN_MS     100 /* for an answer that came while the loop was not running */
#define UNIX_RETRY_MS    20  /* a full backlog of a Unix socket reports EAGAIN and no event */

struct attempt {
    struct dial *dial;
    struct watch *watch; /* NULL: over, or not begun */
    int fd;
    uint8_t address;
    uint64_t began_at;
};

struct dial {
    struct dial_request request;
    struct dial_result result;
    uv_timer_t timer; /* the next attempt or the deadline, whichever is sooner */
    struct resolve_query query;
    uint64_t deadline, next_attempt_at; /* loop time; 0: no attempt is waiting for its turn */
    size_t preface_sent;
    bool looking_up, over;
    bool last_turn; /* the deadline has passed, and the resolver's answer may wait in the loop */
    uint8_t count, next, pending;
    uint8_t taken; /* out of request.attempts */
    struct addr addresses[LOOKUP_ADDRESSES];
    struct attempt attempts[LOOKUP_ADDRESSES];
};

static uv_loop_t *loop_of(const struct dial *dial)
{
    return watch_set_loop(dial->request.watches);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct dial, timer));
}

/* ---- failures ---- */

static enum reason reason_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return REASON_target_refused;
    case ENOENT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENETDOWN:
    case EACCES:
    case EPERM:
        return REASON_target_unreachable;
    case ETIMEDOUT:
        return REASON_target_timeout;
    case ECONNRESET:
    case EPIPE:
        return REASON_target_reset;
    case ENOMEM:
    case ENOBUFS:
        return REASON_out_of_memory;
    case EMFILE:
    case ENFILE:
        return REASON_out_of_descriptors;
    default:
        return REASON_target_io;
    }
}

static void note(struct dial *dial, enum reason reason, const char *where, const char *what)
{
    dial->result.reason = reason;
    snprintf(dial->result.detail, sizeof(dial->result.detail), "%s: %s", where, what);
}

static const char *place(const struct dial *dial, int address, char *text, size_t size)
{
    const struct config_address *target = dial->request.address;
    if (address < 0 || target->kind == CONFIG_ADDRESS_UNIX)
        return addr_print_config(target, text, size);
    char printed[ADDR_TEXT];
    snprintf(text, size, "%s", addr_print(&dial->addresses[address], printed));
    return text;
}

static void note_errno(struct dial *dial, int address, int error)
{
    char where[128];
    note(dial, reason_of(error), place(dial, address, where, sizeof(where)), strerror(error));
}

/* ---- the end ---- */

/* All attempts under way but one have taken theirs. */
static void settle_attempts(struct dial *dial)
{
    uint8_t due = dial->pending > 1 ? dial->pending - 1 : 0;
    if (!dial->request.attempts)
        return;
    *dial->request.attempts += dial->taken;
    *dial->request.attempts -= due;
    dial->taken = due;
}

static void drop(struct attempt *attempt)
{
    if (!attempt->watch)
        return;
    watch_close(attempt->watch);
    attempt->watch = NULL;
    close(attempt->fd);
    attempt->dial->pending--;
    settle_attempts(attempt->dial);
}

/* Everything but the memory; the winner's descriptor, if any, has left the attempts before. */
static void stop(struct dial *dial)
{
    dial->over = true;
    for (uint8_t i = 0; i < LOOKUP_ADDRESSES; i++)
        drop(&dial->attempts[i]);
    if (dial->looking_up)
        resolve_cancel(&dial->query);
    uv_close((uv_handle_t *)&dial->timer, timer_closed_cb);
}

void dial_cancel(struct dial *dial)
{
    if (!dial || dial->over)
        return;
    struct dial_result *result = &dial->result;
    if (result->watch)
        watch_close(result->watch);
    if (result->tls)
        transport_close(result->tls);
    else if (result->fd >= 0)
        close(result->fd);
    stop(dial);
}

static void finish(struct dial *dial)
{
    if (dial->result.reason != REASON_none) {
        struct dial_result failed = dial->result;
        dial_cancel(dial);
        failed.fd = -1;
        failed.watch = NULL;
        failed.tls = NULL;
        dial->request.callback(dial->request.owner, &failed);
        return;
    }
    stop(dial);
    dial->request.callback(dial->request.owner, &dial->result);
}

static void arm(struct dial *dial);

/* ---- the winner ---- */

/* True when the handshake is over, one way or the other. */
static bool shake_hands(struct dial *dial)
{
    struct dial_result *result = &dial->result;
    struct io io = transport_handshake(result->tls);
    switch ((enum io_status)io.status) {
    case IO_OK:
        return true;
    case IO_WANT_READ:
        watch_want(result->watch, WATCH_READ);
        return false;
    case IO_WANT_WRITE:
        watch_want(result->watch, WATCH_WRITE);
        return false;
    case IO_EOF:
    case IO_FAIL:
        break;
    }
    char where[128];
    note(dial, io.status == IO_EOF ? REASON_target_tls : io.reason,
         place(dial, -1, where, sizeof(where)), tls_failure(result->tls));
    return true;
}

/* True when the descriptor has taken all of it, or is broken. */
static bool send_preface(struct dial *dial)
{
    struct slice preface = dial->request.preface;
    while (dial->preface_sent < preface.len) {
        ssize_t sent = send(dial->result.fd, preface.ptr + dial->preface_sent,
                            preface.len - dial->preface_sent, MSG_NOSIGNAL);
        if (sent >= 0) {
            dial->preface_sent += (size_t)sent;
        } else if (errno == EAGAIN) {
            watch_want(dial->result.watch, WATCH_WRITE);
            return false;
        } else if (errno != EINTR) {
            note_errno(dial, -1, errno);
            return true;
        }
    }
    return true;
}

static bool begin_tls(struct dial *dial)
{
    const struct dial_request *request = &dial->request;
    struct dial_result *result = &dial->result;
    result->tls = tls_create(request->tls, request->scratch, result->fd);
    if (result->tls && (!request->tls_name || tls_expect(result->tls, request->tls_name)))
        return true;
    note_errno(dial, -1, ENOMEM);
    return false;
}

/* What follows the connect, from wherever it stopped. True when nothing is left to wait for. */
static bool proceed(struct dial *dial)
{
    struct dial_result *result = &dial->result;
    if (!result->tls) {
        if (!send_preface(dial))
            return false;
        if (result->reason != REASON_none || !dial->request.tls || !begin_tls(dial))
            return true;
    }
    return shake_hands(dial);
}

static void proceed_cb(void *owner, unsigned ready)
{
    struct dial *dial = owner;
    (void)ready;
    if (proceed(dial))
        finish(dial);
}

/* Nothing is sent to another user's program, and nothing of it reaches the client. */
static bool is_foreign(struct dial *dial)
{
    char where[128];
    if (!dial->request.own_users || socket_owner_of_peer(dial->result.fd) != SOCKET_OWNER_FOREIGN)
        return false;
    note(dial, REASON_target_foreign, place(dial, -1, where, sizeof(where)),
         "a program of another user listens there");
    return true;
}

/* The attempt's descriptor and watch become the result's. True when nothing is left to wait for. */
static bool win(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    struct dial_result *result = &dial->result;
    result->reason = REASON_none;
    result->detail[0] = '\0';
    result->fd = attempt->fd;
    result->watch = attempt->watch;
    attempt->watch = NULL;
    dial->pending--;
    settle_attempts(dial);
    dial->next = dial->count;
    dial->next_attempt_at = 0;
    for (uint8_t i = 0; i < LOOKUP_ADDRESSES; i++)
        drop(&dial->attempts[i]);
    if (is_foreign(dial))
        return true;
    if (!dial->request.tls && dial->request.preface.len == 0)
        return true;
    watch_adopt(result->watch, proceed_cb, dial);
    arm(dial);
    return proceed(dial);
}

/* ---- attempts ---- */

static bool advance(struct dial *dial);

static void attempt_failed(const struct attempt *attempt, int error)
{
    struct dial *dial = attempt->dial;
    note_errno(dial, attempt->address, error);
    /* RFC 8305 section 4 lets history have a say in the order. */
    if (dial->count > 1)
        resolve_demote(dial->request.names, dial->request.address->host,
                       &dial->addresses[attempt->address]);
}

static void attempt_cb(void *owner, unsigned ready)
{
    struct attempt *attempt = owner;
    struct dial *dial = attempt->dial;
    int error = ready & WATCH_BROKEN ? socket_error(attempt->fd) : 0;
    if (error == 0) {
        if (win(attempt))
            finish(dial);
        return;
    }
    attempt_failed(attempt, error);
    drop(attempt);
    if (advance(dial))
        finish(dial);
}

/* 0: connected or under way (then *waiting); else errno. */
static int begin(struct attempt *attempt, bool *waiting)
{
    struct dial *dial = attempt->dial;
    const struct config_address *to = dial->request.address;
    bool is_unix = to->kind == CONFIG_ADDRESS_UNIX;
    const struct addr *addr = &dial->addresses[attempt->address];
    struct sockaddr_un path;
    socklen_t length = is_unix ? 0 : addr_length(addr);
    if (is_unix && !addr_unix(&path, &length, to->path))
        return ENAMETOOLONG;

    attempt->fd = socket(is_unix ? AF_UNIX : addr->any.sa_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->fd < 0)
        return errno;
    if (!is_unix)
        socket_tune_tcp(attempt->fd);
    const struct sockaddr *sockaddr = is_unix ? (struct sockaddr *)&path : &addr->any;
    int error = connect(attempt->fd, sockaddr, length) == 0 ? 0 : errno;
    *waiting = error == EINPROGRESS;
    if (error == 0 || *waiting) {
        attempt->watch = watch_open(dial->request.watches, attempt->fd, *waiting ? WATCH_WRITE : 0,
                                    attempt_cb, attempt);
        if (attempt->watch)
            return 0;
        error = ENOMEM;
    }
    close(attempt->fd);
    return error;
}

static struct attempt *oldest(struct dial *dial)
{
    struct attempt *attempt = dial->attempts;
    while (!attempt->watch)
        attempt++;
    return attempt;
}

/*
 * Whether there is a descriptor for one more attempt; else next_attempt_at is when there will be,
 * at the latest.
 */
static bool may_begin(struct dial *dial)
{
    if (dial->pending == 0 || !dial->request.attempts || *dial->request.attempts > 0)
        return true;
    struct attempt *under_way = oldest(dial);
    uint64_t share = dial->request.timeout_ms / dial->count;
    uint64_t until = under_way->began_at + (share > ATTEMPT_DELAY_MS ? share : ATTEMPT_DELAY_MS);
    if (uv_now(loop_of(dial)) < until) {
        dial->next_attempt_at = until;
        return false;
    }
    attempt_failed(under_way, ETIMEDOUT);
    drop(under_way);
    return true;
}

/* Starts the next attempt, and those after it while they fail at once. True: the dial is over. */
static bool advance(struct dial *dial)
{
    dial->next_attempt_at = 0;
    while (dial->next < dial->count && may_begin(dial)) {
        struct attempt *attempt = &dial->attempts[dial->next];
        bool waiting = false;
        *attempt = (struct attempt){
            .dial = dial, .address = dial->next, .began_at = uv_now(loop_of(dial))};
        int error = begin(attempt, &waiting);
        if (error == EAGAIN && dial->request.address->kind == CONFIG_ADDRESS_UNIX) {
            dial->next_attempt_at = uv_now(loop_of(dial)) + UNIX_RETRY_MS;
            arm(dial);
            return false;
        }
        dial->next++;
        if (error != 0) {
            attempt_failed(attempt, error);
            continue;
        }
        dial->pending++;
        settle_attempts(dial);
        if (!waiting)
            return win(attempt);
        if (dial->next < dial->count)
            dial->next_attempt_at = uv_now(loop_of(dial)) + ATTEMPT_DELAY_MS;
        arm(dial);
        return false;
    }
    /* The timer may have fired for the attempt that just failed; those under way need it again. */
    if (dial->pending > 0)
        arm(dial);
    return dial->pending == 0;
}

/*
 * After the process was stopped or the machine slept, this timer fires before sockets are read and
 * before the resolver's answer is heard: both get their turn first. False: the dial is over, or
 * goes on.
 */
static bool is_overdue(struct dial *dial)
{
    if (dial->looking_up && !dial->last_turn) {
        dial->last_turn = true;
        dial->deadline = uv_now(loop_of(dial)) + LAST_TURN_MS;
        arm(dial);
        return false;
    }
    for (uint8_t i = 0; i < dial->count && !dial->over; i++)
        watch_poll(dial->attempts[i].watch);
    if (!dial->over)
        watch_poll(dial->result.watch);
    return !dial->over;
}

static void time_out(struct dial *dial)
{
    char where[128];
    note(dial, REASON_target_timeout, place(dial, -1, where, sizeof(where)),
         dial->looking_up ? "no answer from the resolver" : "no answer in time");
    finish(dial);
}

static void timer_cb(uv_timer_t *timer)
{
    struct dial *dial = WSL_CONTAINER(timer, struct dial, timer);
    uint64_t now = uv_now(loop_of(dial));
    if (now >= dial->deadline) {
        if (is_overdue(dial))
            time_out(dial);
    } else if (dial->next_attempt_at != 0 && now >= dial->next_attempt_at) {
        if (advance(dial))
            finish(dial);
    } else {
        arm(dial);
    }
}

static void arm(struct dial *dial)
{
    uint64_t now = uv_now(loop_of(dial)), at = dial->deadline;
    if (dial->next_attempt_at != 0 && dial->next_attempt_at < at)
        at = dial->next_attempt_at;
    uv_timer_start(&dial->timer, timer_cb, at > now ? at - now : 0, 0);
}

/* ---- names ---- */

/* True when the dial is over. */
static bool take_answer(struct dial *dial, const struct lookup_answer *answer)
{
    if (answer->reason != REASON_none) {
        char where[128];
        note(dial, answer->reason, place(dial, -1, where, sizeof(where)), answer->failure);
        return true;
    }
    uint16_t port = htons(dial->request.address->port);
    dial->count = answer->count;
    for (uint8_t i = 0; i < answer->count; i++) {
        struct addr *addr = &dial->addresses[i];
        *addr = answer->addresses[i];
        if (addr->any.sa_family == AF_INET6)
            addr->v6.sin6_port = port;
        else
            addr->v4.sin_port = port;
    }
    return advance(dial);
}

static void answer_cb(struct resolve_query *query, const struct lookup_answer *answer)
{
    struct dial *dial = WSL_CONTAINER(query, struct dial, query);
    dial->looking_up = false;
    if (take_answer(dial, answer))
        finish(dial);
}

/* True when the dial is over already. */
static bool start(struct dial *dial)
{
    const struct config_address *to = dial->request.address;
    if (to->kind == CONFIG_ADDRESS_UNIX || addr_parse(&dial->addresses[0], to->host, to->port)) {
        dial->count = 1;
        return advance(dial);
    }
    dial->query.callback = answer_cb;
    const struct lookup_answer *answer =
        resolve_name(dial->request.names, to->host, &dial->request.origin, &dial->query);
    if (answer)
        return take_answer(dial, answer);
    dial->looking_up = true;
    arm(dial);
    return false;
}

struct dial *dial_start(const struct dial_request *request, struct dial_result *result)
{
    struct dial *dial = calloc(1, sizeof(*dial));
    if (!dial) {
        *result = (struct dial_result){.reason = REASON_out_of_memory, .fd = -1};
        return NULL;
    }
    dial->request = *request;
    dial->result.fd = -1;
    dial->deadline = uv_now(watch_set_loop(request->watches)) + request->timeout_ms;
    uv_timer_init(watch_set_loop(request->watches), &dial->timer);
    if (!start(dial))
        return dial;

    *result = dial->result;
    if (result->reason != REASON_none) {
        dial_cancel(dial);
        result->fd = -1;
        result->watch = NULL;
        result->tls = NULL;
    } else {
        stop(dial);
    }
    return NULL;
}
