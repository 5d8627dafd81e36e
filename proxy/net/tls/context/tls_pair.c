#include "net/tls/context/tls_pair.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls/context/tls_facts.h"

/* ---- parsing ---- */

static BIO *open_bytes(const struct tls_bytes *bytes)
{
    _Static_assert(INT_MAX > 16 * 1024 * 1024, "tls_files reads no more");
    return BIO_new_mem_buf(bytes->data, (int)bytes->length);
}

static bool is_end(void)
{
    unsigned long last = ERR_peek_last_error();
    return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

/* Other contents of the file, such as keys, are skipped. */
static bool read_certificates(struct tls_pair *pair, BIO *file)
{
    X509 *next;
    pair->certificate = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL);
    pair->chain = sk_X509_new_null();
    if (!pair->certificate || !pair->chain)
        return false;
    while ((next = PEM_read_bio_X509(file, NULL, NULL, NULL))) {
        if (sk_X509_push(pair->chain, next) == 0) {
            X509_free(next);
            return false;
        }
    }
    return is_end();
}

static bool parse_certificates(struct tls_pair *pair, const char *path,
                               const struct tls_bytes *bytes, const struct tls_error *error)
{
    BIO *file = open_bytes(bytes);
    bool read = file && read_certificates(pair, file);
    BIO_free(file);
    if (read) {
        ERR_clear_error();
        return true;
    }
    if (!pair->certificate && is_end())
        return tls_error_set(error,
                             "certificate file '%s' holds no certificate; it must be in PEM "
                             "format, the server's certificate first",
                             path);
    return tls_error_set(error, "certificate file '%s' cannot be used: %s", path,
                         tls_error_openssl());
}

struct password {
    const char *text; /* NULL: none configured */
    bool asked;
};

/* Without a callback OpenSSL asks on the terminal, where a daemon would hang. */
static int password_cb(char *buffer, int size, int for_writing, void *data)
{
    struct password *password = data;
    (void)for_writing;
    password->asked = true;
    size_t length = password->text ? strlen(password->text) : 0;
    if (!password->text || length > (size_t)size)
        return -1;
    memcpy(buffer, password->text, length);
    return (int)length;
}

static bool parse_key(struct tls_pair *pair, const struct config_certificate *config,
                      const struct tls_bytes *bytes, const struct tls_error *error)
{
    const char *path = config->key ? config->key : config->certificate;
    struct password password = {.text = config->key_password};
    BIO *file = open_bytes(bytes);
    if (file)
        pair->key = PEM_read_bio_PrivateKey(file, NULL, password_cb, &password);
    BIO_free(file);
    if (pair->key)
        return true;
    if (password.asked && !password.text)
        return tls_error_set(
            error, "key in '%s' is encrypted; give its password (key_password, --key-password)",
            path);
    if (password.asked)
        return tls_error_set(error, "key in '%s' cannot be decrypted; check the key password",
                             path);
    if (config->key)
        return tls_error_set(error, "key file '%s' holds no private key in PEM format", path);
    return tls_error_set(error,
                         "certificate file '%s' holds no private key; append the key in PEM format "
                         "or name the file that has it",
                         path);
}

static bool check_match(const struct tls_pair *pair, const struct config_certificate *config,
                        const struct tls_error *error)
{
    if (X509_check_private_key(pair->certificate, pair->key) == 1)
        return true;
    return tls_error_set(error,
                         "key in '%s' does not belong to the first certificate in '%s'; use the "
                         "pair that was made together, the server's certificate first",
                         config->key ? config->key : config->certificate, config->certificate);
}

static bool parse_extensions(const struct tls_pair *pair, const struct tls_error *error)
{
    bool parsed = tls_facts_parse(pair->certificate);
    for (int i = 0; parsed && i < sk_X509_num(pair->chain); i++)
        parsed = tls_facts_parse(sk_X509_value(pair->chain, i));
    return parsed || tls_error_set(error, "out of memory");
}

static void narrow(struct tls_pair *pair, const X509 *certificate)
{
    int64_t from = tls_facts_time(X509_get0_notBefore(certificate));
    int64_t to = tls_facts_time(X509_get0_notAfter(certificate));
    if (from > pair->not_before)
        pair->not_before = from;
    if (to < pair->not_after)
        pair->not_after = to;
}

static void find_validity(struct tls_pair *pair)
{
    pair->not_before = INT64_MIN;
    pair->not_after = INT64_MAX;
    narrow(pair, pair->certificate);
    for (int i = 0; i < sk_X509_num(pair->chain); i++)
        narrow(pair, sk_X509_value(pair->chain, i));
}

/* ---- creation and references ---- */

static bool hash(EVP_MD_CTX *context, const void *data, size_t length)
{
    return EVP_DigestUpdate(context, &length, sizeof(length)) == 1 &&
           EVP_DigestUpdate(context, data, length) == 1;
}

bool tls_pair_digest(const struct config_certificate *config, const struct tls_bytes *certificate,
                     const struct tls_bytes *key, unsigned char *digest)
{
    const char *password = config->key_password ? config->key_password : "";
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                hash(context, certificate->data, certificate->length) &&
                hash(context, key->data, key->length) &&
                hash(context, password, strlen(password)) &&
                EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

struct tls_pair *tls_pair_parse(const struct config_certificate *config,
                                const struct tls_bytes *certificate, const struct tls_bytes *key,
                                const struct tls_error *error)
{
    struct tls_pair *pair = calloc(1, sizeof(*pair));
    if (!pair) {
        tls_error_set(error, "out of memory");
        return NULL;
    }
    atomic_init(&pair->references, 1);
    if (!parse_certificates(pair, config->certificate, certificate, error) ||
        !parse_key(pair, config, key, error) || !check_match(pair, config, error) ||
        !parse_extensions(pair, error)) {
        tls_pair_release(pair);
        return NULL;
    }
    find_validity(pair);
    return pair;
}

struct tls_pair *tls_pair_retain(struct tls_pair *pair)
{
    atomic_fetch_add_explicit(&pair->references, 1, memory_order_relaxed);
    return pair;
}

void tls_pair_release(struct tls_pair *pair)
{
    if (!pair || atomic_fetch_sub_explicit(&pair->references, 1, memory_order_acq_rel) > 1)
        return;
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    sk_X509_pop_free(pair->chain, X509_free);
    free(pair);
}

/* ---- handing it to OpenSSL ---- */

static STACK_OF(X509) * chain_of(const struct tls_pair *pair)
{
    return sk_X509_num(pair->chain) > 0 ? pair->chain : NULL;
}

bool tls_pair_use(const struct tls_pair *pair, SSL_CTX *ssl)
{
    return SSL_CTX_use_cert_and_key(ssl, pair->certificate, pair->key, chain_of(pair), 1) == 1;
}

bool tls_pair_use_once(const struct tls_pair *pair, SSL *ssl)
{
    return SSL_use_cert_and_key(ssl, pair->certificate, pair->key, chain_of(pair), 1) == 1;
}

/* ---- the certificate's contents ---- */

bool tls_pair_is_of(const struct tls_pair *pair, const struct tls_bytes *certificate)
{
    BIO *file = open_bytes(certificate);
    X509 *first = file ? PEM_read_bio_X509_AUX(file, NULL, NULL, NULL) : NULL;
    bool same = first && X509_cmp(pair->certificate, first) == 0;
    X509_free(first);
    BIO_free(file);
    return same;
}

int tls_pair_key_type(const struct tls_pair *pair)
{
    return EVP_PKEY_get_base_id(pair->key);
}

static bool add_dns_name(const ASN1_IA5STRING *value, bool (*add)(void *owner, const char *name),
                         void *owner)
{
    const char *name = (const char *)ASN1_STRING_get0_data(value);
    int length = ASN1_STRING_length(value);
    /* With a NUL inside, strcmp would match another name; other bytes are for no terminal. */
    for (int i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] >= 0x7f)
            return true;
    return length == 0 || add(owner, name);
}

bool tls_pair_names(const struct tls_pair *pair, bool (*add)(void *owner, const char *name),
                    void *owner)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(pair->certificate, NID_subject_alt_name, NULL, NULL);
    if (!names) {
        char common_name[TLS_FACTS_NAME_MAX];
        tls_facts_common_name(pair->certificate, common_name, sizeof(common_name));
        return common_name[0] == '\0' || add(owner, common_name);
    }
    bool added = true;
    for (int i = 0; added && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            added = add_dns_name(name->d.dNSName, add, owner);
    }
    GENERAL_NAMES_free(names);
    return added;
}
