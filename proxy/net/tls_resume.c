#include "net/tls_resume.h"

#include "config/tls_policy.h"

/* ---- scope ----------------------------------------------------------------------------------- */

static bool hash(void *context, const void *data, size_t length)
{
    return EVP_DigestUpdate(context, &length, sizeof length) == 1 &&
           EVP_DigestUpdate(context, data, length) == 1;
}

static bool set_scope(SSL_CTX *ssl, const struct config_tls *config, const struct tls_bytes *ca)
{
    unsigned char scope[SSL_MAX_SID_CTX_LENGTH];
    _Static_assert(SSL_MAX_SID_CTX_LENGTH == 32, "a SHA-256");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool set = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
               tls_policy_walk(config, hash, context) && hash(context, ca->data, ca->length) &&
               EVP_DigestFinal_ex(context, scope, NULL) == 1 &&
               SSL_CTX_set_session_id_context(ssl, scope, sizeof scope) == 1;
    EVP_MD_CTX_free(context);
    return set;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int ticket_key_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                         EVP_MAC_CTX *mac, int encrypt)
{
    struct tls_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int result = tls_tickets_apply(tickets, name, iv, cipher, mac, encrypt);
    /* RFC 8446, appendix C.4: a ticket is used once, so whoever resumes gets the next one. */
    bool renews = result == 1 && !encrypt && SSL_version(ssl) >= TLS1_3_VERSION;
    return renews ? 2 : result;
}

bool tls_resume_allow(SSL_CTX *ssl, struct tls_tickets *tickets, const struct config_tls *config,
                      const struct tls_bytes *ca)
{
    SSL_CTX_set_timeout(ssl, TLS_TICKETS_LIFE_S);
    /*
     * One TLS 1.3 ticket instead of two: each costs a record, an HMAC and an encryption, and a
     * client that resumes gets the next one with it.
     */
    return set_scope(ssl, config, ca) && SSL_CTX_set_app_data(ssl, tickets) == 1 &&
           SSL_CTX_set_num_tickets(ssl, 1) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, ticket_key_cb) == 1;
}
