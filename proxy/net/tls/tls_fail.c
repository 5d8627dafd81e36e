#include "net/tls/tls_fail.h"

#include <openssl/err.h>

#include "net/tls/trust/tls_pins.h"

const struct tls_role *tls_fail_role(bool is_server)
{
    static const struct tls_role server = {
        .side = &transport_client,
        .handshake = REASON_tls_handshake,
        .untrusted = REASON_tls_certificate,
        .hangup = REASON_handshake_eof,
        .record = REASON_client_io,
        .truncated = {.status = IO_EOF},
    };
    static const struct tls_role client = {
        .side = &transport_target,
        .handshake = REASON_target_tls,
        .untrusted = REASON_target_untrusted,
        .hangup = REASON_target_tls,
        .record = REASON_target_tls,
        .truncated = {.status = IO_FAIL, .reason = REASON_target_tls},
    };
    return is_server ? &server : &client;
}

struct io tls_fail_with(struct tls *tls, enum reason reason, const char *detail)
{
    tls->failure = detail;
    return io_fail(reason);
}

struct io tls_fail_errno(struct tls *tls, int error)
{
    return tls_fail_with(tls, transport_reason(tls->role->side, error), strerror(error));
}

struct io tls_fail_memory(struct tls *tls)
{
    tls->broken = REASON_out_of_memory;
    return tls_fail_with(tls, REASON_out_of_memory, "out of memory");
}

/* OpenSSL 3.2 and later add such an entry behind the one that says what was wrong with a record. */
static bool is_general(unsigned long entry)
{
#ifdef SSL_R_RECORD_LAYER_FAILURE
    return ERR_GET_LIB(entry) == ERR_LIB_SSL && ERR_GET_REASON(entry) == SSL_R_RECORD_LAYER_FAILURE;
#else
    return false;
#endif
}

/* The last entry of OpenSSL's error queue that says more is the cause, unless an earlier one is out
 * of memory. */
struct io tls_fail_openssl(struct tls *tls)
{
    unsigned long error = 0, entry;
    while ((entry = ERR_get_error()) != 0) {
        if (ERR_GET_REASON(entry) == ERR_R_MALLOC_FAILURE)
            return tls_fail_memory(tls);
        if (error == 0 || !is_general(entry))
            error = entry;
    }
    int cause = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *detail = ERR_reason_error_string(error);
    tls->broken = (uint8_t)(tls->established ? tls->role->record : tls->role->handshake);
    if (cause == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        tls->broken = (uint8_t)tls->role->untrusted;
    if (cause == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        tls->broken = (uint8_t)tls->role->untrusted;
        detail = tls_pins_fault(tls->ssl);
        if (!detail)
            detail = X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
    }
    return tls_fail_with(tls, (enum reason)tls->broken, detail ? detail : "TLS failed");
}
