#include "serve/target/reach.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MOST_MS  1000

struct reach {
    struct reach_request request;
    struct reach_result result;
    struct dial *dial; /* NULL: in a pause, or over */
    bool trying;       /* result.target is begun in the pool */
    bool has_timer;
    uv_timer_t timer;
    struct pool_choice choice;
    uint16_t next;                    /* in the choice */
    uint64_t round_ends, retry_until; /* loop time */
    uint32_t pause_ms;
    struct reach_leg leg;
};

static uint64_t now_of(const struct reach *reach)
{
    return uv_now(watch_set_loop(reach->request.watches));
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct reach, timer));
}

/* Most never pause, and have no timer that libuv would have to let go of. */
static void dispose(struct reach *reach)
{
    if (reach->has_timer)
        uv_close((uv_handle_t *)&reach->timer, timer_closed_cb);
    else
        free(reach);
}

/* ---- one candidate --------------------------------------------------------------------------- */

/* What we lack ourselves, and a request that fits no target, is no fault of the target's. */
static bool is_fault_of_target(enum reason reason)
{
    switch ((int)reason) {
    case REASON_target_io:
    case REASON_target_refused:
    case REASON_target_reset:
    case REASON_target_timeout:
    case REASON_target_tls:
    case REASON_target_unreachable:
    case REASON_target_unresolved:
    case REASON_target_untrusted:
        return true;
    default:
        return false;
    }
}

static void note(struct reach *reach, enum reason reason)
{
    bool trial = reach->choice.trial && reach->next == 1;
    struct pool_target *target = reach->result.target;
    uint64_t now = now_of(reach);
    if (reason == REASON_none)
        pool_note(target, BALANCE_CONNECTED, now);
    else if (is_fault_of_target(reason))
        pool_note(target, trial ? BALANCE_TRIAL_FAILED : BALANCE_FAILED, now);
    else if (trial)
        pool_note(target, BALANCE_TRIAL_ABANDONED, now);
}

/* The dial's verdict. True: it is over, for better or worse. */
static bool settle(struct reach *reach, const struct dial_result *dialled)
{
    reach->dial = NULL;
    reach->result.dial = *dialled;
    note(reach, dialled->reason);
    if (dialled->reason == REASON_none)
        return true;
    pool_end(reach->result.target);
    reach->trying = false;
    return !is_fault_of_target(dialled->reason);
}

static void finish(struct reach *reach)
{
    struct reach_request request = reach->request;
    struct reach_result result = reach->result;
    dispose(reach);
    request.callback(request.owner, &result);
}

static bool advance(struct reach *reach);

static void dialled_cb(void *owner, const struct dial_result *dialled)
{
    struct reach *reach = owner;
    if (settle(reach, dialled) || advance(reach))
        finish(reach);
}

static struct tls_scratch *scratch_of(struct reach *reach)
{
    struct tls_scratch **scratch = reach->request.scratch;
    if (!*scratch)
        *scratch = tls_scratch_create();
    return *scratch;
}

/* All but the last leave something to those after them. */
static uint32_t time_for(const struct reach *reach)
{
    uint64_t now = now_of(reach);
    uint64_t left = reach->round_ends > now ? reach->round_ends - now : 0;
    return (uint32_t)(reach->next + 1U < reach->choice.count ? left / 2 : left);
}

static void prepare(struct reach *reach, const struct config_target *target,
                    struct dial_result *result)
{
    const struct reach_request *request = &reach->request;
    struct reach_leg *leg = &reach->leg;
    leg->address = target->address;
    leg->tls_name = NULL;
    leg->origin = (struct lookup_origin){0};
    leg->plain = false;
    leg->again = reach->pause_ms > 0;
    leg->preface_length = 0;
    *result = (struct dial_result){.reason = REASON_none, .fd = -1};
    if (request->prepare)
        result->reason = request->prepare(request->owner, target, leg);
    if (result->reason != REASON_none && result->reason != REASON_handshake_eof) {
        char where[128];
        snprintf(result->detail, sizeof(result->detail), "%s: cannot be made of this request",
                 addr_print_config(&target->address, where, sizeof(where)));
    }
}

/* True: *result has the verdict already. */
static bool dial(struct reach *reach, struct dial_result *result)
{
    const struct reach_request *request = &reach->request;
    const struct reach_leg *leg = &reach->leg;
    struct dial_request to = {
        .watches = request->watches,
        .names = request->names,
        .address = &leg->address,
        .attempts = request->attempts,
        .timeout_ms = time_for(reach),
        .callback = dialled_cb,
        .owner = reach,
    };
    uint16_t index = reach->choice.order[reach->next++];
    struct pool_target *target = pool_target(request->pool, request->route, index);
    reach->result.target = target;
    reach->trying = true;
    pool_begin(target);
    prepare(reach, target->config, result);
    if (result->reason != REASON_none)
        return true;
    to.origin = leg->origin;
    to.preface = (struct slice){(const char *)leg->preface, leg->preface_length};
    to.own_users = target->config->is_command;
    to.tls = leg->plain ? NULL : target->tls;
    to.tls_name = leg->tls_name;
    if (to.tls)
        to.scratch = scratch_of(reach);
    reach->dial = dial_start(&to, result);
    return !reach->dial;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void begin_round(struct reach *reach)
{
    const struct config_route *route = reach->request.route;
    uint64_t now = now_of(reach);
    reach->next = 0;
    reach->round_ends = now + route->connect_timeout_ms;
    pool_pick(reach->request.pool, route, now, &reach->choice);
}

static void pause_cb(uv_timer_t *timer)
{
    struct reach *reach = WSL_CONTAINER(timer, struct reach, timer);
    begin_round(reach);
    if (advance(reach))
        finish(reach);
}

/* What a target that is just starting looks like. */
static bool may_be_starting(enum reason reason)
{
    return reason == REASON_target_refused || reason == REASON_target_unreachable ||
           reason == REASON_target_unresolved;
}

/* False: there is no other round. */
static bool pause_before_next(struct reach *reach)
{
    uint64_t now = now_of(reach);
    if (now >= reach->retry_until || !may_be_starting(reach->result.dial.reason))
        return false;
    reach->pause_ms += PAUSE_FIRST_MS;
    if (reach->pause_ms > PAUSE_MOST_MS)
        reach->pause_ms = PAUSE_MOST_MS;
    uint64_t left = reach->retry_until - now;
    if (!reach->has_timer)
        uv_timer_init(watch_set_loop(reach->request.watches), &reach->timer);
    reach->has_timer = true;
    uv_timer_start(&reach->timer, pause_cb, left < reach->pause_ms ? left : reach->pause_ms, 0);
    return true;
}

/* Starts the next dial, and those after it while they fail at once. True: it is over. */
static bool advance(struct reach *reach)
{
    while (reach->next < reach->choice.count && now_of(reach) < reach->round_ends) {
        struct dial_result dialled;
        if (!dial(reach, &dialled))
            return false;
        if (settle(reach, &dialled))
            return true;
    }
    return !pause_before_next(reach);
}

struct reach *reach_start(const struct reach_request *request, struct reach_result *result)
{
    struct reach *reach = malloc(sizeof(*reach));
    if (!reach) {
        *result = (struct reach_result){.dial = {.reason = REASON_out_of_memory, .fd = -1}};
        return NULL;
    }
    /* Not the leg: its buffers are large, and written before they are read. */
    memset(reach, 0, offsetof(struct reach, leg));
    reach->request = *request;
    reach->result.dial = (struct dial_result){.reason = REASON_target_timeout, .fd = -1};
    reach->retry_until = now_of(reach) + request->route->connect_retry_ms;
    begin_round(reach);
    if (!advance(reach))
        return reach;
    *result = reach->result;
    dispose(reach);
    return NULL;
}

void reach_cancel(struct reach *reach)
{
    if (!reach)
        return;
    dial_cancel(reach->dial);
    if (reach->trying) {
        note(reach, REASON_shutdown);
        pool_end(reach->result.target);
    }
    dispose(reach);
}
