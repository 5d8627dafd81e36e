#include "run/check_connect.h"

#include <time.h>

#include "net/addr.h"
#include "serve/files/files.h"
#include "serve/site/site_resources.h"
#include "serve/target/probe.h"
#include "serve/tokens/token_store.h"

#define AT_ONCE    16 /* probes under way */
#define TIMEOUT_MS 10000
#define DAY_S      86400

struct survey;

struct visit {
    struct survey *survey;
    struct pool_target *target;
    struct tls_ctx *unverified; /* the second look, at a certificate that is not trusted */
    struct probe_result result, second;
};

struct survey {
    FILE *out;
    int64_t now; /* Unix time */
    struct site_resources *resources;
    struct visit *visits;
    size_t count, next;
    struct watch_set watches;
    struct resolver *names;
    struct tls_scratch *scratch;
};

/* ---- looking ---- */

static void begin_next(struct survey *survey);

static void out_of_memory(struct probe_result *result)
{
    *result = (struct probe_result){.reason = REASON_out_of_memory, .detail = "out of memory"};
}

static void finish_visit(struct visit *visit)
{
    tls_ctx_release(visit->unverified);
    visit->unverified = NULL;
    begin_next(visit->survey);
}

static bool look(struct visit *visit, struct tls_ctx *tls,
                 void (*callback)(void *owner, const struct probe_result *result))
{
    const struct config_target *target = visit->target->config;
    struct probe_request request = {
        .watches = &visit->survey->watches,
        .names = visit->survey->names,
        .scratch = &visit->survey->scratch,
        .target = target,
        .banner = target->probe == CONFIG_PROBE_BANNER ? target->banner : NULL,
        .tls = tls,
        .timeout_ms = TIMEOUT_MS,
        .callback = callback,
        .owner = visit,
    };
    return probe_start(&request) != NULL;
}

static void looked_twice_cb(void *owner, const struct probe_result *result)
{
    struct visit *visit = owner;
    visit->second = *result;
    finish_visit(visit);
}

/* False: there is no second look. */
static bool look_again(struct visit *visit)
{
    char text[256];
    struct tls_error error = {.text = text, .size = sizeof(text)};
    struct config_target target = *visit->target->config;
    target.insecure = true;
    struct tls_store *store = tls_store_create(NULL);
    if (!store)
        return false;
    visit->unverified = tls_ctx_client(&target, store, &error);
    tls_store_free(store);
    return visit->unverified && look(visit, visit->unverified, looked_twice_cb);
}

static void looked_cb(void *owner, const struct probe_result *result)
{
    struct visit *visit = owner;
    visit->result = *result;
    if (result->reason != REASON_target_untrusted || !look_again(visit))
        finish_visit(visit);
}

static void begin_next(struct survey *survey)
{
    while (survey->next < survey->count) {
        struct visit *visit = &survey->visits[survey->next++];
        if (!visit->target->varies && look(visit, visit->target->tls, looked_cb))
            return;
        out_of_memory(&visit->result);
    }
}

/* ---- telling ---- */

static void tell_days(struct survey *survey, int64_t not_after)
{
    int64_t left = not_after - survey->now;
    if (left < 0)
        fprintf(survey->out, "expired %lld days ago", (long long)(-left / DAY_S));
    else
        fprintf(survey->out, "%lld days left", (long long)(left / DAY_S));
}

static void tell_certificate(struct survey *survey, const struct tls_facts *tls)
{
    fprintf(survey->out, "; certificate of %s, ",
            tls->common_name[0] ? tls->common_name : "no name");
    tell_days(survey, tls->not_after);
}

static bool tell_target(struct survey *survey, const struct visit *visit)
{
    const struct probe_result *result = &visit->result;
    char where[128];
    fprintf(survey->out, "target %s: ", pool_target_name(visit->target, where, sizeof(where)));
    if (visit->target->varies) {
        fprintf(survey->out, "depends on the request; not tried\n");
        return true;
    }
    if (result->reason == REASON_none) {
        fprintf(survey->out, "connected in %llu ms", (unsigned long long)result->took_ms);
        if (result->tls.version)
            fprintf(survey->out, ", %s", result->tls.version);
        if (result->tls.certificate) {
            tell_certificate(survey, &result->tls);
            fprintf(survey->out, result->tls.verified ? ", verified" : ", not verified");
        }
    } else {
        fprintf(survey->out, "failed: %s", result->detail);
        if (visit->second.tls.certificate)
            tell_certificate(survey, &visit->second.tls);
    }
    fputc('\n', survey->out);
    return result->reason == REASON_none;
}

static bool tell_files(const struct survey *survey, const struct config *config)
{
    bool good = true;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        char error[1024];
        if (!route->files.root)
            continue;
        struct files *files = files_create(route, error, sizeof(error));
        bool readable = files && files_readable(files, error, sizeof(error));
        if (readable)
            fprintf(survey->out, "files %s: readable\n", route->files.root);
        else
            fprintf(survey->out, "error: %s\n", error);
        good = good && readable;
        files_free(files);
    }
    return good;
}

static bool tell_tokens(const struct survey *survey, const struct config *config)
{
    bool good = true;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_tokens *tokens = &config->routes[i].tokens;
        char text[1024];
        if (!tokens->file)
            continue;
        struct token_store *store = token_store_create(tokens, text, sizeof(text));
        bool readable = store && token_store_describe(store, text, sizeof(text));
        fprintf(survey->out, "%s\n", text);
        good = good && readable;
        token_store_release(store);
    }
    return good;
}

static bool tell_listeners(struct survey *survey)
{
    size_t count;
    bool good = true;
    const struct tls_store_certificate *all =
        tls_store_certificates(survey->resources->store, &count);
    for (size_t i = 0; i < count; i++) {
        char warning[512];
        bool warned = tls_store_warning(&all[i], survey->now, warning, sizeof(warning)) > 0;
        bool holds = all[i].not_before <= survey->now && survey->now < all[i].not_after;
        fprintf(survey->out, "certificate %s", all[i].file);
        if (all[i].name[0])
            fprintf(survey->out, " (%s)", all[i].name);
        fprintf(survey->out, ": ");
        tell_days(survey, all[i].not_after);
        fputc('\n', survey->out);
        if (warned)
            fprintf(survey->out, "warning: %s\n", warning);
        good = good && holds && !all[i].denied; /* one that ends soon holds still */
    }
    return good;
}

/* ---- the whole ---- */

static bool make_visits(struct survey *survey)
{
    struct pool_target *targets = pool_targets(survey->resources->pool, &survey->count);
    survey->visits = calloc(survey->count + 1, sizeof(*survey->visits));
    for (size_t i = 0; survey->visits && i < survey->count; i++)
        survey->visits[i] = (struct visit){.survey = survey, .target = &targets[i]};
    return survey->visits != NULL;
}

/* Everything that keeps the loop going is a probe, so it ends with the last of them. */
static bool visit_all_on(struct survey *survey, uv_loop_t *loop)
{
    struct work_pool pool;
    struct mailbox mailbox;
    struct work_lane lane = {&pool, loop, &mailbox};
    if (!work_pool_open(&pool))
        return false;
    struct lookup_table *lookups = lookup_table_create();
    bool open = lookups && watch_set_open(&survey->watches, loop);
    bool posts = open && mailbox_open(&mailbox, loop, survey);
    survey->names = posts ? resolve_create(&lane, lookups) : NULL;
    bool ready = survey->names && make_visits(survey);
    if (posts)
        uv_unref((uv_handle_t *)&mailbox.wake);
    if (ready) {
        uv_unref((uv_handle_t *)&survey->watches.poll);
        for (size_t i = 0; i < AT_ONCE; i++)
            begin_next(survey);
        uv_run(loop, UV_RUN_DEFAULT);
    }
    resolve_close(survey->names);
    if (posts)
        mailbox_close(&mailbox);
    if (open)
        watch_set_close(&survey->watches);
    uv_run(loop, UV_RUN_DEFAULT);
    if (posts)
        mailbox_free(&mailbox);
    lookup_table_free(lookups);
    work_pool_close(&pool);
    return ready;
}

static bool visit_all(struct survey *survey)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0)
        return false;
    bool ready = visit_all_on(survey, &loop);
    wsl_assert(uv_loop_close(&loop) == 0);
    tls_scratch_free(survey->scratch);
    return ready;
}

bool check_connect_run(const struct config *config, FILE *out)
{
    char error[1024];
    struct survey survey = {.out = out, .now = time(NULL)};
    survey.resources = site_resources_create(config, NULL, error, sizeof(error));
    if (!survey.resources) {
        fprintf(out, "error: %s\n%s: not ok; the rest was not looked at\n", error, config->file);
        return false;
    }
    bool good = visit_all(&survey);
    if (!good)
        fprintf(out, "out of memory or descriptors\n");
    for (size_t i = 0; survey.visits && i < survey.count; i++)
        good = tell_target(&survey, &survey.visits[i]) && good;
    good = tell_files(&survey, config) && good;
    good = tell_tokens(&survey, config) && good;
    good = tell_listeners(&survey) && good;
    fprintf(out, good ? "%s: ok\n" : "%s: not ok, see above\n", config->file);
    free(survey.visits);
    site_resources_free(survey.resources);
    return good;
}
