#include "core/auth/password.h"

#include <errno.h>

#include "base/text/secret.h"

#ifdef WSLUICE_HAS_CRYPT
#include <crypt.h>
#else
struct crypt_data {
    char unused; /* cppcheck-suppress unusedStructMember */
};

static char *crypt_r(const char *password, const char *setting, struct crypt_data *data)
{
    errno = ENOSYS;
    return NULL;
}
#endif

/* What crypt_r works with: more than a stack should hold, and secret. */
struct attempt {
    struct crypt_data data;
    char password[PASSWORD_MAX + 1];
    char setting[USERS_HASH_MAX + 1];
};

/* NULL: out of memory, or what does not fit. */
static struct attempt *begin(struct slice password, struct slice setting)
{
    struct attempt *attempt = NULL;
    if (password.len <= PASSWORD_MAX && setting.len <= USERS_HASH_MAX)
        attempt = calloc(1, sizeof(*attempt));
    if (!attempt)
        return NULL;
    if (password.len > 0)
        memcpy(attempt->password, password.ptr, password.len);
    memcpy(attempt->setting, setting.ptr, setting.len);
    return attempt;
}

/* NULL: it failed, with errno. Failures of libxcrypt are texts that begin with "*". */
static const char *hash_of(struct attempt *attempt)
{
    errno = 0;
    const char *hash = crypt_r(attempt->password, attempt->setting, &attempt->data);
    return hash && hash[0] == '$' ? hash : NULL;
}

static bool has_nul(struct slice text)
{
    return text.len > 0 && memchr(text.ptr, '\0', text.len);
}

enum password_verdict password_verify(struct slice password, struct slice hash)
{
    if (password.len > PASSWORD_MAX || has_nul(password))
        return PASSWORD_WRONG;
    struct attempt *attempt = begin(password, hash);
    if (!attempt)
        return PASSWORD_FAILED;
    enum password_verdict verdict = PASSWORD_WRONG;
    const char *made = hash_of(attempt);
    if (!made && errno == ENOMEM)
        verdict = PASSWORD_FAILED;
    else if (made && secret_is_same(slice_of(made), hash))
        verdict = PASSWORD_RIGHT;
    secret_free(attempt, sizeof(*attempt));
    return verdict;
}

bool password_supports(enum users_hash kind)
{
    static const struct slice cheap[USERS_HASHES] = {
        [USERS_HASH_yescrypt] = {"$y$j75$......................", 29},
        [USERS_HASH_bcrypt] = {"$2b$04$......................", 29},
        [USERS_HASH_sha512] = {"$6$rounds=1000$.$", 17},
        [USERS_HASH_sha256] = {"$5$rounds=1000$.$", 17},
    };
    struct attempt *attempt = begin(SLICE(""), cheap[kind]);
    if (!attempt)
        return false;
    bool known = hash_of(attempt) != NULL;
    secret_free(attempt, sizeof(*attempt));
    return known;
}

/* ---- new hashes ---- */

/*
 * Not crypt_gensalt(3), which musl lacks. A salt is random digits of an alphabet; of 16 bytes, the
 * last of 22 digits has two bits, which each kind keeps in another place.
 */
static const struct {
    const char *prefix; /* of the setting: kind and cost */
    size_t digits;
    const char *last; /* the digits that may be the last one: 4 or 64 */
} salts[USERS_HASHES] = {
#define ALPHABET "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    [USERS_HASH_yescrypt] = {"$y$j9T$", 22, "./01"},
    [USERS_HASH_bcrypt] = {"$2b$12$", 22, ".Oeu"},
    [USERS_HASH_sha512] = {"$6$rounds=200000$", 16, ALPHABET},
    [USERS_HASH_sha256] = {"$5$rounds=200000$", 16, ALPHABET},
};

static size_t make_setting(enum users_hash kind, const uint8_t random[static PASSWORD_RANDOM],
                           char out[static USERS_HASH_MAX + 1])
{
    size_t length = strlen(salts[kind].prefix), digits = salts[kind].digits;
    memcpy(out, salts[kind].prefix, length);
    for (size_t i = 0; i + 1 < digits; i++)
        out[length++] = ALPHABET[random[i] % 64];
    out[length++] = salts[kind].last[random[digits - 1] % strlen(salts[kind].last)];
    return length;
}

bool password_hash(struct slice password, enum users_hash kind,
                   const uint8_t random[static PASSWORD_RANDOM],
                   char hash[static USERS_HASH_MAX + 1])
{
    char setting[USERS_HASH_MAX + 1];
    struct slice text = {setting, make_setting(kind, random, setting)};
    struct attempt *attempt = has_nul(password) ? NULL : begin(password, text);
    if (!attempt)
        return false;
    const char *made = hash_of(attempt);
    if (made)
        snprintf(hash, USERS_HASH_MAX + 1, "%s", made);
    secret_free(attempt, sizeof(*attempt));
    return made != NULL;
}
