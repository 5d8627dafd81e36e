#include "net/tls/tls_peer.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls/context/tls_facts.h"

static bool is_plain(const unsigned char *text, int length)
{
    for (int i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] >= 0x7f) /* IA5String is ASCII */
            return false;
    return length > 0 && length <= TLS_PEER_NAME_MAX;
}

/* ptr NULL: it is of another kind, or left out. */
static struct slice alternative(const GENERAL_NAME *name)
{
    int kind;
    const ASN1_IA5STRING *value = GENERAL_NAME_get0_value(name, &kind);
    if (kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_URI)
        return (struct slice){NULL, 0};
    const unsigned char *text = ASN1_STRING_get0_data(value);
    int length = ASN1_STRING_length(value);
    if (!is_plain(text, length))
        return (struct slice){NULL, 0};
    return (struct slice){(const char *)text, (size_t)length};
}

void tls_peer_names(const X509 *certificate, tls_peer_visit *visit, void *context)
{
    char common[TLS_PEER_NAME_MAX + 1];
    tls_facts_common_name(certificate, common, sizeof(common));
    if (common[0] != '\0' && !visit(context, slice_of(common)))
        return;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool more = true;
    for (int i = 0; more && i < sk_GENERAL_NAME_num(names); i++) {
        struct slice name = alternative(sk_GENERAL_NAME_value(names, i));
        more = !name.ptr || visit(context, name);
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
}
