/*
 * A caller of admission that answers each step with the verdict that the test has set, and records
 * the steps.
 *
 * Owns: nothing. Thread: one. Errors: the test fails. Lifetime: the caller's.
 */
#ifndef WSLUICE_TESTS_ADMISSION_LAB_H
#define WSLUICE_TESTS_ADMISSION_LAB_H

#include "core/session/admission.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct config_cidr ten[] = {{{[10] = 0xFF, [11] = 0xFF, [12] = 10}, 104}};
static const struct config_cidrs net_ten = {ten, WSL_COUNT(ten)};

static struct config_target target = {.address.host = "127.0.0.1"};
static const struct config_route bridge = {
    .kind = CONFIG_KIND_BRIDGE, .targets = &target, .target_count = 1};
static const struct config_route tokens = {.kind = CONFIG_KIND_BRIDGE,
                                           .tokens = {.file = "/tokens"}};
static struct config_auth methods[1];
static const struct config_route guarded = {.kind = CONFIG_KIND_BRIDGE,
                                            .tokens = {.file = "/tokens"},
                                            .auth = {.methods = methods, .count = 1}};
static const struct config_route guarded_files = {
    .kind = CONFIG_KIND_FILES, .files = {.root = "/srv"}, .auth = {.methods = methods, .count = 1}};
static struct config_auth page_methods[1] = {{.login = {.users = "/users"}}};
static const struct config_route login_files = {.kind = CONFIG_KIND_FILES,
                                                .files = {.root = "/srv"},
                                                .auth = {.methods = page_methods, .count = 1}};
static const struct config_route login_bridge = {.kind = CONFIG_KIND_BRIDGE,
                                                 .targets = &target,
                                                 .target_count = 1,
                                                 .auth = {.methods = page_methods, .count = 1}};
static const struct config_route demo = {
    .kind = CONFIG_KIND_BRIDGE, .targets = &target, .target_count = 1, .demo = true};
static const struct config_route with_files = {
    .kind = CONFIG_KIND_BRIDGE, .targets = &target, .target_count = 1, .files = {.root = "/srv"}};
static const struct config_route files = {.kind = CONFIG_KIND_FILES, .files = {.root = "/srv"}};
static const struct config_route status = {.kind = CONFIG_KIND_STATUS};
static const struct config_route metrics = {.kind = CONFIG_KIND_METRICS};
static const struct config_route live = {.kind = CONFIG_KIND_HEALTH, .health = CONFIG_HEALTH_LIVE};
static const struct config_route ready = {.kind = CONFIG_KIND_HEALTH,
                                          .health = CONFIG_HEALTH_READY};

struct caller {
    struct config_listener listener;
    struct admission_terms terms;
    struct client_address client;
    struct http_head head;
    bool tls;
    const struct config_route *route; /* the result of FIND_ROUTE */
    enum reason verdicts[ADMISSION_STEPS];
    struct admission admission;
    enum admission_step step;
    char steps[256];
};

static const char *const names[ADMISSION_STEPS] = {
    "connection", "late",  "leave",    "address",    "route",       "upgrade",  "keep",    "body",
    "auth",       "token", "sessions", "[a client]", "[a request]", "admitted", "refused",
};

static inline void set_client(struct caller *caller, const char *address)
{
    caller->client = (struct client_address){.known = address != NULL};
    if (address)
        assert_true(ip_parse(slice_of(address), caller->client.ip.address));
}

static inline struct caller new_caller(void)
{
    struct caller caller = {
        .head = {.method = SLICE("GET"), .host = SLICE("desk.example"), .minor_version = 1},
        .route = &bridge,
    };
    set_client(&caller, "192.0.2.1");
    return caller;
}

static inline void add_field(struct caller *caller, const char *name, const char *value)
{
    caller->head.fields[caller->head.field_count++] =
        (struct http_field){slice_of(name), slice_of(value)};
}

static inline struct admission_facts facts_of(struct caller *caller, bool head)
{
    return (struct admission_facts){
        .client = &caller->client,
        .tls = caller->tls,
        .head = head ? &caller->head : NULL,
    };
}

static inline void record_step(struct caller *caller, enum admission_step step)
{
    size_t length = strlen(caller->steps);
    snprintf(caller->steps + length, sizeof(caller->steps) - length, "%s%s", length > 0 ? " " : "",
             names[step]);
}

static inline void run(struct caller *caller, enum admission_step step, bool head)
{
    struct admission_facts facts = facts_of(caller, head);
    for (;; step = admission_resume(&caller->admission, &facts, caller->verdicts[step])) {
        record_step(caller, step);
        assert_int_equal(caller->admission.step, step);
        if (!admission_asks(step))
            break;
        if (step == ADMISSION_FIND_ROUTE && caller->verdicts[step] == REASON_none)
            facts.route = caller->route;
    }
    caller->step = step;
}

static inline void accept_one(struct caller *caller)
{
    caller->terms.listener = &caller->listener;
    run(caller, admission_begin(&caller->admission, &caller->terms), false);
}

static inline void client_known(struct caller *caller)
{
    struct admission_facts facts = facts_of(caller, false);
    run(caller, admission_client(&caller->admission, &facts), false);
}

static inline void request(struct caller *caller)
{
    struct admission_facts facts = facts_of(caller, true);
    run(caller, admission_request(&caller->admission, &facts), true);
}

/* A connection with one request, from accept on. */
static inline void run_all(struct caller *caller)
{
    accept_one(caller);
    if (caller->step == ADMISSION_AWAIT_CLIENT)
        client_known(caller);
    if (caller->step == ADMISSION_AWAIT_HEAD)
        request(caller);
}

static inline void assert_steps(struct caller *caller, const char *steps)
{
    assert_string_equal(caller->steps, steps);
    caller->steps[0] = '\0';
}

static inline void assert_refused(const struct caller *caller, enum reason reason)
{
    assert_int_equal(caller->step, ADMISSION_REFUSED);
    assert_int_equal(caller->admission.reason, reason);
}

static inline void assert_run(struct caller *caller, const char *steps)
{
    run_all(caller);
    assert_steps(caller, steps);
}

static inline struct caller behind_proxy(void)
{
    struct caller caller = new_caller();
    set_client(&caller, "10.0.0.1");
    caller.listener.trusted_proxies = net_ten;
    caller.route = &files;
    return caller;
}

#endif
