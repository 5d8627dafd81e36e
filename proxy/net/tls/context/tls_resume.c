#include "net/tls/context/tls_resume.h"

#include <time.h>

#include "config/options/tls_policy.h"
#include "net/tls/context/tls_facts.h"

/* ---- scope ---- */

static bool hash(void *context, const void *data, size_t length)
{
    return EVP_DigestUpdate(context, &length, sizeof(length)) == 1 &&
           EVP_DigestUpdate(context, data, length) == 1;
}

static bool set_scope(SSL_CTX *ssl, const struct config_tls *config, const struct tls_bytes *ca,
                      const struct tls_bytes *crl)
{
    unsigned char scope[SSL_MAX_SID_CTX_LENGTH];
    _Static_assert(SSL_MAX_SID_CTX_LENGTH == 32, "a SHA-256");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool set = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
               tls_policy_walk(config, hash, context) && hash(context, ca->data, ca->length) &&
               hash(context, crl->data, crl->length) &&
               EVP_DigestFinal_ex(context, scope, NULL) == 1 &&
               SSL_CTX_set_session_id_context(ssl, scope, sizeof(scope)) == 1;
    EVP_MD_CTX_free(context);
    return set;
}

/* From a ClientHello that OpenSSL has not parsed yet: a list of one name (RFC 6066, section 3). */
static struct slice hello_name(SSL *ssl)
{
    enum { BEFORE = 5 }; /* length of the list, type, length of the name */
    const unsigned char *list;
    size_t length;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &list, &length) != 1 ||
        length < BEFORE)
        return SLICE("");
    return (struct slice){(const char *)list + BEFORE, length - BEFORE};
}

/*
 * RFC 6066, section 3: up to TLS 1.2 a session resumes only under the name that it was made for.
 * With TLS 1.3 the client decides, and the new name counts (RFC 8446, section 4.2.11).
 */
static bool name_stays(SSL *ssl, const SSL_SESSION *session)
{
    if (SSL_version(ssl) >= TLS1_3_VERSION)
        return true;
    const char *name = SSL_SESSION_get0_hostname(session);
    return slice_equal(hello_name(ssl), slice_of(name ? name : ""));
}

/* ---- expiry ---- */

/* The ticket holds the time until which its session may resume. False: it has none. */
static bool read_until(SSL_SESSION *session, int64_t *until)
{
    void *data;
    size_t length;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &length) != 1 || length != sizeof(*until))
        return false;
    memcpy(until, data, sizeof(*until));
    return true;
}

/* A resumed session keeps the time of its full handshake: it has no chain to compute it from. */
static int make_ticket_cb(SSL *ssl, void *data)
{
    SSL_SESSION *session = SSL_get_session(ssl);
    int64_t until;
    if (read_until(session, &until))
        return 1;
    until = (int64_t)time(NULL) + TLS_RESUME_LIFE_S;
    const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t end = tls_facts_time(X509_get0_notAfter(sk_X509_value(chain, i)));
        until = end < until ? end : until;
    }
    return SSL_SESSION_set1_ticket_appdata(session, &until, sizeof(until));
}

static SSL_TICKET_RETURN open_ticket_cb(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                        size_t length, SSL_TICKET_STATUS status, void *data)
{
    bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    int64_t until;
    if (!opened || !name_stays(ssl, session) || !read_until(session, &until) ||
        until < (int64_t)time(NULL))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- keys ---- */

static int ticket_key_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                         EVP_MAC_CTX *mac, int encrypt)
{
    struct tls_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int result = tls_tickets_apply(tickets, name, iv, cipher, mac, encrypt);
    /* RFC 8446, appendix C.4: a ticket is used once, so a resumed session gets a new one. */
    bool renews = result == 1 && !encrypt && SSL_version(ssl) >= TLS1_3_VERSION;
    return renews ? 2 : result;
}

bool tls_resume_allow(SSL_CTX *ssl, struct tls_tickets *tickets, const struct config_tls *config,
                      const struct tls_bytes *ca, const struct tls_bytes *crl)
{
    SSL_CTX_set_timeout(ssl, TLS_TICKETS_LIFE_S);
    /*
     * One TLS 1.3 ticket instead of two: each costs a record, an HMAC and an encryption, and a
     * client gets a new one when it resumes.
     */
    return set_scope(ssl, config, ca, crl) && SSL_CTX_set_app_data(ssl, tickets) == 1 &&
           SSL_CTX_set_num_tickets(ssl, 1) == 1 &&
           SSL_CTX_set_session_ticket_cb(ssl, make_ticket_cb, open_ticket_cb, NULL) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, ticket_key_cb) == 1;
}
