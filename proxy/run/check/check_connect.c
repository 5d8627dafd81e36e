#include "run/check/check_connect.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "net/connect/resolve.h"
#include "net/tls/context/tls_ctx.h"
#include "net/tls/context/tls_store.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "run/check/check_redis.h"
#include "run/check/check_tls.h"
#include "run/help/cli_reasons.h"
#include "serve/target/probe.h"
#include "serve/target/target_pool.h"

#define PARALLEL   16 /* probes at a time */
#define TIMEOUT_MS 10000
#define DAY_S      86400

struct probing;

struct check_target {
    struct probing *probing;
    struct pool_target *pooled;
    struct tls_ctx *unverified; /* of the second probe, which reads an untrusted certificate */
    struct probe_result result, unverified_result;
};

struct probing {
    const struct check *check;
    int64_t now; /* Unix time */
    struct target_pool *pool;
    struct check_target *targets;
    size_t count, next;
    struct watch_set watches;
    struct resolver *resolver;
    struct tls_scratch *scratch;
    struct check_redis *redis;
};

/* ---- probing ---- */

static void begin_next(struct probing *probing);

static void out_of_memory(struct probe_result *result)
{
    *result = (struct probe_result){.reason = REASON_out_of_memory, .detail = "out of memory"};
}

static void finish_target(struct check_target *target)
{
    tls_ctx_free(target->unverified);
    target->unverified = NULL;
    begin_next(target->probing);
}

static bool probe(struct check_target *target, struct tls_ctx *tls,
                  void (*callback)(void *owner, const struct probe_result *result))
{
    const struct config_target *config = target->pooled->config;
    struct probe_request request = {
        .watches = &target->probing->watches,
        .resolver = target->probing->resolver,
        .scratch = &target->probing->scratch,
        .target = config,
        .banner = target_pool_banner(target->pooled),
        .tls = tls,
        .proxy = target->pooled->proxy,
        .timeout_ms = TIMEOUT_MS,
        .callback = callback,
        .owner = target,
    };
    return probe_start(&request) != NULL;
}

static void probed_unverified_cb(void *owner, const struct probe_result *result)
{
    struct check_target *target = owner;
    target->unverified_result = *result;
    finish_target(target);
}

/* Connects again without verification, to name the certificate. False: it cannot start. */
static bool probe_unverified(struct check_target *target)
{
    char text[256];
    struct tls_error error = {.text = text, .size = sizeof(text)};
    struct config_target insecure = *target->pooled->config;
    insecure.insecure = true;
    insecure.pins = (struct config_texts){0};
    struct tls_store *store = tls_store_create(NULL);
    if (!store)
        return false;
    target->unverified = tls_ctx_client(&insecure, store, &error);
    tls_store_free(store);
    return target->unverified && probe(target, target->unverified, probed_unverified_cb);
}

static void probed_cb(void *owner, const struct probe_result *result)
{
    struct check_target *target = owner;
    target->result = *result;
    if (result->reason != REASON_target_untrusted || !probe_unverified(target))
        finish_target(target);
}

/* One that needs a TLS context and has none is a finding already. */
static bool is_tried(const struct check_target *target)
{
    const struct pool_target *pooled = target->pooled;
    return !pooled->varies && (!pooled->config->tls || pooled->tls);
}

static void begin_next(struct probing *probing)
{
    while (probing->next < probing->count) {
        struct check_target *target = &probing->targets[probing->next++];
        if (!is_tried(target))
            continue;
        if (probe(target, target->pooled->tls, probed_cb))
            return;
        out_of_memory(&target->result);
    }
}

/* ---- printing ---- */

/* "; certificate of desk.example.com, 89 days left" */
static void print_certificate(const struct probing *probing, const struct tls_facts *tls,
                              char *text, size_t size)
{
    int64_t left = tls->not_after - probing->now;
    text[0] = '\0';
    if (tls->certificate)
        snprintf(text, size,
                 left < 0 ? "; certificate of %s, expired %lld days ago"
                          : "; certificate of %s, %lld days left",
                 tls->common_name[0] ? tls->common_name : "no name",
                 (long long)((left < 0 ? -left : left) / DAY_S));
}

static void print_success(const struct probing *probing, const struct check_target *target,
                          const char *where)
{
    const struct probe_result *result = &target->result;
    FILE *out = probing->check->out;
    char certificate[400];
    print_certificate(probing, &result->tls, certificate, sizeof(certificate));
    fprintf(out, "target %s: connected in %llu ms", where, (unsigned long long)result->took_ms);
    if (result->tls.version)
        fprintf(out, ", %s", result->tls.version);
    fprintf(out, "%s", certificate);
    if (result->tls.certificate)
        fprintf(out, result->tls.verified ? ", verified" : ", not verified");
    fputc('\n', out);
}

static void report_failure(const struct probing *probing, const struct check_target *target,
                           const char *where)
{
    const struct check *check = probing->check;
    char certificate[400], user[128], remedy[128];
    const char *detail = target->result.detail;
    size_t length = strlen(where);
    if (strncmp(detail, where, length) == 0 && strncmp(detail + length, ": ", 2) == 0)
        detail += length + 2;
    print_certificate(probing, &target->unverified_result.tls, certificate, sizeof(certificate));
    bool denied = strstr(detail, strerror(EACCES)) != NULL;
    check_path_user(check, user, sizeof(user));
    cli_reasons_remedy(target->result.reason, remedy, sizeof(remedy));
    option_ref_report(check->names, check->diag, DIAG_ERROR,
                      check_tls_target_ref(check, target->pooled, NULL), remedy,
                      "target %s: %s%s%s%s", where, detail, denied ? " for " : "",
                      denied ? user : "", certificate);
}

static void report(const struct probing *probing, const struct check_target *target)
{
    char where[128];
    (void)target_pool_target_name(target->pooled, where, sizeof(where));
    if (target->pooled->varies)
        fprintf(probing->check->out, "target %s: depends on the request; not tried\n", where);
    else if (!is_tried(target))
        return;
    else if (target->result.reason == REASON_none)
        print_success(probing, target, where);
    else
        report_failure(probing, target, where);
}

/* ---- running the probes ---- */

static bool list_targets(struct probing *probing)
{
    struct pool_target *pooled = target_pool_targets(probing->pool, &probing->count);
    probing->targets = calloc(probing->count + 1, sizeof(*probing->targets));
    for (size_t i = 0; probing->targets && i < probing->count; i++)
        probing->targets[i] = (struct check_target){.probing = probing, .pooled = &pooled[i]};
    return probing->targets != NULL;
}

/* Only probes keep the loop alive, so that it ends with the last of them. */
static bool probe_all_on(struct probing *probing, uv_loop_t *loop)
{
    struct work_pool pool;
    struct mailbox mailbox;
    struct work_lane lane = {&pool, loop, &mailbox};
    if (!work_pool_open(&pool))
        return false;
    struct lookup_table *lookups = lookup_table_create();
    bool open = lookups && watch_set_open(&probing->watches, loop);
    bool posts = open && mailbox_open(&mailbox, loop, probing);
    probing->resolver = posts ? resolve_create(&lane, lookups) : NULL;
    bool ready = probing->resolver && list_targets(probing);
    if (posts)
        uv_unref((uv_handle_t *)&mailbox.wake);
    if (ready) {
        watch_set_unref(&probing->watches);
        const struct token_loop shared = {
            .lane = &lane,
            .dial = {&probing->watches, probing->resolver, &probing->scratch, NULL},
        };
        probing->redis = check_redis_begin(probing->check, &shared);
        for (size_t i = 0; i < PARALLEL; i++)
            begin_next(probing);
        uv_run(loop, UV_RUN_DEFAULT);
    }
    resolve_close(probing->resolver);
    if (posts)
        mailbox_close(&mailbox);
    if (open)
        watch_set_close(&probing->watches);
    uv_run(loop, UV_RUN_DEFAULT);
    if (posts)
        mailbox_free(&mailbox);
    lookup_table_free(lookups);
    work_pool_close(&pool);
    return ready;
}

static bool probe_all(struct probing *probing)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0)
        return false;
    bool ready = probe_all_on(probing, &loop);
    wsl_assert(uv_loop_close(&loop) == 0);
    tls_scratch_free(probing->scratch);
    return ready;
}

void check_connect_run(const struct check *check, struct target_pool *pool)
{
    struct probing probing = {.check = check, .now = time(NULL), .pool = pool};
    if (!probe_all(&probing))
        option_ref_report(check->names, check->diag, DIAG_ERROR,
                          (struct option_ref){.section = OPTIONS_PROCESS}, NULL,
                          "targets were not tried: out of memory or descriptors");
    for (size_t i = 0; probing.targets && i < probing.count; i++)
        report(&probing, &probing.targets[i]);
    check_redis_end(probing.redis);
    free(probing.targets);
}
