#include "net/tls/context/tls_ctx.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

#include "net/tls/context/tls_names.h"
#include "net/tls/context/tls_resume.h"

/*
 * TLS 1.2: forward secrecy and AEAD only (RFC 9325, section 4.2). The suites of TLS 1.3 all are
 * that and stay as OpenSSL has them.
 */
#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
/* TLS 1.1 knows no AEAD. */
#define CIPHERS_1_1 CIPHERS_1_2 ":ECDHE+AES"

struct tls_ctx {
    atomic_uint count;
    bool is_server;
    SSL_CTX *ssl;      /* a server's has the default certificates */
    char *server_name; /* owned; client with a host name: what SNI says. NULL for an address */
    /* Server only. */
    struct tls_tickets *tickets;
    struct tls_pair **pairs;
    size_t pair_count;
    struct tls_names names;          /* of the pairs */
    struct tls_names_match standard; /* what the context itself has */
};

/* ---- policy ---- */

/* RFC 7301, section 3.2: a client that offers only protocols we do not speak is told so. */
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

static bool set_version(SSL_CTX *ssl, enum config_tls_version minimum)
{
    /* TLS 1.1 signs with MD5 and SHA-1, which OpenSSL 3 allows on security level 0 only. */
    if (minimum < CONFIG_TLS_1_2)
        SSL_CTX_set_security_level(ssl, 0);
    return SSL_CTX_set_min_proto_version(ssl, (int)minimum) == 1;
}

static bool set_ciphers(SSL_CTX *ssl, const struct config_tls *config,
                        const struct tls_error *error)
{
    const char *ciphers = config->ciphers;
    if (!ciphers)
        ciphers = config->min_version < CONFIG_TLS_1_2 ? CIPHERS_1_1 : CIPHERS_1_2;
    if (SSL_CTX_set_cipher_list(ssl, ciphers) == 1)
        return true;
    return tls_error_set(
        error,
        "cipher list '%s' names no usable TLS 1.2 suite; see openssl-ciphers(1), and "
        "leave TLS 1.3 suites out: they are always on",
        ciphers);
}

/* OpenSSL passes over what it does not know; a typing error must not go unseen. */
static bool set_suites(SSL_CTX *ssl, const char *suites, const struct tls_error *error)
{
    if (!suites)
        return true;
    int named = 1, known = 0;
    for (const char *at = suites; *at; at++)
        named += *at == ':';
    bool set = SSL_CTX_set_ciphersuites(ssl, suites) == 1;
    const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
        known += strcmp(SSL_CIPHER_get_version(sk_SSL_CIPHER_value(all, i)), "TLSv1.3") == 0;
    if (set && named == known)
        return true;
    return tls_error_set(error,
                         "suite list '%s' names what is no TLS 1.3 suite; see the section on TLS "
                         "1.3 in openssl-ciphers(1), and put suites of TLS 1.2 in 'ciphers'",
                         suites);
}

/* Adds all certificates; to a server's list of those that clients should choose by, too. */
static bool add_trusted(SSL_CTX *ssl, const struct tls_bytes *bytes, bool announce)
{
    BIO *file = BIO_new_mem_buf(bytes->data, (int)bytes->length);
    X509_STORE *trusted = SSL_CTX_get_cert_store(ssl);
    X509 *next;
    unsigned count = 0;
    bool added = file != NULL;
    while (added && (next = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL))) {
        added = X509_STORE_add_cert(trusted, next) == 1 &&
                (!announce || SSL_CTX_add_client_CA(ssl, next) == 1);
        X509_free(next);
        count++;
    }
    BIO_free(file);
    return added && count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* `path` NULL: the system's. */
static bool set_trust(SSL_CTX *ssl, const char *path, const struct tls_bytes *bytes, bool announce,
                      const struct tls_error *error)
{
    if (!path && SSL_CTX_set_default_verify_paths(ssl) == 1)
        return true;
    if (!path)
        return tls_error_set(error, "the system's CA certificates cannot be used: %s",
                             tls_error_openssl());
    if (add_trusted(ssl, bytes, announce))
        return true;
    return tls_error_set(error, "%s file '%s' holds no certificate in PEM format: %s",
                         announce ? "client CA" : "CA", path, tls_error_openssl());
}

/* What both roles want of OpenSSL. */
static bool set_common(SSL_CTX *ssl)
{
    /* A peer must not make us negotiate again and again, nor move a session to other keys. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* Records are collected and sent together by net/tls, so nothing is ever written in part. */
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ssl, 0);
    /* Tickets carry the sessions; a cache would need a lock that all workers share. */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    char groups[] = "X25519:P-256:P-384";
    return SSL_CTX_set1_groups_list(ssl, groups) == 1;
}

/* ---- the certificates of a server ---- */

static STACK_OF(X509) * chain_of(const struct tls_pair *pair)
{
    return sk_X509_num(pair->chain) > 0 ? pair->chain : NULL;
}

static bool use_always(SSL_CTX *ssl, const struct tls_pair *pair)
{
    return SSL_CTX_use_cert_and_key(ssl, pair->certificate, pair->key, chain_of(pair), 1) == 1;
}

static bool use_once(SSL *ssl, const struct tls_pair *pair)
{
    return SSL_use_cert_and_key(ssl, pair->certificate, pair->key, chain_of(pair), 1) == 1;
}

/* All of a name: OpenSSL picks the type of key by the client's signature algorithms. */
static int choose_certificate_cb(SSL *ssl, void *data)
{
    const struct tls_ctx *ctx = data;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!name)
        return 1;
    struct tls_names_match match = tls_names_find(&ctx->names, name);
    if (match.count == 0 || match.first == ctx->standard.first)
        return 1;
    SSL_certs_clear(ssl);
    for (size_t i = 0; i < match.count; i++)
        if (!use_once(ssl, ctx->pairs[match.first[i].certificate]))
            return 0;
    return 1;
}

/* RFC 6066, section 3: the client hears that its name was heeded. */
static int server_name_cb(SSL *ssl, int *alert, void *data)
{
    return SSL_TLSEXT_ERR_OK;
}

static bool add_name(void *owner, const char *name)
{
    struct tls_ctx *ctx = owner;
    uint32_t last = (uint32_t)ctx->pair_count - 1;
    return tls_names_add(&ctx->names, name, last, tls_pair_key_type(ctx->pairs[last]));
}

/* Whatever OpenSSL dislikes about a certificate, a short key for one, it shall say at once. */
static bool add_pair(struct tls_ctx *ctx, SSL *trial, const struct config_certificate *config,
                     struct tls_store *store, const struct tls_error *error)
{
    const struct tls_error here = {config->place.file ? &config->place : error->place, error->text,
                                   error->size};
    struct tls_pair *pair = tls_store_pair(store, config, &here);
    if (!pair)
        return false;
    ctx->pairs[ctx->pair_count++] = pair;
    if (!use_once(trial, pair))
        return tls_error_set(&here, "certificate file '%s' cannot be used: %s", config->certificate,
                             tls_error_openssl());
    return tls_pair_names(pair, add_name, ctx) || tls_error_set(&here, "out of memory");
}

static bool add_pairs(struct tls_ctx *ctx, SSL *trial, const struct config_tls *config,
                      struct tls_store *store, const struct tls_error *error)
{
    char first[TLS_NAMES_MAX + 1] = "";
    for (size_t i = 0; i < config->certificate_count; i++) {
        if (!add_pair(ctx, trial, &config->certificates[i], store, error))
            return false;
        if (i == 0 && ctx->names.count > 0)
            snprintf(first, sizeof(first), "%s", ctx->names.entries[0].name);
    }
    tls_names_seal(&ctx->names);
    ctx->standard = tls_names_find(&ctx->names, first);
    return true;
}

/*
 * The first certificate, and those with other keys for the same name, are the context's own, so
 * that the usual client costs no choice.
 */
static bool set_certificates(struct tls_ctx *ctx, const struct config_tls *config,
                             struct tls_store *store, const struct tls_error *error)
{
    ctx->pairs = calloc(config->certificate_count, sizeof(struct tls_pair *));
    SSL *trial = ctx->pairs ? SSL_new(ctx->ssl) : NULL;
    if (!trial)
        return tls_error_set(error, "out of memory");
    bool added = add_pairs(ctx, trial, config, store, error);
    SSL_free(trial);
    if (!added)
        return false;
    bool used = use_always(ctx->ssl, ctx->pairs[0]);
    for (size_t i = 0; used && i < ctx->standard.count; i++)
        used = use_always(ctx->ssl, ctx->pairs[ctx->standard.first[i].certificate]);
    if (!used)
        return tls_error_set(error, "TLS cannot be set up: %s", tls_error_openssl());
    if (config->certificate_count > 1)
        SSL_CTX_set_cert_cb(ctx->ssl, choose_certificate_cb, ctx);
    return true;
}

/* ---- a server ---- */

/* `ca`: of the client CA file; empty where there is none. */
static bool set_client_verify(SSL_CTX *ssl, const struct config_tls *config,
                              const struct tls_bytes *ca, const struct tls_error *error)
{
    if (config->client_verify == CONFIG_VERIFY_OFF)
        return true;
    int mode = SSL_VERIFY_PEER;
    if (config->client_verify == CONFIG_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ssl, mode, NULL);
    return set_trust(ssl, config->client_ca, ca, true, error);
}

static bool set_policy(struct tls_ctx *ctx, const struct config_tls *config,
                       struct tls_store *store, const struct tls_error *error)
{
    SSL_CTX *ssl = ctx->ssl;
    bool trusts = config->client_verify != CONFIG_VERIFY_OFF && config->client_ca;
    struct tls_bytes ca = {0};
    struct tls_tickets *tickets = tls_store_tickets(store);
    ctx->tickets = tickets ? tls_tickets_retain(tickets) : NULL;
    if (!tickets || !set_common(ssl) || !set_version(ssl, config->min_version))
        return tls_error_set(error, "TLS cannot be set up: %s", tls_error_openssl());
    SSL_CTX_set_alpn_select_cb(ssl, alpn_cb, NULL);
    SSL_CTX_set_tlsext_servername_callback(ssl, server_name_cb);
    if (trusts && !tls_store_read(store, "client CA", config->client_ca, &ca, error))
        return false;
    bool set = set_client_verify(ssl, config, &ca, error);
    if (set && !tls_resume_allow(ssl, tickets, config, &ca))
        set = tls_error_set(error, "TLS cannot be set up: %s", tls_error_openssl());
    tls_files_drop(&ca);
    return set;
}

static bool set_up_server(struct tls_ctx *ctx, const struct config_tls *config,
                          struct tls_store *store, const struct tls_error *error)
{
    return set_policy(ctx, config, store, error) && set_ciphers(ctx->ssl, config, error) &&
           set_suites(ctx->ssl, config->suites, error) &&
           set_certificates(ctx, config, store, error);
}

/* ---- a client ---- */

/* A host name without the final dot that marks it as absolute: certificates and SNI have none. */
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
    bool set = set_trust(ssl, path, &ca, false, error);
    tls_files_drop(&ca);
    return set;
}

/* What we show a target that asks who we are. */
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
    bool used = use_always(ssl, pair);
    tls_pair_release(pair);
    return used || tls_error_set(error, "certificate file '%s' cannot be used: %s",
                                 config.certificate, tls_error_openssl());
}

static bool set_up_client(struct tls_ctx *ctx, const struct config_target *target, const char *name,
                          struct tls_store *store, const struct tls_error *error)
{
    X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(ctx->ssl);
    /* RFC 9525: a wildcard is a whole label, and the common name is not a host name. */
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_CTX_set_verify(ctx->ssl, target->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!set_common(ctx->ssl) || !set_version(ctx->ssl, CONFIG_TLS_1_2) ||
        SSL_CTX_set_cipher_list(ctx->ssl, CIPHERS_1_2) != 1)
        return tls_error_set(error, "TLS to the target cannot be set up: %s", tls_error_openssl());
    if (!set_target_trust(ctx->ssl, target->ca, store, error) ||
        !set_own_certificate(ctx->ssl, target, store, error))
        return false;
    /* Whoever dials what has no name here says it then (tls_expect), or does not verify. RFC 6066,
     * section 3: literal addresses are not permitted in SNI. */
    if (!name || X509_VERIFY_PARAM_set1_ip_asc(verify, name) == 1)
        return true;
    ctx->server_name = copy_name(name);
    if (!ctx->server_name || X509_VERIFY_PARAM_set1_host(verify, ctx->server_name, 0) != 1)
        return tls_error_set(error, "TLS name '%s' of the target cannot be used", name);
    return true;
}

/* ---- life ---- */

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
    atomic_init(&ctx->count, 1);
    ctx->is_server = is_server;
    ctx->ssl = ssl;
    return ctx;
}

/* Nothing of what went wrong may reach the next call that looks at OpenSSL's error queue. */
static struct tls_ctx *finish(struct tls_ctx *ctx, bool complete)
{
    ERR_clear_error();
    if (complete)
        return ctx;
    tls_ctx_release(ctx);
    return NULL;
}

struct tls_ctx *tls_ctx_server(const struct config_tls *config, struct tls_store *store,
                               const struct tls_error *error)
{
    wsl_assert(config->certificate_count > 0);
    struct tls_ctx *ctx = create(TLS_server_method(), true, error);
    return finish(ctx, ctx && set_up_server(ctx, config, store, error));
}

struct tls_ctx *tls_ctx_client(const struct config_target *target, struct tls_store *store,
                               const struct tls_error *error)
{
    const char *name = target->server_name ? target->server_name : target->address.host;
    struct tls_ctx *ctx = create(TLS_client_method(), false, error);
    return finish(ctx, ctx && set_up_client(ctx, target, name, store, error));
}

struct tls_ctx *tls_ctx_retain(struct tls_ctx *ctx)
{
    atomic_fetch_add_explicit(&ctx->count, 1, memory_order_relaxed);
    return ctx;
}

void tls_ctx_release(struct tls_ctx *ctx)
{
    if (!ctx || atomic_fetch_sub_explicit(&ctx->count, 1, memory_order_acq_rel) > 1)
        return;
    SSL_CTX_free(ctx->ssl);
    for (size_t i = 0; i < ctx->pair_count; i++)
        tls_pair_release(ctx->pairs[i]);
    free(ctx->pairs);
    tls_names_free(&ctx->names);
    tls_tickets_release(ctx->tickets);
    free(ctx->server_name);
    free(ctx);
}

bool tls_ctx_is_server(const struct tls_ctx *ctx)
{
    return ctx->is_server;
}

SSL *tls_ctx_open(const struct tls_ctx *ctx)
{
    SSL *ssl = SSL_new(ctx->ssl);
    if (!ssl)
        return NULL;
    if (ctx->is_server) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (!ctx->server_name || SSL_set_tlsext_host_name(ssl, ctx->server_name) == 1)
        return ssl;
    SSL_free(ssl);
    return NULL;
}
