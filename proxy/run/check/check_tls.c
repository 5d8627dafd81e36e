#include "run/check/check_tls.h"

#include <time.h>

#include "net/tls/context/tls_ctx.h"
#include "net/tls/context/tls_store.h"
#include "serve/target/target_pool.h"

#define TEXT_MAX 1024
#define DAY_S    86400

static struct option_ref certificate_ref(size_t listener, size_t index, const char *key)
{
    return (struct option_ref){
        .section = OPTIONS_CERTIFICATE, .key = key, .outer = listener, .inner = index};
}

static bool has_tls(const struct check *check, size_t listener)
{
    return check->config->listeners[listener].tls.mode != CONFIG_TLS_OFF &&
           !option_ref_is_faulty(check->names, OPTIONS_LISTENER, listener);
}

/* ---- listeners ---- */

/* Key and certificate are the only files; a bad policy has its own finding. */
static void check_pair(const struct check *check, struct tls_store *store, size_t listener,
                       size_t index, bool policy)
{
    const struct config_tls *tls = &check->config->listeners[listener].tls;
    struct config_certificate certificate = tls->certificates[index];
    struct config_tls alone = *tls;
    char text[TEXT_MAX] = "";
    const struct tls_error error = {.text = text, .size = sizeof(text)};
    struct option_ref option = certificate_ref(listener, index, "certificate");
    bool readable =
        check_path_reads(check, option, "certificate file", certificate.certificate, CHECK_FILE);
    if (certificate.key)
        readable = check_path_reads(check, certificate_ref(listener, index, "key"), "key file",
                                    certificate.key, CHECK_FILE) &&
                   readable;
    if (!readable)
        return;
    certificate.place = config_place_none;
    alone.certificates = &certificate;
    alone.certificate_count = 1;
    alone.client_verify = CONFIG_VERIFY_OFF;
    alone.ciphers = policy ? tls->ciphers : NULL;
    alone.suites = policy ? tls->suites : NULL;
    struct tls_ctx *ctx = tls_ctx_server(&alone, store, &error);
    if (!ctx)
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", text);
    tls_ctx_free(ctx);
}

static void check_listener(const struct check *check, struct tls_store *store, size_t index)
{
    const struct config_tls *tls = &check->config->listeners[index].tls;
    struct option_ref option = {.section = OPTIONS_TLS, .outer = index, .key = "client_ca"};
    char text[TEXT_MAX] = "";
    const struct tls_error error = {.text = text, .size = sizeof(text)};
    bool trusts = tls->client_verify != CONFIG_VERIFY_OFF && tls->client_ca;
    bool policy =
        !trusts || check_path_reads(check, option, "client CA file", tls->client_ca, CHECK_FILE);
    option.key = "client_crl";
    if (trusts && tls->client_crl &&
        !check_path_reads(check, option, "revocation file", tls->client_crl, CHECK_FILE))
        policy = false;
    if (policy && !tls_ctx_is_policy_good(tls, store, &error)) {
        policy = false;
        option.key = NULL;
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", text);
    }
    for (size_t i = 0; i < tls->certificate_count; i++)
        if (tls->certificates[i].certificate)
            check_pair(check, store, index, i, policy);
}

/* ---- targets ---- */

struct option_ref check_tls_target_ref(const struct check *check, const struct pool_target *target,
                                       const char *key)
{
    size_t route = (size_t)(target->route - check->config->routes);
    if (config_route_has_tokens(target->route))
        return (struct option_ref){.section = OPTIONS_TOKENS, .key = key, .outer = route};
    return (struct option_ref){.section = OPTIONS_TARGET,
                               .key = key,
                               .outer = route,
                               .inner = (size_t)(target->config - target->route->targets)};
}

static bool are_readable(const struct check *check, const struct pool_target *target)
{
    const struct {
        const char *key, *what, *path;
    } files[] = {
        {"ca", "CA file", target->config->ca},
        {"certificate", "certificate file", target->config->certificate},
        {"key", "key file", target->config->key},
    };
    bool readable = true;
    for (size_t i = 0; i < WSL_COUNT(files); i++)
        if (files[i].path)
            readable = check_path_reads(check, check_tls_target_ref(check, target, files[i].key),
                                        files[i].what, files[i].path, CHECK_FILE) &&
                       readable;
    return readable;
}

static void check_target(const struct check *check, struct tls_store *store,
                         struct pool_target *target)
{
    char text[TEXT_MAX] = "";
    const struct tls_error error = {.text = text, .size = sizeof(text)};
    size_t route = (size_t)(target->route - check->config->routes);
    if (!target->config->tls || option_ref_is_faulty(check->names, OPTIONS_ROUTE, route) ||
        !are_readable(check, target))
        return;
    target->tls = tls_ctx_client(target->config, store, &error);
    if (!target->tls)
        option_ref_report(check->names, check->diag, DIAG_ERROR,
                          check_tls_target_ref(check, target, NULL), NULL, "%s", text);
}

/* ---- expiry ---- */

static void print_validity(const struct check *check, const struct tls_store_certificate *one,
                           int64_t now)
{
    int64_t left = one->not_after - now;
    fprintf(check->out, "certificate %s%s%s%s: ", one->file, one->name[0] ? " (" : "", one->name,
            one->name[0] ? ")" : "");
    if (now < one->not_before)
        fprintf(check->out, "not valid yet\n");
    else if (left < 0)
        fprintf(check->out, "expired %lld days ago\n", (long long)(-left / DAY_S));
    else
        fprintf(check->out, "%lld day%s left\n", (long long)(left / DAY_S),
                left / DAY_S == 1 ? "" : "s");
}

/* Where the file is named first. */
static struct option_ref find_certificate(const struct check *check, const char *file)
{
    for (size_t i = 0; i < check->config->listener_count; i++) {
        const struct config_tls *tls = &check->config->listeners[i].tls;
        for (size_t j = 0; j < tls->certificate_count; j++)
            if (string_equal(tls->certificates[j].certificate, file))
                return certificate_ref(i, j, "certificate");
    }
    for (size_t i = 0; i < check->config->route_count; i++) {
        const struct config_route *route = &check->config->routes[i];
        if (config_route_has_tokens(route) && string_equal(route->tokens.target.certificate, file))
            return (struct option_ref){.section = OPTIONS_TOKENS, .key = "certificate", .outer = i};
        for (size_t j = 0; j < route->target_count; j++)
            if (string_equal(route->targets[j].certificate, file))
                return (struct option_ref){
                    .section = OPTIONS_TARGET, .key = "certificate", .outer = i, .inner = j};
    }
    return (struct option_ref){.section = OPTIONS_PROCESS};
}

static void check_expiry(const struct check *check, const struct tls_store *store)
{
    int64_t now = time(NULL);
    size_t count;
    char text[TEXT_MAX];
    const struct tls_store_certificate *all = tls_store_certificates(store, &count);
    for (size_t i = 0; i < count; i++) {
        print_validity(check, &all[i], now);
        if (tls_store_warning(&all[i], now, text, sizeof(text)) > 0)
            option_ref_report(check->names, check->diag, DIAG_WARNING,
                              find_certificate(check, all[i].file), NULL, "%s", text);
    }
}

/* ---- all ---- */

struct tls_store *check_tls_begin(const struct check *check, struct target_pool *pool)
{
    size_t count;
    struct tls_store *store = tls_store_create(NULL);
    if (!store) {
        diag_out_of_memory(check->diag);
        return NULL;
    }
    for (size_t i = 0; i < check->config->listener_count; i++)
        if (has_tls(check, i))
            check_listener(check, store, i);
    struct pool_target *targets = target_pool_targets(pool, &count);
    for (size_t i = 0; i < count; i++)
        check_target(check, store, &targets[i]);
    tls_store_seal(store);
    check_expiry(check, store);
    return store;
}

void check_tls_end(struct tls_store *store)
{
    tls_store_free(store);
}

static void check_renewal(const struct check *check, struct option_ref option, const char *path)
{
    char user[128];
    if (!path || check_path_is_readable(path))
        return;
    option_ref_report(check->names, check->diag, DIAG_WARNING, option,
                      "give it access, or restart after each renewal",
                      "%s may not read '%s', so a renewed certificate is not taken up",
                      check_path_user(check, user, sizeof(user)), path);
}

void check_tls_renewal(const struct check *check)
{
    for (size_t i = 0; i < check->config->listener_count; i++) {
        const struct config_tls *tls = &check->config->listeners[i].tls;
        for (size_t j = 0; has_tls(check, i) && j < tls->certificate_count; j++) {
            const struct config_certificate *pair = &tls->certificates[j];
            const char *key = pair->key ? "key" : "certificate";
            check_renewal(check, certificate_ref(i, j, key),
                          pair->key ? pair->key : pair->certificate);
        }
    }
}
