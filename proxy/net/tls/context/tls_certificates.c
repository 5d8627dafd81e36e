#include "net/tls/context/tls_certificates.h"

/* All certificates of the name: OpenSSL picks one by the client's signature algorithms. */
static int choose_certificate_cb(SSL *ssl, void *data)
{
    const struct tls_certificates *certificates = data;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!name)
        return 1;
    struct tls_names_match match = tls_names_find(&certificates->names, name);
    if (match.count == 0 || match.first == certificates->standard.first)
        return 1;
    SSL_certs_clear(ssl);
    for (size_t i = 0; i < match.count; i++)
        if (!tls_pair_use_once(certificates->pairs[match.first[i].certificate], ssl))
            return 0;
    return 1;
}

static bool add_name(void *owner, const char *name)
{
    struct tls_certificates *certificates = owner;
    uint32_t last = (uint32_t)certificates->pair_count - 1;
    return tls_names_add(&certificates->names, name, last,
                         tls_pair_key_type(certificates->pairs[last]));
}

/* Tries the pair on a throwaway SSL, so that OpenSSL's objections (a weak key) surface at load. */
static bool add_pair(struct tls_certificates *certificates, SSL *trial,
                     const struct config_certificate *config, struct tls_store *store,
                     const struct tls_error *error)
{
    const struct tls_error here = {config->place.file ? &config->place : error->place, error->text,
                                   error->size};
    struct tls_pair *pair = tls_store_pair(store, config, &here);
    if (!pair)
        return false;
    certificates->pairs[certificates->pair_count++] = pair;
    if (!tls_pair_use_once(pair, trial))
        return tls_error_set(&here, "certificate file '%s' cannot be used: %s", config->certificate,
                             tls_error_openssl());
    return tls_pair_names(pair, add_name, certificates) || tls_error_set(&here, "out of memory");
}

static bool add_pairs(struct tls_certificates *certificates, SSL *trial,
                      const struct config_tls *config, struct tls_store *store,
                      const struct tls_error *error)
{
    char first[TLS_NAMES_MAX + 1] = "";
    for (size_t i = 0; i < config->certificate_count; i++) {
        if (!add_pair(certificates, trial, &config->certificates[i], store, error))
            return false;
        if (i == 0 && certificates->names.count > 0)
            snprintf(first, sizeof(first), "%s", certificates->names.entries[0].name);
    }
    tls_names_seal(&certificates->names);
    certificates->standard = tls_names_find(&certificates->names, first);
    return true;
}

bool tls_certificates_set(struct tls_certificates *certificates, SSL_CTX *ssl,
                          const struct config_tls *config, struct tls_store *store,
                          const struct tls_error *error)
{
    certificates->pairs = calloc(config->certificate_count, sizeof(struct tls_pair *));
    SSL *trial = certificates->pairs ? SSL_new(ssl) : NULL;
    if (!trial)
        return tls_error_set(error, "out of memory");
    bool added = add_pairs(certificates, trial, config, store, error);
    SSL_free(trial);
    if (!added)
        return false;
    bool used = tls_pair_use(certificates->pairs[0], ssl);
    for (size_t i = 0; used && i < certificates->standard.count; i++)
        used = tls_pair_use(certificates->pairs[certificates->standard.first[i].certificate], ssl);
    if (!used)
        return tls_error_set(error, "TLS cannot be set up: %s", tls_error_openssl());
    if (config->certificate_count > 1)
        SSL_CTX_set_cert_cb(ssl, choose_certificate_cb, certificates);
    return true;
}

void tls_certificates_free(struct tls_certificates *certificates)
{
    for (size_t i = 0; i < certificates->pair_count; i++)
        tls_pair_release(certificates->pairs[i]);
    free(certificates->pairs);
    tls_names_free(&certificates->names);
}
