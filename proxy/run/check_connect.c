#include "run/check_connect.h"

#include <time.h>

#include "net/addr.h"
#include "net/connect/resolve.h"
#include "net/tls/context/tls_ctx.h"
#include "net/tls/context/tls_store.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "serve/files/files.h"
#include "serve/site/site_resources.h"
#include "serve/target/probe.h"
#include "serve/target/target_pool.h"
#include "serve/tokens/token_store.h"

#define PARALLEL   16 /* probes at a time */
#define TIMEOUT_MS 10000
#define DAY_S      86400

struct check;

struct check_target {
    struct check *check;
    struct pool_target *pooled;
    struct tls_ctx *unverified; /* of the second probe, which reads an untrusted certificate */
    struct probe_result result, unverified_result;
};

struct check {
    FILE *out;
    int64_t now; /* Unix time */
    struct site_resources *resources;
    struct check_target *targets;
    size_t count, next;
    struct watch_set watches;
    struct resolver *resolver;
    struct tls_scratch *scratch;
};

/* ---- probing ---- */

static void begin_next(struct check *check);

static void out_of_memory(struct probe_result *result)
{
    *result = (struct probe_result){.reason = REASON_out_of_memory, .detail = "out of memory"};
}

static void finish_target(struct check_target *target)
{
    tls_ctx_free(target->unverified);
    target->unverified = NULL;
    begin_next(target->check);
}

static bool probe(struct check_target *target, struct tls_ctx *tls,
                  void (*callback)(void *owner, const struct probe_result *result))
{
    const struct config_target *config = target->pooled->config;
    struct probe_request request = {
        .watches = &target->check->watches,
        .resolver = target->check->resolver,
        .scratch = &target->check->scratch,
        .target = config,
        .banner = config->probe == CONFIG_PROBE_BANNER ? config->banner : NULL,
        .tls = tls,
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

static void begin_next(struct check *check)
{
    while (check->next < check->count) {
        struct check_target *target = &check->targets[check->next++];
        if (!target->pooled->varies && probe(target, target->pooled->tls, probed_cb))
            return;
        out_of_memory(&target->result);
    }
}

/* ---- printing ---- */

static void print_days(struct check *check, int64_t not_after)
{
    int64_t left = not_after - check->now;
    if (left < 0)
        fprintf(check->out, "expired %lld days ago", (long long)(-left / DAY_S));
    else
        fprintf(check->out, "%lld days left", (long long)(left / DAY_S));
}

static void print_certificate(struct check *check, const struct tls_facts *tls)
{
    fprintf(check->out, "; certificate of %s, ",
            tls->common_name[0] ? tls->common_name : "no name");
    print_days(check, tls->not_after);
}

static bool print_target(struct check *check, const struct check_target *target)
{
    const struct probe_result *result = &target->result;
    char where[128];
    fprintf(check->out,
            "target %s: ", target_pool_target_name(target->pooled, where, sizeof(where)));
    if (target->pooled->varies) {
        fprintf(check->out, "depends on the request; not tried\n");
        return true;
    }
    if (result->reason == REASON_none) {
        fprintf(check->out, "connected in %llu ms", (unsigned long long)result->took_ms);
        if (result->tls.version)
            fprintf(check->out, ", %s", result->tls.version);
        if (result->tls.certificate) {
            print_certificate(check, &result->tls);
            fprintf(check->out, result->tls.verified ? ", verified" : ", not verified");
        }
    } else {
        fprintf(check->out, "failed: %s", result->detail);
        if (target->unverified_result.tls.certificate)
            print_certificate(check, &target->unverified_result.tls);
    }
    fputc('\n', check->out);
    return result->reason == REASON_none;
}

static bool print_files(const struct check *check, const struct config *config)
{
    bool good = true;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        char error[1024];
        if (!route->files.root)
            continue;
        struct files *files = files_create(route, error, sizeof(error));
        bool readable = files && files_are_readable(files, error, sizeof(error));
        if (readable)
            fprintf(check->out, "files %s: readable\n", route->files.root);
        else
            fprintf(check->out, "error: %s\n", error);
        good = good && readable;
        files_free(files);
    }
    return good;
}

static bool print_tokens(const struct check *check, const struct config *config)
{
    bool good = true;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_tokens *tokens = &config->routes[i].tokens;
        char text[1024];
        if (!tokens->file)
            continue;
        struct token_store *store = token_store_create(tokens, text, sizeof(text));
        bool readable = store && token_store_describe(store, text, sizeof(text));
        fprintf(check->out, "%s\n", text);
        good = good && readable;
        token_store_release(store);
    }
    return good;
}

static bool print_listeners(struct check *check)
{
    size_t count;
    bool good = true;
    const struct tls_store_certificate *all =
        tls_store_certificates(check->resources->store, &count);
    for (size_t i = 0; i < count; i++) {
        char warning[512];
        bool warned = tls_store_warning(&all[i], check->now, warning, sizeof(warning)) > 0;
        bool valid = all[i].not_before <= check->now && check->now < all[i].not_after;
        fprintf(check->out, "certificate %s", all[i].file);
        if (all[i].name[0])
            fprintf(check->out, " (%s)", all[i].name);
        fprintf(check->out, ": ");
        print_days(check, all[i].not_after);
        fputc('\n', check->out);
        if (warned)
            fprintf(check->out, "warning: %s\n", warning);
        good = good && valid && !all[i].denied; /* one that expires soon is still valid */
    }
    return good;
}

/* ---- running the checks ---- */

static bool list_targets(struct check *check)
{
    struct pool_target *pooled = target_pool_targets(check->resources->pool, &check->count);
    check->targets = calloc(check->count + 1, sizeof(*check->targets));
    for (size_t i = 0; check->targets && i < check->count; i++)
        check->targets[i] = (struct check_target){.check = check, .pooled = &pooled[i]};
    return check->targets != NULL;
}

/* Only probes keep the loop alive, so that it ends with the last of them. */
static bool probe_all_on(struct check *check, uv_loop_t *loop)
{
    struct work_pool pool;
    struct mailbox mailbox;
    struct work_lane lane = {&pool, loop, &mailbox};
    if (!work_pool_open(&pool))
        return false;
    struct lookup_table *lookups = lookup_table_create();
    bool open = lookups && watch_set_open(&check->watches, loop);
    bool posts = open && mailbox_open(&mailbox, loop, check);
    check->resolver = posts ? resolve_create(&lane, lookups) : NULL;
    bool ready = check->resolver && list_targets(check);
    if (posts)
        uv_unref((uv_handle_t *)&mailbox.wake);
    if (ready) {
        uv_unref((uv_handle_t *)&check->watches.poll);
        for (size_t i = 0; i < PARALLEL; i++)
            begin_next(check);
        uv_run(loop, UV_RUN_DEFAULT);
    }
    resolve_close(check->resolver);
    if (posts)
        mailbox_close(&mailbox);
    if (open)
        watch_set_close(&check->watches);
    uv_run(loop, UV_RUN_DEFAULT);
    if (posts)
        mailbox_free(&mailbox);
    lookup_table_free(lookups);
    work_pool_close(&pool);
    return ready;
}

static bool probe_all(struct check *check)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0)
        return false;
    bool ready = probe_all_on(check, &loop);
    wsl_assert(uv_loop_close(&loop) == 0);
    tls_scratch_free(check->scratch);
    return ready;
}

bool check_connect_run(const struct config *config, FILE *out)
{
    char error[1024];
    struct check check = {.out = out, .now = time(NULL)};
    check.resources = site_resources_create(config, NULL, error, sizeof(error));
    if (!check.resources) {
        fprintf(out, "error: %s\n%s: not ok; the rest was not checked\n", error, config->file);
        return false;
    }
    bool good = probe_all(&check);
    if (!good)
        fprintf(out, "out of memory or descriptors\n");
    for (size_t i = 0; check.targets && i < check.count; i++)
        good = print_target(&check, &check.targets[i]) && good;
    good = print_files(&check, config) && good;
    good = print_tokens(&check, config) && good;
    good = print_listeners(&check) && good;
    fprintf(out, good ? "%s: ok\n" : "%s: not ok, see above\n", config->file);
    free(check.targets);
    site_resources_free(check.resources);
    return good;
}
