#include "net/tls_ctx.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdatomic.h>

/*
 * TLS 1.2: forward secrecy and AEAD only (RFC 9325, section 4.2). The suites of TLS 1.3 all are
 * that and stay as OpenSSL has them.
 */
#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
/* TLS 1.1 knows no AEAD. */
#define CIPHERS_1_1 CIPHERS_1_2 ":ECDHE+AES"
#define GROUPS      "X25519:P-256:P-384"

/*
 * Scopes resumption to what was verified (SSL_CTX_set_session_id_context is mandatory when client
 * certificates are asked for). The ticket keys differ from one tls_ctx to the next, so the name
 * need not.
 */
static const unsigned char session_scope[] = "wsluice";

struct tls_ctx {
    atomic_uint count;
    bool is_server;
    SSL_CTX *ssl;
    char *server_name; /* owned; client with a host name: what SNI says. NULL for an address */
};

struct complaint {
    char *text;
    size_t size;
};

WSL_PRINTF(2, 3)
static bool complain(const struct complaint *complaint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(complaint->text, complaint->size, format, args);
    va_end(args);
    return false;
}

/* The first entry of the queue is the cause, the later ones say where it was noticed. */
static const char *openssl_reason(void)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (reason)
        return reason;
    return ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : "unknown error";
}

/* ---- certificate and key ---- */

static BIO *open_file(const char *what, const char *path, const struct complaint *complaint)
{
    errno = 0;
    BIO *file = BIO_new_file(path, "r");
    if (!file)
        complain(complaint,
                 "%s file '%s' cannot be read: %s; check the path and that the user running "
                 "wsluice may read it",
                 what, path, errno ? strerror(errno) : openssl_reason());
    return file;
}

static bool load_certificate(SSL_CTX *ssl, const char *path, const struct complaint *complaint)
{
    BIO *file = open_file("certificate", path, complaint);
    if (!file)
        return false;
    BIO_free(file);
    if (SSL_CTX_use_certificate_chain_file(ssl, path) == 1)
        return true;
    if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE)
        return complain(complaint,
                        "certificate file '%s' holds no certificate; it must be in PEM format, the "
                        "server's certificate first",
                        path);
    return complain(complaint, "certificate file '%s' cannot be used: %s", path, openssl_reason());
}

struct password {
    const char *text; /* NULL: none configured */
    bool asked;
};

/* Without a callback of ours OpenSSL would ask on the terminal, and a daemon would hang there. */
static int password_cb(char *buffer, int size, int for_writing, void *data)
{
    struct password *password = data;
    password->asked = true;
    size_t length = password->text ? strlen(password->text) : 0;
    if (!password->text || length > (size_t)size)
        return -1;
    memcpy(buffer, password->text, length);
    return (int)length;
}

static EVP_PKEY *read_key(const struct config_certificate *config, const char *path,
                          const struct complaint *complaint)
{
    BIO *file = open_file("key", path, complaint);
    if (!file)
        return NULL;
    struct password password = {.text = config->key_password};
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, password_cb, &password);
    BIO_free(file);
    if (key)
        return key;
    if (password.asked && !password.text)
        complain(complaint, "key in '%s' is encrypted; give its password", path);
    else if (password.asked)
        complain(complaint, "key in '%s' cannot be decrypted; check the key password", path);
    else if (!config->key)
        complain(complaint,
                 "certificate file '%s' holds no private key; append the key in PEM format or name "
                 "the file that has it",
                 path);
    else
        complain(complaint, "key file '%s' holds no private key in PEM format", path);
    return NULL;
}

static bool load_key(SSL_CTX *ssl, const struct config_certificate *config,
                     const struct complaint *complaint)
{
    const char *path = config->key ? config->key : config->certificate;
    EVP_PKEY *key = read_key(config, path, complaint);
    if (!key)
        return false;
    X509 *certificate = SSL_CTX_get0_certificate(ssl);
    bool matches = X509_check_private_key(certificate, key) == 1;
    bool used = matches && SSL_CTX_use_PrivateKey(ssl, key) == 1;
    EVP_PKEY_free(key);
    if (!matches)
        return complain(
            complaint,
            "key in '%s' does not belong to the first certificate in '%s'; use the pair "
            "that was made together, the server's certificate first",
            path, config->certificate);
    if (!used)
        return complain(complaint, "key in '%s' cannot be used: %s", path, openssl_reason());
    return true;
}

/* ---- policy ---- */

/* RFC 7301, section 3.2: a client that offers only protocols we do not speak is told so. */
static int alpn_cb(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                   const unsigned char *in, unsigned in_length, void *data)
{
    static const char http_1_1[] = "http/1.1";
    const size_t length = sizeof http_1_1 - 1;
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
                        const struct complaint *complaint)
{
    const char *ciphers = config->ciphers;
    if (!ciphers)
        ciphers = config->min_version < CONFIG_TLS_1_2 ? CIPHERS_1_1 : CIPHERS_1_2;
    if (SSL_CTX_set_cipher_list(ssl, ciphers) == 1)
        return true;
    return complain(complaint,
                    "cipher list '%s' names no usable TLS 1.2 suite; see openssl-ciphers(1), and "
                    "leave TLS 1.3 suites out: they are always on",
                    ciphers);
}

static bool set_client_ca(SSL_CTX *ssl, const char *path, const struct complaint *complaint)
{
    BIO *file = open_file("client CA", path, complaint);
    if (!file)
        return false;
    BIO_free(file);
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (!names || SSL_CTX_load_verify_file(ssl, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return complain(complaint, "client CA file '%s' holds no certificate in PEM format: %s",
                        path, openssl_reason());
    }
    SSL_CTX_set_client_CA_list(ssl, names);
    return true;
}

static bool set_client_verify(SSL_CTX *ssl, const struct config_tls *config,
                              const struct complaint *complaint)
{
    if (config->client_verify == CONFIG_VERIFY_OFF)
        return true;
    int mode = SSL_VERIFY_PEER;
    if (config->client_verify == CONFIG_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ssl, mode, NULL);
    if (config->client_ca)
        return set_client_ca(ssl, config->client_ca, complaint);
    if (SSL_CTX_set_default_verify_paths(ssl) == 1)
        return true;
    return complain(complaint, "the system's CA certificates cannot be used: %s", openssl_reason());
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

static bool set_up_server(SSL_CTX *ssl, const struct config_tls *config,
                          const struct complaint *complaint)
{
    /*
     * One TLS 1.3 ticket instead of two: each costs a record, an HMAC and an encryption, and a
     * client that resumes gets the next one with it.
     */
    if (!set_common(ssl) || !set_version(ssl, config->min_version) ||
        SSL_CTX_set_num_tickets(ssl, 1) != 1 ||
        SSL_CTX_set_session_id_context(ssl, session_scope, sizeof session_scope - 1) != 1)
        return complain(complaint, "TLS cannot be set up: %s", openssl_reason());
    SSL_CTX_set_alpn_select_cb(ssl, alpn_cb, NULL);
    return set_ciphers(ssl, config, complaint) &&
           load_certificate(ssl, config->certificates[0].certificate, complaint) &&
           load_key(ssl, &config->certificates[0], complaint) &&
           set_client_verify(ssl, config, complaint);
}

/* A host name without the final dot that marks it as absolute: certificates and SNI have none. */
static char *copy_name(const char *name)
{
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        length--;
    return strndup(name, length);
}

static bool set_trust(SSL_CTX *ssl, const char *path, const struct complaint *complaint)
{
    if (!path && SSL_CTX_set_default_verify_paths(ssl) == 1)
        return true;
    if (!path)
        return complain(complaint, "the system's CA certificates cannot be used: %s",
                        openssl_reason());
    BIO *file = open_file("CA", path, complaint);
    if (!file)
        return false;
    BIO_free(file);
    if (SSL_CTX_load_verify_file(ssl, path) == 1)
        return true;
    return complain(complaint, "CA file '%s' holds no certificate in PEM format: %s", path,
                    openssl_reason());
}

/* What we show a target that asks who we are. */
static bool set_own_certificate(SSL_CTX *ssl, const struct config_target *target,
                                const struct complaint *complaint)
{
    const struct config_certificate pair = {
        .certificate = target->certificate,
        .key = target->key,
        .key_password = target->key_password,
    };
    return !pair.certificate ||
           (load_certificate(ssl, pair.certificate, complaint) && load_key(ssl, &pair, complaint));
}

static bool set_up_client(struct tls_ctx *ctx, const struct config_target *target, const char *name,
                          const struct complaint *complaint)
{
    X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(ctx->ssl);
    /* RFC 9525: a wildcard is a whole label, and the common name is not a host name. */
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_CTX_set_verify(ctx->ssl, target->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!set_common(ctx->ssl) || !set_version(ctx->ssl, CONFIG_TLS_1_2) ||
        SSL_CTX_set_cipher_list(ctx->ssl, CIPHERS_1_2) != 1)
        return complain(complaint, "TLS to the target cannot be set up: %s", openssl_reason());
    if (!set_trust(ctx->ssl, target->ca, complaint) ||
        !set_own_certificate(ctx->ssl, target, complaint))
        return false;
    /* RFC 6066, section 3: literal addresses are not permitted in SNI. */
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, name) == 1)
        return true;
    ctx->server_name = copy_name(name);
    if (!ctx->server_name || X509_VERIFY_PARAM_set1_host(verify, ctx->server_name, 0) != 1)
        return complain(complaint, "TLS name '%s' of the target cannot be used", name);
    return true;
}

/* ---- life ---- */

static struct tls_ctx *create(const SSL_METHOD *method, bool is_server,
                              const struct complaint *complaint)
{
    ERR_clear_error();
    struct tls_ctx *ctx = calloc(1, sizeof *ctx);
    SSL_CTX *ssl = ctx ? SSL_CTX_new(method) : NULL;
    if (!ssl) {
        complain(complaint, "TLS cannot be set up: %s", ctx ? openssl_reason() : "out of memory");
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

struct tls_ctx *tls_ctx_server(const struct config_tls *config, char *error, size_t error_size)
{
    struct complaint complaint = {error, error_size};
    struct tls_ctx *ctx = create(TLS_server_method(), true, &complaint);
    return finish(ctx, ctx && set_up_server(ctx->ssl, config, &complaint));
}

struct tls_ctx *tls_ctx_client(const struct config_target *target, char *error, size_t error_size)
{
    const char *name = target->server_name ? target->server_name : target->address.host;
    wsl_assert(name);
    struct complaint complaint = {error, error_size};
    struct tls_ctx *ctx = create(TLS_client_method(), false, &complaint);
    return finish(ctx, ctx && set_up_client(ctx, target, name, &complaint));
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
