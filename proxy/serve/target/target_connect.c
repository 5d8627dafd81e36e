#include "serve/target/target_connect.h"

#include "core/bridge/bridge.h"
#include "core/route/balance.h"
#include "net/plain.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "serve/target/target_first.h"
#include "serve/target/target_pool.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MOST_MS  1000

struct target_connect {
    struct target_connect_request request;
    struct target_connect_result result;
    struct dial *dial; /* NULL: its first bytes are awaited, in a pause, or finished */
    bool trying;       /* target_pool_begin was called for result.target */
    bool has_timer;
    bool spares;      /* what failed is for this client alone: the target may be well */
    uv_timer_t timer; /* of the pause or of the first bytes */
    struct target_pool_choice choice;
    uint16_t next;                    /* index in the choice */
    uint64_t round_ends, retry_until; /* loop time */
    uint64_t candidate_ends;
    uint32_t pause_ms;
    struct plain plain;
    struct target_first first; /* awaited: result.dial is connected */
    struct target_connect_candidate candidate;
};

static uint64_t now_of(const struct target_connect *attempt)
{
    return uv_now(watch_set_loop(attempt->request.watches));
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct target_connect, timer));
}

/* Most attempts never pause, so most have no timer to close. */
static void destroy(struct target_connect *attempt)
{
    if (attempt->has_timer)
        uv_close((uv_handle_t *)&attempt->timer, timer_closed_cb);
    else
        free(attempt);
}

/* ---- one candidate ---- */

/* Lack of memory or descriptors and a bad request are not the target's fault. */
static bool is_fault_of_target(enum reason reason)
{
    switch ((int)reason) {
    case REASON_target_io:
    case REASON_target_refused:
    case REASON_target_reset:
    case REASON_target_timeout:
    case REASON_target_silent:
    case REASON_target_proxy_auth:
    case REASON_target_proxy_failed:
    case REASON_target_proxy_refused:
    case REASON_target_proxy_unreachable:
    case REASON_target_tls:
    case REASON_target_unexpected:
    case REASON_target_unreachable:
    case REASON_target_upgrade:
    case REASON_target_unresolved:
    case REASON_target_untrusted:
        return true;
    default:
        return false;
    }
}

static void note_health(struct target_connect *attempt, enum reason reason)
{
    bool trial = attempt->choice.trial && attempt->next == 1;
    struct pool_target *target = attempt->result.target;
    uint64_t now = now_of(attempt);
    if (reason == REASON_none)
        target_pool_note(target, BALANCE_CONNECTED, now);
    else if (is_fault_of_target(reason) && !attempt->spares)
        target_pool_note(target, trial ? BALANCE_TRIAL_FAILED : BALANCE_FAILED, now);
    else if (trial)
        target_pool_note(target, BALANCE_TRIAL_ABANDONED, now);
}

enum outcome { OUTCOME_WAITS, OUTCOME_NEXT, OUTCOME_OVER };

/* The reason in the result is final. */
static enum outcome end_candidate(struct target_connect *attempt)
{
    enum reason reason = attempt->result.dial.reason;
    note_health(attempt, reason);
    if (reason == REASON_none)
        return OUTCOME_OVER;
    target_pool_end(attempt->result.target);
    attempt->trying = false;
    return is_fault_of_target(reason) ? OUTCOME_NEXT : OUTCOME_OVER;
}

static void finish(struct target_connect *attempt)
{
    struct target_connect_request request = attempt->request;
    struct target_connect_result result = attempt->result;
    destroy(attempt);
    request.callback(request.owner, &result);
}

static bool try_next(struct target_connect *attempt);

static void go_on(struct target_connect *attempt, enum outcome outcome)
{
    if (outcome == OUTCOME_OVER || (outcome == OUTCOME_NEXT && try_next(attempt)))
        finish(attempt);
}

static void start_timer(struct target_connect *attempt, uv_timer_cb callback, uint64_t milliseconds)
{
    if (!attempt->has_timer)
        uv_timer_init(watch_set_loop(attempt->request.watches), &attempt->timer);
    attempt->has_timer = true;
    uv_timer_start(&attempt->timer, callback, milliseconds, 0);
}

/* ---- the first bytes ---- */

/* It is connected, but of no use. */
static void spoil(struct target_connect *attempt, enum reason reason, const char *detail)
{
    const struct target_connect_candidate *candidate = &attempt->candidate;
    struct dial_result *result = &attempt->result.dial;
    char text[128];
    const char *where =
        dial_result_where(candidate->shown, &candidate->address, text, sizeof(text));
    dial_result_discard(result);
    dial_result_fail(result, reason, where, detail);
}

static void stop_timer(struct target_connect *attempt)
{
    if (attempt->has_timer)
        uv_timer_stop(&attempt->timer);
}

/* No further callback comes for this candidate. */
static enum outcome end_first(struct target_connect *attempt)
{
    struct target_first *first = &attempt->first;
    stop_timer(attempt);
    attempt->result.subprotocol = target_first_subprotocol(first);
    attempt->spares = target_first_spares_target(first);
    if (first->reason != REASON_none)
        spoil(attempt, first->reason, first->detail);
    target_first_free(first);
    return end_candidate(attempt);
}

static enum outcome proceed(struct target_connect *attempt)
{
    struct bridge_scratch *scratch = attempt->request.buffer;
    size_t length;
    if (!target_first_proceed(&attempt->first, scratch->buffer, sizeof(scratch->buffer), &length))
        return OUTCOME_WAITS;
    attempt->result.first_length = length;
    return end_first(attempt);
}

static void ready_cb(void *owner, unsigned ready)
{
    struct target_connect *attempt = owner;
    (void)ready;
    go_on(attempt, proceed(attempt));
}

/* Bytes that arrived while the loop was blocked count. */
static void late_cb(uv_timer_t *timer)
{
    struct target_connect *attempt = WSL_CONTAINER(timer, struct target_connect, timer);
    enum outcome outcome = proceed(attempt);
    if (outcome == OUTCOME_WAITS) {
        target_first_late(&attempt->first);
        outcome = end_first(attempt);
    }
    go_on(attempt, outcome);
}

static enum outcome await_first(struct target_connect *attempt)
{
    const struct dial_result *dialled = &attempt->result.dial;
    const struct target_first_request request = {
        .route = attempt->request.route,
        .target = attempt->result.target->config,
        .address = &attempt->candidate.address,
        .path = attempt->candidate.path,
        .offered = attempt->request.offered,
        .transport = dial_result_transport(dialled, &attempt->plain),
        .watch = dialled->watch,
    };
    if (target_first_begin(&attempt->first, &request))
        return end_first(attempt);
    /* TLS may have received it with the end of the handshake, so it is read at once. */
    uint64_t now = now_of(attempt), ends = attempt->candidate_ends;
    watch_adopt(dialled->watch, ready_cb, attempt);
    enum outcome outcome = proceed(attempt);
    if (outcome == OUTCOME_WAITS)
        start_timer(attempt, late_cb, ends > now ? ends - now : 0);
    return outcome;
}

static enum outcome take_result(struct target_connect *attempt, const struct dial_result *dialled)
{
    attempt->dial = NULL;
    attempt->result.dial = *dialled;
    attempt->result.first_length = 0;
    attempt->result.subprotocol = NULL;
    attempt->spares = false;
    return dialled->reason == REASON_none ? await_first(attempt) : end_candidate(attempt);
}

static void dialled_cb(void *owner, const struct dial_result *dialled)
{
    struct target_connect *attempt = owner;
    go_on(attempt, take_result(attempt, dialled));
}

/* ---- dialling ---- */

/* All but the last leave time for those after them. */
static uint32_t time_for_dial(const struct target_connect *attempt)
{
    uint64_t now = now_of(attempt);
    uint64_t left = attempt->round_ends > now ? attempt->round_ends - now : 0;
    return (uint32_t)(attempt->next + 1U < attempt->choice.count ? left / 2 : left);
}

static void prepare(struct target_connect *attempt, const struct config_target *target,
                    struct dial_result *result)
{
    const struct target_connect_request *request = &attempt->request;
    struct target_connect_candidate *candidate = &attempt->candidate;
    /* All but the buffers, which are large. */
    memset(candidate, 0, offsetof(struct target_connect_candidate, host));
    candidate->address = target->address;
    candidate->again = attempt->pause_ms > 0;
    *result = (struct dial_result){.reason = REASON_none, .fd = -1};
    if (request->prepare)
        result->reason = request->prepare(request->owner, target, candidate);
    if (result->reason != REASON_none && result->reason != REASON_handshake_eof) {
        char where[128];
        snprintf(result->detail, sizeof(result->detail), "%s: no valid address for this request",
                 config_address_print(&target->address, where, sizeof(where)));
    }
}

/* True: *result is set already. */
static bool dial(struct target_connect *attempt, struct dial_result *result)
{
    const struct target_connect_request *request = &attempt->request;
    const struct target_connect_candidate *candidate = &attempt->candidate;
    uint32_t timeout_ms = time_for_dial(attempt);
    struct dial_request to = {
        .loop = {request->watches, request->resolver, request->scratch, request->attempts},
        .address = &candidate->address,
        .timeout_ms = timeout_ms,
        .callback = dialled_cb,
        .owner = attempt,
    };
    uint16_t index = attempt->choice.order[attempt->next++];
    struct pool_target *target = target_pool_target(request->pool, request->route, index);
    attempt->candidate_ends = now_of(attempt) + timeout_ms;
    attempt->result.target = target;
    attempt->trying = true;
    target_pool_begin(target);
    prepare(attempt, target->config, result);
    if (result->reason != REASON_none)
        return true;
    to.origin = candidate->origin;
    to.shown = candidate->shown;
    to.permit = candidate->permit;
    to.no_link = candidate->no_link;
    to.preface = (struct slice){(const char *)candidate->preface, candidate->preface_length};
    to.greeting = candidate->greeting;
    to.own_users = target->config->is_command;
    to.proxy = target->proxy;
    to.family = target->config->family;
    to.address = config_target_place(target->config, &candidate->address);
    if (to.address != &candidate->address) /* no request has a part in it */
        to.origin = (struct lookup_source){0};
    to.tls = candidate->plain ? NULL : target->tls;
    to.tls_name = candidate->tls_name;
    attempt->dial = dial_start(&to, result);
    return !attempt->dial;
}

/* ---- rounds ---- */

static void begin_round(struct target_connect *attempt)
{
    const struct config_route *route = attempt->request.route;
    uint64_t now = now_of(attempt);
    attempt->next = 0;
    attempt->round_ends = now + route->connect_timeout_ms;
    target_pool_pick(attempt->request.pool, route, now, &attempt->choice);
}

static void pause_cb(uv_timer_t *timer)
{
    struct target_connect *attempt = WSL_CONTAINER(timer, struct target_connect, timer);
    begin_round(attempt);
    if (try_next(attempt))
        finish(attempt);
}

/* A target that is just starting fails with one of these reasons. */
static bool may_be_starting(const struct target_connect *attempt)
{
    const atomic_bool *command_ended = attempt->request.command_ended;
    enum reason reason = attempt->result.dial.reason;
    if (command_ended && attempt->result.target->config->is_command && atomic_load(command_ended))
        return false;
    return reason == REASON_target_refused || reason == REASON_target_unreachable ||
           reason == REASON_target_unresolved || reason == REASON_target_proxy_unreachable;
}

/* False: no other round. */
static bool pause_before_next(struct target_connect *attempt)
{
    uint64_t now = now_of(attempt);
    if (now >= attempt->retry_until || !may_be_starting(attempt))
        return false;
    attempt->pause_ms += PAUSE_FIRST_MS;
    if (attempt->pause_ms > PAUSE_MOST_MS)
        attempt->pause_ms = PAUSE_MOST_MS;
    uint64_t left = attempt->retry_until - now;
    start_timer(attempt, pause_cb, left < attempt->pause_ms ? left : attempt->pause_ms);
    return true;
}

/* Starts the next dial, and further ones while they fail at once. True: the attempt is over. */
static bool try_next(struct target_connect *attempt)
{
    while (attempt->next < attempt->choice.count && now_of(attempt) < attempt->round_ends) {
        struct dial_result dialled;
        if (!dial(attempt, &dialled))
            return false;
        enum outcome outcome = take_result(attempt, &dialled);
        if (outcome != OUTCOME_NEXT)
            return outcome == OUTCOME_OVER;
    }
    return !pause_before_next(attempt);
}

struct target_connect *target_connect_start(const struct target_connect_request *request,
                                            struct target_connect_result *result)
{
    struct target_connect *attempt = malloc(sizeof(*attempt));
    if (!attempt) {
        *result =
            (struct target_connect_result){.dial = {.reason = REASON_out_of_memory, .fd = -1}};
        return NULL;
    }
    /* All but the banner and the candidate: their buffers are large, and written before they are
     * read. */
    memset(attempt, 0, offsetof(struct target_connect, first.banner));
    attempt->request = *request;
    attempt->result.dial = (struct dial_result){.reason = REASON_target_timeout, .fd = -1};
    attempt->retry_until = now_of(attempt) + request->route->connect_retry_ms;
    begin_round(attempt);
    if (!try_next(attempt))
        return attempt;
    *result = attempt->result;
    destroy(attempt);
    return NULL;
}

void target_connect_cancel(struct target_connect *attempt)
{
    if (!attempt)
        return;
    dial_cancel(attempt->dial);
    if (attempt->first.awaited)
        dial_result_discard(&attempt->result.dial);
    target_first_free(&attempt->first);
    if (attempt->trying) {
        note_health(attempt, REASON_shutdown);
        target_pool_end(attempt->result.target);
    }
    destroy(attempt);
}
