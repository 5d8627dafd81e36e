#include "net/tls/trust/tls_pins.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "codec/b64.h"
#include "config/model/section/config_place.h"

#define PREFIX     "sha256//"
#define DIGEST     32
#define FAULT_FORM "the key %s is not one of the pinned keys"

_Static_assert(TLS_PINS_TEXT == sizeof(PREFIX) + B64_ENCODED(DIGEST), "a whole pin fits");

struct tls_pins {
    bool alone;
    size_t count;
    char texts[][TLS_PINS_TEXT];
};

/* ---- pins ---- */

bool tls_pins_of(const X509 *certificate, char pin[static TLS_PINS_TEXT])
{
    uint8_t digest[DIGEST];
    unsigned char *key = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    bool made =
        length > 0 && EVP_Digest(key, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(key);
    if (!made) {
        ERR_clear_error();
        return false;
    }
    memcpy(pin, PREFIX, sizeof(PREFIX));
    pin[sizeof(PREFIX) - 1 + b64_encode(pin + sizeof(PREFIX) - 1, digest, DIGEST)] = '\0';
    return true;
}

bool tls_pins_has(const struct config_texts *pins, const X509 *certificate)
{
    char pin[TLS_PINS_TEXT];
    if (!tls_pins_of(certificate, pin))
        return false;
    for (size_t i = 0; i < pins->count; i++)
        if (string_equal(pins->items[i], pin))
            return true;
    return false;
}

struct tls_pins *tls_pins_create(const struct config_texts *texts)
{
    struct tls_pins *pins = calloc(1, sizeof(*pins) + texts->count * sizeof(pins->texts[0]));
    if (!pins)
        return NULL;
    pins->count = texts->count;
    for (size_t i = 0; i < texts->count; i++)
        snprintf(pins->texts[i], sizeof(pins->texts[i]), "%s", texts->items[i]);
    return pins;
}

void tls_pins_free(struct tls_pins *pins)
{
    free(pins);
}

/* ---- handshakes ---- */

/* OpenSSL reports only a number: the words are kept beside it. Always 0. */
static int refuse(X509_STORE_CTX *chain, const char *pin)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    size_t size = sizeof(FAULT_FORM) + TLS_PINS_TEXT;
    char *fault = malloc(size);
    tls_pins_release(ssl);
    if (fault && SSL_set_app_data(ssl, fault) == 1) {
        snprintf(fault, size, FAULT_FORM, pin);
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    } else {
        free(fault);
        X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
    }
    return 0;
}

static int verify_cb(X509_STORE_CTX *chain, void *context)
{
    const struct tls_pins *pins = context;
    char pin[TLS_PINS_TEXT];
    if (!pins->alone && X509_verify_cert(chain) != 1)
        return 0;
    if (!tls_pins_of(X509_STORE_CTX_get0_cert(chain), pin)) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    for (size_t i = 0; i < pins->count; i++)
        if (strcmp(pins->texts[i], pin) == 0)
            return 1;
    return refuse(chain, pin);
}

void tls_pins_demand(SSL_CTX *ctx, struct tls_pins *pins, bool alone)
{
    pins->alone = alone;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify_cb, pins);
}

const char *tls_pins_fault(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

void tls_pins_release(SSL *ssl)
{
    free(SSL_get_app_data(ssl));
    (void)SSL_set_app_data(ssl, NULL);
}
