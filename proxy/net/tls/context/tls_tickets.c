#include "net/tls/context/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <time.h>
#include <uv.h>

_Static_assert(TLS_TICKETS_LIFE_S <= TLS_TICKETS_KEY_LIFE_S, "the previous key opens all tickets");

#define IV_SIZE 16

struct tls_tickets {
    atomic_uint references;
    EVP_CIPHER *cipher;
    uv_mutex_t mutex; /* of the fields below */
    uint64_t newest_since;
    bool has_newest, has_previous;
    struct tls_tickets_key newest, previous;
};

struct tls_tickets *tls_tickets_create(void)
{
    struct tls_tickets *tickets = calloc(1, sizeof(*tickets));
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (!tickets || !cipher || uv_mutex_init(&tickets->mutex) != 0) {
        EVP_CIPHER_free(cipher);
        free(tickets);
        return NULL;
    }
    atomic_init(&tickets->references, 1);
    tickets->cipher = cipher;
    return tickets;
}

struct tls_tickets *tls_tickets_retain(struct tls_tickets *tickets)
{
    atomic_fetch_add_explicit(&tickets->references, 1, memory_order_relaxed);
    return tickets;
}

void tls_tickets_release(struct tls_tickets *tickets)
{
    if (!tickets || atomic_fetch_sub_explicit(&tickets->references, 1, memory_order_acq_rel) > 1)
        return;
    uv_mutex_destroy(&tickets->mutex);
    EVP_CIPHER_free(tickets->cipher);
    OPENSSL_cleanse(tickets, sizeof(*tickets));
    free(tickets);
}

/* Under the mutex. */
static bool rotate(struct tls_tickets *tickets, uint64_t now)
{
    struct tls_tickets_key fresh;
    if (RAND_bytes(fresh.name, sizeof(fresh.name)) != 1 ||
        RAND_priv_bytes(fresh.cipher, sizeof(fresh.cipher)) != 1 ||
        RAND_priv_bytes(fresh.mac, sizeof(fresh.mac)) != 1)
        return false;
    tickets->previous = tickets->newest;
    tickets->has_previous = tickets->has_newest;
    tickets->newest = fresh;
    tickets->has_newest = true;
    tickets->newest_since = now;
    OPENSSL_cleanse(&fresh, sizeof(fresh));
    return true;
}

bool tls_tickets_newest(struct tls_tickets *tickets, uint64_t now, struct tls_tickets_key *key)
{
    uv_mutex_lock(&tickets->mutex);
    bool due = !tickets->has_newest || (now > tickets->newest_since &&
                                        now - tickets->newest_since >= TLS_TICKETS_KEY_LIFE_S);
    bool there = !due || rotate(tickets, now);
    if (there)
        *key = tickets->newest;
    uv_mutex_unlock(&tickets->mutex);
    return there;
}

static bool is_named(bool there, const struct tls_tickets_key *key, const unsigned char *name)
{
    return there && memcmp(key->name, name, sizeof(key->name)) == 0;
}

enum tls_tickets_age tls_tickets_find(struct tls_tickets *tickets, const unsigned char *name,
                                      struct tls_tickets_key *key)
{
    enum tls_tickets_age age = TLS_TICKETS_UNKNOWN;
    uv_mutex_lock(&tickets->mutex);
    if (is_named(tickets->has_newest, &tickets->newest, name)) {
        age = TLS_TICKETS_NEWEST;
        *key = tickets->newest;
    } else if (is_named(tickets->has_previous, &tickets->previous, name)) {
        age = TLS_TICKETS_PREVIOUS;
        *key = tickets->previous;
    }
    uv_mutex_unlock(&tickets->mutex);
    return age;
}

/* ---- for OpenSSL ---- */

static uint64_t now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (uint64_t)time.tv_sec;
}

static bool set_mac(EVP_MAC_CTX *mac, struct tls_tickets_key *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* -1: ends the handshake; 0: no ticket, or an ignored one; 1: use it; 2: use and renew it. */
int tls_tickets_apply(struct tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    struct tls_tickets_key key;
    enum tls_tickets_age age = TLS_TICKETS_NEWEST;
    if (encrypt) {
        if (RAND_bytes(iv, IV_SIZE) != 1 || !tls_tickets_newest(tickets, now_s(), &key))
            return -1;
        memcpy(name, key.name, sizeof(key.name));
    } else {
        age = tls_tickets_find(tickets, name, &key);
        if (age == TLS_TICKETS_UNKNOWN)
            return 0;
    }
    bool set = EVP_CipherInit_ex2(cipher, tickets->cipher, key.cipher, iv, encrypt, NULL) == 1 &&
               set_mac(mac, &key);
    OPENSSL_cleanse(&key, sizeof(key));
    if (!set)
        return -1;
    return age == TLS_TICKETS_PREVIOUS ? 2 : 1;
}
