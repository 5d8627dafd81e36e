/*
 * Admission of a connection and its requests, with any verdict for each step: a refusal has a
 * reason and is final, nothing is counted twice, and a request takes a bounded number of steps.
 *
 * Input: a byte for the listener, then for each request two bytes for its kind and head, and for
 * each step a byte for its verdict.
 */
#include "core/session/admission.h"

#include "core/access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 9 /* of one request: each step once */

static const struct config_cidr nets[] = {
    {{[10] = 0xFF, [11] = 0xFF, [12] = 10}, 104},  /* 10.0.0.0/8: proxies */
    {{[10] = 0xFF, [11] = 0xFF, [12] = 172}, 104}, /* 172.0.0.0/8: denied */
};
static const char *const addresses[] = {"10.0.0.1", "172.16.0.1", "192.0.2.1", "192.0.2.2"};
static struct config_auth logins[] = {{.login = {.users = "/users"}}};
static const struct config_route routes[] = {
    {.kind = CONFIG_KIND_BRIDGE},
    {.kind = CONFIG_KIND_BRIDGE, .tokens = {.file = "/tokens"}},
    {.kind = CONFIG_KIND_BRIDGE, .demo = true},
    {.kind = CONFIG_KIND_FILES, .files = {.root = "/srv"}},
    {.kind = CONFIG_KIND_STATUS},
    {.kind = CONFIG_KIND_HEALTH, .health = CONFIG_HEALTH_LIVE},
    {.kind = CONFIG_KIND_HEALTH, .health = CONFIG_HEALTH_READY},
    {.kind = CONFIG_KIND_BRIDGE, .deny = {&nets[1], 1}},
    {.kind = CONFIG_KIND_FILES, .files = {.root = "/srv"}, .auth = {.methods = logins, .count = 1}},
    {.kind = CONFIG_KIND_BRIDGE, .auth = {.methods = logins, .count = 1}},
};
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT"};
static const enum reason reasons[] = {
    REASON_none,
    REASON_none,
    REASON_too_many_process,
    REASON_too_many_listener,
    REASON_too_many_address,
    REASON_rate_limited,
    REASON_too_many_route,
    REASON_out_of_memory,
};

struct world {
    const uint8_t *data, *end;
    struct config_listener listener;
    struct admission admission;
    struct client_address client;
    struct admission_facts facts;
    const struct config_route *route; /* of this request */
    bool in_connection, in_address, in_late;
    bool body_read;   /* of this request */
    bool refused_now; /* a step of this request returned a reason */
    unsigned steps;
};

static uint8_t take(struct world *w)
{
    return w->data < w->end ? *w->data++ : 0;
}

static bool is_limit(enum reason reason)
{
    return reason == REASON_too_many_process || reason == REASON_too_many_listener ||
           reason == REASON_too_many_address || reason == REASON_rate_limited;
}

static void set_client(struct world *w, uint8_t byte)
{
    w->client = (struct client_address){.known = (byte & 4) == 0};
    if (w->client.known)
        wsl_assert(ip_parse(slice_of(addresses[byte & 3]), w->client.ip.address));
}

/* Each step comes at most once, and in its phase. */
static enum reason do_step(struct world *w, enum admission_step step)
{
    enum reason verdict = reasons[take(w) % WSL_COUNT(reasons)];
    bool request = w->facts.head != NULL;
    wsl_assert(step == ADMISSION_COUNT_ADDRESS || request == (step != ADMISSION_COUNT_CONNECTION &&
                                                              step != ADMISSION_COUNT_OVER_LIMIT));
    switch (step) {
    case ADMISSION_COUNT_CONNECTION:
        wsl_assert(!w->in_connection && !w->admission.terms.operators);
        w->in_connection = true;
        break;
    case ADMISSION_COUNT_OVER_LIMIT:
        wsl_assert(!w->in_late && w->admission.terms.serves_liveness);
        wsl_assert(is_limit((enum reason)w->admission.verdict));
        w->in_late = true;
        return verdict;
    case ADMISSION_LEAVE_ADDRESS:
        w->in_address = false;
        return verdict;
    case ADMISSION_COUNT_ADDRESS:
        wsl_assert(!w->in_address && !w->admission.terms.operators && w->client.known);
        w->in_address = verdict == REASON_none;
        break;
    case ADMISSION_FIND_ROUTE:
        w->facts.route = verdict == REASON_none ? w->route : NULL;
        break;
    case ADMISSION_READ_BODY:
        wsl_assert(w->route->auth.count > 0 && w->facts.head->has_body);
        wsl_assert(slice_equal(w->facts.head->method, SLICE("POST")));
        w->body_read = true;
        break;
    case ADMISSION_FIND_TOKEN:
        wsl_assert(w->route->tokens.file);
        break;
    default:
        break;
    }
    w->refused_now = w->refused_now || verdict != REASON_none;
    return verdict;
}

static enum admission_step run(struct world *w, enum admission_step step)
{
    enum admission_step before = ADMISSION_STEPS;
    w->steps = 0;
    while (admission_asks(step)) {
        wsl_assert(step != before && ++w->steps <= STEPS_MAX);
        before = step;
        enum reason verdict = do_step(w, step);
        bool head_released = step > ADMISSION_KEEP_HEAD;
        const struct admission_facts route_only = {.route = w->facts.route};
        step = admission_resume(&w->admission, head_released ? &route_only : &w->facts, verdict);
    }
    wsl_assert((step == ADMISSION_REFUSED) == (w->admission.reason != REASON_none));
    return step;
}

static bool is_denied(const struct world *w, const struct config_cidrs *deny)
{
    return w->client.known && access_is_in_ranges(deny, w->client.ip.address);
}

static void check_admitted(const struct world *w)
{
    const struct admission *admission = &w->admission;
    bool over_limit = is_limit((enum reason)admission->verdict);
    wsl_assert(admission->verdict == REASON_none || over_limit);
    wsl_assert(!over_limit || (w->route->health == CONFIG_HEALTH_LIVE && !admission->is_upgrade));
    wsl_assert(over_limit || !w->refused_now);
    wsl_assert(over_limit || !is_denied(w, &w->listener.deny));
    wsl_assert(!is_denied(w, &w->route->deny));
    wsl_assert(!admission->is_upgrade || w->route->kind == CONFIG_KIND_BRIDGE);
    wsl_assert(w->body_read == (!admission->is_upgrade && w->facts.head->has_body));
    wsl_assert(over_limit || !w->client.known || admission->terms.operators || w->in_address);
}

static void send_request(struct world *w)
{
    static const struct slice origin = {"https://other.example", 21};
    uint8_t what = take(w), how = take(w);
    struct http_head head = {.method = slice_of(methods[how & 3]), .host = SLICE("desk.example")};
    if (how & 4)
        head.fields[head.field_count++] =
            (struct http_field){SLICE("X-Forwarded-For"), slice_of(addresses[how >> 3 & 3])};
    if (how & 32)
        head.fields[head.field_count++] = (struct http_field){SLICE("Origin"), origin};
    if (how & 64)
        head.fields[head.field_count++] = (struct http_field){SLICE("Upgrade"), SLICE("websocket")};
    if (how & 128)
        head.fields[head.field_count++] =
            (struct http_field){SLICE("Forwarded"), SLICE("for=192.0.2.1")};
    head.has_body = (what & 16) != 0;
    if (what & 32)
        head.fields[head.field_count++] =
            (struct http_field){SLICE("Content-Type"), SLICE("application/x-www-form-urlencoded")};
    w->route = &routes[what % WSL_COUNT(routes)];
    w->facts.head = &head;
    w->facts.route = NULL;
    w->refused_now = w->body_read = false;
    enum admission_step step = run(w, admission_request(&w->admission, &w->facts));
    wsl_assert(step == ADMISSION_ADMITTED || step == ADMISSION_REFUSED);
    if (step == ADMISSION_ADMITTED)
        check_admitted(w);
    wsl_assert(!w->admission.is_upgrade || !(how & 32) || step == ADMISSION_REFUSED);
    w->facts.head = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = {.data = data, .end = data + size};
    uint8_t kind = take(&w);
    struct admission_terms terms = {
        .listener = &w.listener,
        .operators = (kind & 1) != 0,
        .serves_liveness = (kind & 2) != 0,
        .over_limit = (kind & 7) == 6, /* a client listener that serves liveness */
    };
    if (kind & 8)
        w.listener.trusted_proxies = (struct config_cidrs){&nets[0], 1};
    if (kind & 16)
        w.listener.deny = (struct config_cidrs){&nets[1], 1};
    set_client(&w, kind >> 5);
    w.in_late = terms.over_limit;
    w.facts = (struct admission_facts){.client = &w.client, .tls = size % 2 == 1};
    enum admission_step step = run(&w, admission_begin(&w.admission, &terms));
    if (step == ADMISSION_AWAIT_CLIENT)
        step = run(&w, admission_client(&w.admission, &w.facts));
    wsl_assert(step == ADMISSION_AWAIT_HEAD || step == ADMISSION_REFUSED);
    bool refused = step == ADMISSION_REFUSED;
    while (w.data < w.end) {
        send_request(&w);
        bool over_limit = is_limit((enum reason)w.admission.verdict);
        wsl_assert(!refused || over_limit || w.admission.step == ADMISSION_REFUSED);
    }
    return 0;
}
