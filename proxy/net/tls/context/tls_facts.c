#include "net/tls/context/tls_facts.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

/* Of UTF-8; a terminal may act on U+0080 to U+009F as well. */
static bool has_control(const unsigned char *text, int length)
{
    for (int i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] == 0x7f ||
            (text[i] == 0xc2 && i + 1 < length && text[i + 1] < 0xa0))
            return true;
    return false;
}

void tls_facts_common_name(const X509 *certificate, char *name, size_t size)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int last = -1, next;
    name[0] = '\0';
    while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0)
        last = next;
    if (last < 0)
        return;
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
    unsigned char *text;
    int length = ASN1_STRING_to_UTF8(&text, value);
    if (length < 0)
        return;
    if ((size_t)length < size && !has_control(text, length)) {
        memcpy(name, text, (size_t)length);
        name[length] = '\0';
    }
    OPENSSL_free(text);
}

/*
 * OpenSSL does not always report that memory ran out. A second attempt tells: without memory, there
 * is not even a copy.
 */
bool tls_facts_parse(X509 *certificate)
{
    if (X509_check_purpose(certificate, -1, 0) == 1)
        return true;
    X509 *copy = X509_dup(certificate);
    bool is_invalid = copy && X509_check_purpose(copy, -1, 0) != 1;
    X509_free(copy);
    ERR_clear_error();
    return is_invalid;
}

int64_t tls_facts_time(const ASN1_TIME *time)
{
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

void tls_facts_of(const SSL *ssl, struct tls_facts *facts)
{
    const unsigned char *alpn;
    unsigned alpn_length;
    *facts = (struct tls_facts){
        .server_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
        .version = SSL_get_version(ssl),
        .cipher = SSL_get_cipher_name(ssl),
    };
    SSL_get0_alpn_selected(ssl, &alpn, &alpn_length);
    if (alpn)
        facts->alpn = (struct slice){(const char *)alpn, alpn_length};
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (!certificate)
        return;
    facts->peer = certificate;
    facts->certificate = true;
    facts->verified = SSL_get_verify_result(ssl) == X509_V_OK;
    facts->not_after = tls_facts_time(X509_get0_notAfter(certificate));
    tls_facts_common_name(certificate, facts->common_name, sizeof(facts->common_name));
}
