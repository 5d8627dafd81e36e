#include "core/auth/verdicts.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/text/secret.h"

#define KEY_BYTES  32
#define RIGHT_MOST 4096 /* entries */
#define WRONG_MOST 4096

struct verdicts {
    uint8_t key[KEY_BYTES];
    struct recent *right, *wrong;
};

struct verdicts *verdicts_create(void)
{
    struct verdicts *verdicts = calloc(1, sizeof(*verdicts));
    if (!verdicts)
        return NULL;
    verdicts->right = recent_create(RIGHT_MOST);
    verdicts->wrong = recent_create(WRONG_MOST);
    if (verdicts->right && verdicts->wrong && RAND_bytes(verdicts->key, KEY_BYTES) == 1)
        return verdicts;
    verdicts_destroy(verdicts);
    return NULL;
}

void verdicts_destroy(struct verdicts *verdicts)
{
    if (!verdicts)
        return;
    recent_destroy(verdicts->right);
    recent_destroy(verdicts->wrong);
    OPENSSL_cleanse(verdicts->key, KEY_BYTES);
    free(verdicts);
}

void verdicts_clear(struct verdicts *verdicts)
{
    recent_clear(verdicts->right);
    recent_clear(verdicts->wrong);
}

bool verdicts_digest(const struct verdicts *verdicts, struct slice user, struct slice password,
                     struct recent_digest *digest)
{
    uint64_t length = user.len;
    size_t size = sizeof(length) + user.len + password.len;
    uint8_t *text = malloc(size), mac[EVP_MAX_MD_SIZE];
    if (!text)
        return false;
    memcpy(text, &length, sizeof(length));
    if (user.len > 0)
        memcpy(text + sizeof(length), user.ptr, user.len);
    if (password.len > 0)
        memcpy(text + sizeof(length) + user.len, password.ptr, password.len);
    bool made = HMAC(EVP_sha256(), verdicts->key, KEY_BYTES, text, size, mac, NULL) != NULL;
    if (made)
        memcpy(digest, mac, sizeof(*digest));
    secret_free(text, size);
    OPENSSL_cleanse(mac, sizeof(mac));
    return made;
}

static bool has(struct recent *recent, const struct recent_digest *digest, uint64_t now,
                uint64_t most_ms)
{
    const struct recent_entry *entry = recent_find(recent, digest);
    return entry && recent_age(entry, now) < most_ms;
}

enum verdict_kept verdicts_find(struct verdicts *verdicts, const struct recent_digest *digest,
                                uint64_t now)
{
    if (has(verdicts->right, digest, now, VERDICTS_RIGHT_MS))
        return VERDICT_RIGHT;
    return has(verdicts->wrong, digest, now, VERDICTS_WRONG_MS) ? VERDICT_WRONG : VERDICT_UNKNOWN;
}

void verdicts_keep(struct verdicts *verdicts, const struct recent_digest *digest, bool right,
                   uint64_t now)
{
    (void)recent_add(right ? verdicts->right : verdicts->wrong, digest, now);
}
