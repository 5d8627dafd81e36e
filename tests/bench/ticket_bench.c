/*
 * What a ticket adds to a handshake: microseconds of processor time to verify one, and those of
 * OpenSSL's own verification of its signature. They are measured in turns, and the best turn
 * counts.
 */
#include "core/ticket/ticket.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <time.h>

#include "core/ticket/ticket_make.h"

#define TURNS 20

static const char claims[] =
    "{\"iss\":\"https://login.example.com/"
    "\",\"sub\":\"ann\",\"aud\":\"desks\",\"iat\":1700000000,\"exp\":"
    "1700003600,\"jti\":\"5f0c1f7e9a7b4c0d8e6a\",\"name\":\"Ann Example\"}";
static const char *const audiences[] = {"desks"};

static double processor_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static struct ticket_keys *make_keys(const struct ticket_alg *alg)
{
    struct text text = {0};
    char error[200];
    size_t skipped;
    wsl_assert(ticket_make_key(alg, false, NULL, &text));
    struct ticket_keys *keys =
        ticket_keys_read(text_slice(&text), alg, &skipped, error, sizeof(error));
    wsl_assert(keys);
    text_wipe(&text);
    return keys;
}

static double whole(struct slice token, const struct ticket_keys *keys, size_t count)
{
    const struct ticket_policy policy = {.audiences = {audiences, 1}, .single_use = true};
    const struct ticket_moment moment = {1700000001000, NULL};
    struct ticket_facts facts;
    struct ticket_use use;
    double begun = processor_us();
    for (size_t i = 0; i < count; i++)
        wsl_assert(ticket_verify(token, keys, &policy, &moment, &facts, &use) == TICKET_VALID);
    return (processor_us() - begun) / (double)count;
}

/* As a program would that knows the key and has the signature in OpenSSL's form. */
static double bare(const struct ticket_jws *jws, const struct ticket_key *key, size_t count)
{
    unsigned char der[160], *end = der;
    const unsigned char *signature = jws->signature;
    size_t length = jws->signature_length, half = length / 2;
    const EVP_MD *digest = key->alg->digest ? EVP_get_digestbyname(key->alg->digest) : NULL;
    if (key->alg->family == TICKET_EC) {
        ECDSA_SIG *pair = ECDSA_SIG_new();
        wsl_assert(pair && ECDSA_SIG_set0(pair, BN_bin2bn(signature, (int)half, NULL),
                                          BN_bin2bn(signature + half, (int)half, NULL)));
        length = (size_t)i2d_ECDSA_SIG(pair, &end);
        signature = der;
        ECDSA_SIG_free(pair);
    }
    double begun = processor_us();
    for (size_t i = 0; i < count; i++) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *of;
        wsl_assert(EVP_DigestVerifyInit(context, &of, digest, NULL, key->pkey) == 1);
        if (key->alg->family == TICKET_PSS)
            wsl_assert(EVP_PKEY_CTX_set_rsa_padding(of, RSA_PKCS1_PSS_PADDING) == 1);
        wsl_assert(EVP_DigestVerify(context, signature, length,
                                    (const unsigned char *)jws->signed_part.ptr,
                                    jws->signed_part.len) == 1);
        EVP_MD_CTX_free(context);
    }
    return (processor_us() - begun) / (double)count;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void measure(const struct ticket_alg *alg)
{
    struct ticket_keys *keys = make_keys(alg);
    const struct ticket_key *key = ticket_keys_at(keys, 0);
    char *token = ticket_sign(key, SLICE(claims));
    struct ticket_jws jws;
    size_t count = alg->family == TICKET_HMAC ? 2000 : 100;
    double ours = 1e9, theirs = 1e9;
    wsl_assert(token && ticket_jws_read(slice_of(token), &jws) == TICKET_VALID);
    for (int i = 0; i < TURNS; i++) {
        ours = smaller(ours, whole(slice_of(token), keys, count));
        if (key->pkey)
            theirs = smaller(theirs, bare(&jws, key, count));
    }
    if (key->pkey)
        printf("%-8s %10.1f %10.1f %8.2f\n", alg->name, ours, theirs, ours / theirs);
    else
        printf("%-8s %10.1f\n", alg->name, ours);
    free(token);
    ticket_keys_release(keys);
}

int main(void)
{
    const struct ticket_alg *alg;
    printf("%-8s %10s %10s %8s\n", "ticket", "us", "OpenSSL us", "ratio");
    for (size_t i = 0; (alg = ticket_alg_at(i)); i++)
        measure(alg);
    return 0;
}
