#include "net/tls/context/tls_ctx.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls/context/tls_certificates.h"
#include "net/tls/context/tls_resume.h"
#include "net/tls/context/tls_settings.h"
#include "net/tls/trust/tls_pins.h"

struct tls_ctx {
    bool is_server;
    SSL_CTX *ssl; /* a server's has the default certificates */
    /* Client only. */
    char *server_name;     /* owned; with a host name: what SNI says. NULL for an address */
    struct tls_pins *pins; /* owned; NULL: any key */
    /* Server only. */
    struct tls_tickets *tickets;
    struct tls_certificates certificates;
};

/* ---- policy ---- */

/* RFC 7301, section 3.2: an alert if the client offers only other protocols. */
static int alpn_cb(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                   const unsigned char *in, unsigned in_length, void *data)
{
    static const char http_1_1[] = "http/1.1";
    const size_t length = sizeof(http_1_1) - 1;
    for (unsigned at = 0; at < in_length; at += 1U + in[at]) {
        if (in[at] != length || memcmp(in + at + 1, http_1_1, length) != 0)
            continue;
        *out = in + at + 1;
        *out_length = in[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* RFC 6066, section 3: acknowledges the client's SNI. */
static int server_name_cb(SSL *ssl, int *alert, void *data)
{
    return SSL_TLSEXT_ERR_OK;
}

/* ---- a server ---- */

/* Contents of files; empty where there is none. */
struct client_files {
    struct tls_bytes ca, crl;
};

static bool read_client_files(const struct config_tls *config, struct tls_store *store,
                              struct client_files *files, const struct tls_error *error)
{
    *files = (struct client_files){0};
    if (config->client_verify == CONFIG_VERIFY_OFF)
        return true;
    return (!config->client_ca ||
            tls_store_read(store, "client CA", config->client_ca, &files->ca, error)) &&
           (!config->client_crl ||
            tls_store_read(store, "revocation", config->client_crl, &files->crl, error));
}

static void free_client_files(struct client_files *files)
{
    tls_files_free_bytes(&files->ca);
    tls_files_free_bytes(&files->crl);
}

static bool set_client_verify(SSL_CTX *ssl, const struct config_tls *config,
                              const struct client_files *files, const struct tls_error *error)
{
    if (config->client_verify == CONFIG_VERIFY_OFF)
        return true;
    int mode = SSL_VERIFY_PEER;
    if (config->client_verify == CONFIG_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ssl, mode, NULL);
    return tls_settings_trust(ssl, config->client_ca, &files->ca, true, error) &&
           (!config->client_crl ||
            tls_settings_revoke(ssl, config->client_crl, &files->crl, error));
}

static bool set_policy(struct tls_ctx *ctx, const struct config_tls *config,
                       struct tls_store *store, const struct tls_error *error)
{
    SSL_CTX *ssl = ctx->ssl;
    struct client_files files;
    struct tls_tickets *tickets = tls_store_tickets(store);
    ctx->tickets = tickets ? tls_tickets_retain(tickets) : NULL;
    if (!tickets || !tls_settings_common(ssl) || !tls_settings_version(ssl, config->min_version))
        return tls_error_set(error, "TLS cannot be set up: %s", tls_error_openssl());
    SSL_CTX_set_alpn_select_cb(ssl, alpn_cb, NULL);
    SSL_CTX_set_tlsext_servername_callback(ssl, server_name_cb);
    bool set = read_client_files(config, store, &files, error) &&
               set_client_verify(ssl, config, &files, error);
    if (set && !tls_resume_allow(ssl, tickets, config, &files.ca, &files.crl))
        set = tls_error_set(error, "TLS cannot be set up: %s", tls_error_openssl());
    free_client_files(&files);
    return set;
}

static bool set_whole_policy(struct tls_ctx *ctx, const struct config_tls *config,
                             struct tls_store *store, const struct tls_error *error)
{
    return set_policy(ctx, config, store, error) &&
           tls_settings_ciphers(ctx->ssl, config->ciphers, config->min_version, error) &&
           tls_settings_suites(ctx->ssl, config->suites, error);
}

static bool set_up_server(struct tls_ctx *ctx, const struct config_tls *config,
                          struct tls_store *store, const struct tls_error *error)
{
    return set_whole_policy(ctx, config, store, error) &&
           tls_certificates_set(&ctx->certificates, ctx->ssl, config, store, error);
}

/* ---- a client ---- */

/* Without the final dot of an absolute host name, which certificates and SNI do not have. */
static char *copy_name(const char *name)
{
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        length--;
    return strndup(name, length);
}

static bool set_target_trust(SSL_CTX *ssl, const char *path, struct tls_store *store,
                             const struct tls_error *error)
{
    struct tls_bytes ca = {0};
    if (path && !tls_store_read(store, "CA", path, &ca, error))
        return false;
    bool set = tls_settings_trust(ssl, path, &ca, false, error);
    tls_files_free_bytes(&ca);
    return set;
}

/* The client certificate, for a target that requests one. */
static bool set_own_certificate(SSL_CTX *ssl, const struct config_target *target,
                                struct tls_store *store, const struct tls_error *error)
{
    const struct config_certificate config = {
        .certificate = target->certificate,
        .key = target->key,
        .key_password = target->key_password,
    };
    if (!config.certificate)
        return true;
    struct tls_pair *pair = tls_store_pair(store, &config, error);
    if (!pair)
        return false;
    bool used = tls_pair_use(pair, ssl);
    tls_pair_release(pair);
    return used || tls_error_set(error, "certificate file '%s' cannot be used: %s",
                                 config.certificate, tls_error_openssl());
}

/* The keys that a target may have. */
static bool set_pins(struct tls_ctx *ctx, const struct config_target *target,
                     const struct tls_error *error)
{
    if (target->pins.count == 0)
        return true;
    ctx->pins = tls_pins_create(&target->pins);
    if (!ctx->pins)
        return tls_error_set(error, "out of memory");
    tls_pins_demand(ctx->ssl, ctx->pins, target->insecure);
    return true;
}

static bool set_up_client(struct tls_ctx *ctx, const struct config_target *target, const char *name,
                          struct tls_store *store, const struct tls_error *error)
{
    X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(ctx->ssl);
    /* RFC 9525: a wildcard is a whole label, and the common name is no host name. */
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_CTX_set_verify(ctx->ssl, target->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!tls_settings_common(ctx->ssl) || !tls_settings_version(ctx->ssl, CONFIG_TLS_1_2))
        return tls_error_set(error, "TLS to the target cannot be set up: %s", tls_error_openssl());
    if (!tls_settings_ciphers(ctx->ssl, NULL, CONFIG_TLS_1_2, error) ||
        !set_target_trust(ctx->ssl, target->ca, store, error) ||
        !set_own_certificate(ctx->ssl, target, store, error) || !set_pins(ctx, target, error))
        return false;
    /*
     * Without a name, the connection gets it from tls_expect, or is not verified. RFC 6066, section
     * 3: no literal addresses in SNI.
     */
    if (!name || X509_VERIFY_PARAM_set1_ip_asc(verify, name) == 1)
        return true;
    ctx->server_name = copy_name(name);
    if (!ctx->server_name || X509_VERIFY_PARAM_set1_host(verify, ctx->server_name, 0) != 1)
        return tls_error_set(error, "TLS name '%s' of the target cannot be used", name);
    return true;
}

/* ---- creation and release ---- */

static struct tls_ctx *create(const SSL_METHOD *method, bool is_server,
                              const struct tls_error *error)
{
    ERR_clear_error();
    struct tls_ctx *ctx = calloc(1, sizeof(*ctx));
    SSL_CTX *ssl = ctx ? SSL_CTX_new(method) : NULL;
    if (!ssl) {
        tls_error_set(error, "TLS cannot be set up: %s",
                      ctx ? tls_error_openssl() : "out of memory");
        free(ctx);
        return NULL;
    }
    ctx->is_server = is_server;
    ctx->ssl = ssl;
    return ctx;
}

/* Empties OpenSSL's error queue, so that no later call takes an old error for its own. */
static struct tls_ctx *finish(struct tls_ctx *ctx, bool complete)
{
    ERR_clear_error();
    if (complete)
        return ctx;
    tls_ctx_free(ctx);
    return NULL;
}

struct tls_ctx *tls_ctx_server(const struct config_tls *config, struct tls_store *store,
                               const struct tls_error *error)
{
    wsl_assert(config->certificate_count > 0);
    struct tls_ctx *ctx = create(TLS_server_method(), true, error);
    return finish(ctx, ctx && set_up_server(ctx, config, store, error));
}

bool tls_ctx_is_policy_good(const struct config_tls *config, struct tls_store *store,
                            const struct tls_error *error)
{
    struct tls_ctx *ctx = create(TLS_server_method(), true, error);
    ctx = finish(ctx, ctx && set_whole_policy(ctx, config, store, error));
    bool good = ctx != NULL;
    tls_ctx_free(ctx);
    return good;
}

struct tls_ctx *tls_ctx_client(const struct config_target *target, struct tls_store *store,
                               const struct tls_error *error)
{
    const char *name = target->server_name ? target->server_name : target->address.host;
    struct tls_ctx *ctx = create(TLS_client_method(), false, error);
    return finish(ctx, ctx && set_up_client(ctx, target, name, store, error));
}

void tls_ctx_free(struct tls_ctx *ctx)
{
    if (!ctx)
        return;
    SSL_CTX_free(ctx->ssl);
    tls_certificates_free(&ctx->certificates);
    tls_tickets_release(ctx->tickets);
    free(ctx->server_name);
    tls_pins_free(ctx->pins);
    free(ctx);
}

bool tls_ctx_is_server(const struct tls_ctx *ctx)
{
    return ctx->is_server;
}

/*
 * False: out of memory. From OpenSSL 3.2 on both calls allocate, return nothing, and leave an error
 * in the queue and an SSL whose next call crashes.
 */
static bool set_role(SSL *ssl, bool is_server)
{
    ERR_clear_error();
    if (is_server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ERR_peek_error() == 0;
}

SSL *tls_ctx_open(const struct tls_ctx *ctx)
{
    SSL *ssl = SSL_new(ctx->ssl);
    if (!ssl)
        return NULL;
    if (set_role(ssl, ctx->is_server) &&
        (!ctx->server_name || SSL_set_tlsext_host_name(ssl, ctx->server_name) == 1))
        return ssl;
    SSL_free(ssl);
    return NULL;
}
