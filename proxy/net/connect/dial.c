#include "net/connect/dial.h"

#include <errno.h>

#include "core/access/permit.h"
#include "net/connect/dial_attempt.h"
#include "net/connect/dial_setup.h"
#include "net/connect/dial_tunnel.h"
#include "net/connect/resolve.h"
#include "net/socket.h"

#define ATTEMPT_DELAY_MS 250 /* RFC 8305 section 8 */
#define LAST_TURN_MS     100 /* for an answer that came while the loop was not running */
#define UNIX_RETRY_MS    20  /* a full backlog of a Unix socket reports EAGAIN and no event */

struct dial {
    struct dial_request request;
    struct dial_result result;
    uv_timer_t timer; /* the next attempt or the deadline, the sooner of the two */
    struct resolve_question query;
    uint64_t deadline, next_attempt_at; /* loop time; 0: no attempt is scheduled */
    struct dial_setup setup;
    bool looking_up, over;
    bool last_turn; /* past the deadline; the resolver's answer may still be in the loop's queue */
    uint8_t count, next, pending;
    uint8_t taken; /* from request.loop.attempts */
    struct addr addresses[LOOKUP_ADDRESSES];
    struct dial_attempt attempts[LOOKUP_ADDRESSES];
};

static uv_loop_t *loop_of(const struct dial *dial)
{
    return watch_set_loop(dial->request.loop.watches);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct dial, timer));
}

/* ---- failures ---- */

/* Until it has an open tunnel, the first connection is to blame: to the proxy, if there is one. */
static void fail(struct dial *dial, enum reason reason, const char *what)
{
    const struct dial_request *request = &dial->request;
    char where[128];
    if (dial->result.fd >= 0 && !dial->setup.tunnel)
        dial_result_fail(&dial->result, reason,
                         dial_result_where(request->shown, request->address, where, sizeof(where)),
                         what);
    else
        dial_result_fail(&dial->result, dial_tunnel_hop_reason(request, reason),
                         dial_tunnel_hop_name(request, where, sizeof(where)), what);
}

static void attempt_failed(const struct dial_attempt *attempt, int error)
{
    struct dial *dial = attempt->owner;
    const struct dial_request *request = &dial->request;
    const struct config_address hop = dial_tunnel_hop(request);
    const struct addr *address = &dial->addresses[attempt->address];
    char path[128], printed[ADDR_TEXT], where[sizeof(printed) + 8];
    const char *name = hop.kind == CONFIG_ADDRESS_UNIX
                           ? dial_tunnel_hop_name(request, path, sizeof(path))
                           : addr_print(address, printed);
    if (request->proxy)
        snprintf(where, sizeof(where), "proxy %s", name);
    dial_result_errno(&dial->result, request->proxy ? where : name, error);
    dial->result.reason = dial_tunnel_hop_reason(request, dial->result.reason);
    /* RFC 8305 section 4: the order may depend on history. */
    if (dial->count > 1)
        resolve_demote(request->loop.resolver, hop.host, address);
}

/* ---- the result ---- */

/* Every attempt under way but one takes one from the budget that all dials of the loop share. */
static void update_allowance(struct dial *dial)
{
    uint8_t due = dial->pending > 1 ? dial->pending - 1 : 0;
    if (!dial->request.loop.attempts)
        return;
    *dial->request.loop.attempts += dial->taken;
    *dial->request.loop.attempts -= due;
    dial->taken = due;
}

static void close_attempt(struct dial *dial, struct dial_attempt *attempt)
{
    if (!dial_attempt_close(attempt))
        return;
    dial->pending--;
    update_allowance(dial);
}

static void close_attempts(struct dial *dial)
{
    for (uint8_t i = 0; i < LOOKUP_ADDRESSES; i++)
        close_attempt(dial, &dial->attempts[i]);
}

/* Releases all but the memory. The winner's descriptor is no longer an attempt's. */
static void stop(struct dial *dial)
{
    dial->over = true;
    close_attempts(dial);
    dial_setup_end(&dial->setup);
    if (dial->looking_up)
        resolve_cancel(&dial->query);
    uv_close((uv_handle_t *)&dial->timer, timer_closed_cb);
}

void dial_cancel(struct dial *dial)
{
    if (!dial || dial->over)
        return;
    dial_result_discard(&dial->result);
    stop(dial);
}

/* The dial is over: its outcome, synchronous or not. A failed result holds nothing. */
static struct dial_result conclude(struct dial *dial)
{
    if (dial->result.reason != REASON_none)
        dial_result_discard(&dial->result);
    stop(dial);
    return dial->result;
}

static void finish(struct dial *dial)
{
    struct dial_result result = conclude(dial);
    dial->request.callback(dial->request.owner, &result);
}

static void arm(struct dial *dial);

/* ---- the connected socket ---- */

static void proceed_cb(void *owner, unsigned ready)
{
    struct dial *dial = owner;
    (void)ready;
    if (dial_setup_proceed(&dial->setup))
        finish(dial);
}

/* The attempt's descriptor and watch become the result's. True: the dial is over. */
static bool win(struct dial_attempt *attempt)
{
    struct dial *dial = attempt->owner;
    dial->result =
        (struct dial_result){.reason = REASON_none, .fd = attempt->fd, .watch = attempt->watch};
    attempt->watch = NULL;
    dial->pending--;
    update_allowance(dial);
    dial->next = dial->count;
    dial->next_attempt_at = 0;
    close_attempts(dial);
    dial->setup = (struct dial_setup){.request = &dial->request, .result = &dial->result};
    if (dial_setup_begin(&dial->setup))
        return true;
    watch_adopt(dial->result.watch, proceed_cb, dial);
    arm(dial);
    return dial_setup_proceed(&dial->setup);
}

/* ---- attempts ---- */

static bool advance(struct dial *dial);

static void attempt_cb(void *owner, unsigned ready)
{
    struct dial_attempt *attempt = owner;
    struct dial *dial = attempt->owner;
    int error = ready & WATCH_BROKEN ? socket_error(attempt->fd) : 0;
    if (error == 0) {
        if (win(attempt))
            finish(dial);
        return;
    }
    attempt_failed(attempt, error);
    close_attempt(dial, attempt);
    if (advance(dial))
        finish(dial);
}

static struct dial_attempt *oldest(struct dial *dial)
{
    struct dial_attempt *attempt = dial->attempts;
    while (!attempt->watch)
        attempt++;
    return attempt;
}

/* False: the budget is used up, until next_attempt_at at the latest. */
static bool may_begin(struct dial *dial)
{
    if (dial->pending == 0 || !dial->request.loop.attempts || *dial->request.loop.attempts > 0)
        return true;
    struct dial_attempt *under_way = oldest(dial);
    uint64_t share = dial->request.timeout_ms / dial->count;
    uint64_t until = under_way->began_at + (share > ATTEMPT_DELAY_MS ? share : ATTEMPT_DELAY_MS);
    if (uv_now(loop_of(dial)) < until) {
        dial->next_attempt_at = until;
        return false;
    }
    attempt_failed(under_way, ETIMEDOUT);
    close_attempt(dial, under_way);
    return true;
}

/* Starts the next attempt, and those after it while they fail at once. True: the dial is over. */
static bool advance(struct dial *dial)
{
    dial->next_attempt_at = 0;
    while (dial->next < dial->count && may_begin(dial)) {
        struct dial_attempt *attempt = &dial->attempts[dial->next];
        bool waiting = false;
        *attempt = (struct dial_attempt){
            .owner = dial, .address = dial->next, .began_at = uv_now(loop_of(dial))};
        int error = dial_attempt_begin(attempt, &dial->request, &dial->addresses[attempt->address],
                                       attempt_cb, &waiting);
        if (error == EAGAIN && dial_tunnel_hop(&dial->request).kind == CONFIG_ADDRESS_UNIX) {
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
        update_allowance(dial);
        if (!waiting)
            return win(attempt);
        if (dial->next < dial->count)
            dial->next_attempt_at = uv_now(loop_of(dial)) + ATTEMPT_DELAY_MS;
        arm(dial);
        return false;
    }
    /* If the timer has fired for the attempt that just failed, those under way still need it. */
    if (dial->pending > 0)
        arm(dial);
    return dial->pending == 0;
}

/*
 * After SIGSTOP or a suspend, the loop runs this timer before it polls sockets and takes the
 * resolver's answer, so those are looked at first. False: the dial is over, or goes on.
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
    fail(dial, REASON_target_timeout,
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

/* ---- what is permitted ---- */

static void fail_unpermitted(struct dial *dial, const char *what)
{
    char text[DIAL_DETAIL];
    snprintf(text, sizeof(text), "%s is not permitted", what);
    fail(dial, REASON_target_not_permitted, text);
}

/* Before the name is looked up. False: the dial has failed. */
static bool may_dial(struct dial *dial)
{
    const struct config_address *to = dial->request.address;
    bool is_unix = to->kind == CONFIG_ADDRESS_UNIX;
    /* The proxy resolves the target's name, so that its addresses cannot be checked. */
    if (dial->request.proxy && dial->request.permit) {
        fail_unpermitted(dial, "a target behind a proxy");
        return false;
    }
    if (is_unix ? permit_has_path(dial->request.permit, slice_of(to->path))
                : permit_has_host(dial->request.permit, slice_of(to->host), to->port))
        return true;
    fail_unpermitted(dial, is_unix ? "this socket" : "this host and port");
    return false;
}

/* Leaves the addresses of the family that is asked for. False: none is left, and it has failed. */
static bool filter_family(struct dial *dial)
{
    enum config_family family = dial->request.family;
    uint8_t kept = 0;
    for (uint8_t i = 0; i < dial->count; i++) {
        bool is_v6 = dial->addresses[i].any.sa_family == AF_INET6;
        if (family == CONFIG_FAMILY_ANY || is_v6 == (family == CONFIG_FAMILY_IPV6))
            dial->addresses[kept++] = dial->addresses[i];
    }
    dial->count = kept;
    if (kept == 0)
        fail(dial, REASON_target_unresolved,
             family == CONFIG_FAMILY_IPV6 ? "it has no IPv6 address" : "it has no IPv4 address");
    return kept > 0;
}

/*
 * Leaves the addresses that are permitted: connections go to these alone, so that no later answer
 * of the resolver matters. False: none is left, and the dial has failed.
 */
static bool filter_addresses(struct dial *dial)
{
    const struct config_address *to = dial->request.address;
    char text[ADDR_TEXT] = "";
    uint8_t kept = 0;
    for (uint8_t i = 0; i < dial->count; i++) {
        struct ip_port ip;
        if (addr_to_ip(&dial->addresses[i], &ip) &&
            permit_has_address(dial->request.permit, slice_of(to->host), ip.address, to->port))
            dial->addresses[kept++] = dial->addresses[i];
        else
            (void)addr_print(&dial->addresses[i], text);
    }
    dial->count = kept;
    if (kept == 0)
        fail_unpermitted(dial, text);
    return kept > 0;
}

/* ---- names ---- */

/* True when the dial is over. */
static bool take_answer(struct dial *dial, const struct lookup_result *answer)
{
    if (answer->reason != REASON_none) {
        fail(dial, answer->reason, answer->failure);
        return true;
    }
    uint16_t port = htons(dial_tunnel_hop(&dial->request).port);
    dial->count = answer->count;
    for (uint8_t i = 0; i < answer->count; i++) {
        struct addr *addr = &dial->addresses[i];
        *addr = answer->addresses[i];
        if (addr->any.sa_family == AF_INET6)
            addr->v6.sin6_port = port;
        else
            addr->v4.sin_port = port;
    }
    return !(filter_family(dial) && filter_addresses(dial)) || advance(dial);
}

static void answer_cb(struct resolve_question *query, const struct lookup_result *answer)
{
    struct dial *dial = WSL_CONTAINER(query, struct dial, query);
    dial->looking_up = false;
    if (take_answer(dial, answer))
        finish(dial);
}

/* True when the dial is over already. */
static bool start(struct dial *dial)
{
    static const struct lookup_source configured; /* the proxy's name is */
    const struct dial_request *request = &dial->request;
    const struct config_address hop = dial_tunnel_hop(request);
    bool is_unix = hop.kind == CONFIG_ADDRESS_UNIX;
    if (!may_dial(dial))
        return true;
    if (is_unix || addr_parse(&dial->addresses[0], hop.host, hop.port)) {
        dial->count = 1;
        return !(is_unix || (filter_family(dial) && filter_addresses(dial))) || advance(dial);
    }
    dial->query.callback = answer_cb;
    const struct lookup_result *answer =
        resolve_name(request->loop.resolver, hop.host,
                     request->proxy ? &configured : &request->origin, &dial->query);
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
    dial->deadline = uv_now(watch_set_loop(request->loop.watches)) + request->timeout_ms;
    uv_timer_init(watch_set_loop(request->loop.watches), &dial->timer);
    if (!start(dial))
        return dial;

    *result = conclude(dial);
    return NULL;
}
