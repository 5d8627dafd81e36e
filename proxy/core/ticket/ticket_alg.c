#include "core/ticket/ticket_alg.h"

static const struct ticket_alg algs[] = {
    {"HS256", NULL, TICKET_HMAC, "SHA256", NULL, NULL, 32},
    {"HS384", NULL, TICKET_HMAC, "SHA384", NULL, NULL, 48},
    {"HS512", NULL, TICKET_HMAC, "SHA512", NULL, NULL, 64},
    {"RS256", NULL, TICKET_RSA, "SHA256", NULL, NULL, 0},
    {"RS384", NULL, TICKET_RSA, "SHA384", NULL, NULL, 0},
    {"RS512", NULL, TICKET_RSA, "SHA512", NULL, NULL, 0},
    {"PS256", NULL, TICKET_PSS, "SHA256", NULL, NULL, 0},
    {"PS384", NULL, TICKET_PSS, "SHA384", NULL, NULL, 0},
    {"PS512", NULL, TICKET_PSS, "SHA512", NULL, NULL, 0},
    {"ES256", NULL, TICKET_EC, "SHA256", "prime256v1", "P-256", 32},
    {"ES384", NULL, TICKET_EC, "SHA384", "secp384r1", "P-384", 48},
    {"ES512", NULL, TICKET_EC, "SHA512", "secp521r1", "P-521", 66},
    {"EdDSA", "Ed25519", TICKET_ED, NULL, NULL, "Ed25519", 32},
};

const struct ticket_alg *ticket_alg_find(struct slice name)
{
    for (size_t i = 0; i < WSL_COUNT(algs); i++)
        if (slice_equal(name, slice_of(algs[i].name)) ||
            (algs[i].other && slice_equal(name, slice_of(algs[i].other))))
            return &algs[i];
    return NULL;
}

const struct ticket_alg *ticket_alg_of_curve(struct slice curve)
{
    for (size_t i = 0; i < WSL_COUNT(algs); i++)
        if (algs[i].curve && slice_equal(curve, slice_of(algs[i].curve)))
            return &algs[i];
    return NULL;
}

const struct ticket_alg *ticket_alg_at(size_t index)
{
    return index < WSL_COUNT(algs) ? &algs[index] : NULL;
}
