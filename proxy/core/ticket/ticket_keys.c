#include "core/ticket/ticket_keys.h"

#include <stdatomic.h>

#include "codec/b64.h"

struct ticket_keys {
    atomic_uint references;
    size_t count;
    struct ticket_key keys[]; /* room for TICKET_KEYS_MAX of a set, else for one */
};

static struct ticket_keys *create(size_t room)
{
    struct ticket_keys *keys = calloc(1, sizeof(*keys) + room * sizeof(keys->keys[0]));
    if (keys)
        atomic_init(&keys->references, 1);
    return keys;
}

struct ticket_keys *ticket_keys_retain(struct ticket_keys *keys)
{
    atomic_fetch_add_explicit(&keys->references, 1, memory_order_relaxed);
    return keys;
}

void ticket_keys_release(struct ticket_keys *keys)
{
    if (!keys || atomic_fetch_sub_explicit(&keys->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < keys->count; i++)
        ticket_key_free(&keys->keys[i]);
    free(keys);
}

/* ---- reading ---- */

static bool read_set(struct ticket_keys *keys, const struct json_value *set,
                     const struct ticket_alg *only, size_t *skipped, char *error, size_t error_size)
{
    size_t count = json_value_count(set);
    char unused[160] = "";
    if (count > TICKET_KEYS_MAX) {
        snprintf(error, error_size, "the JWK Set has %zu keys, at most %d", count, TICKET_KEYS_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct ticket_key *key = &keys->keys[keys->count];
        bool first = *skipped == 0;
        char *line = first ? error : unused;
        if (ticket_jwk_read(key, json_value_at(set, i), only, line,
                            first ? error_size : sizeof(unused))) {
            keys->count++;
            continue;
        }
        ticket_key_free(key);
        ++*skipped;
    }
    if (count == 0)
        snprintf(error, error_size, "the JWK Set has no keys");
    return keys->count > 0;
}

static bool read_json(struct ticket_keys *keys, const struct json_value *document,
                      const struct ticket_alg *only, size_t *skipped, char *error,
                      size_t error_size)
{
    const struct json_value *set = json_value_member(document, "keys");
    if (json_value_type(set) == JSON_VALUE_ARRAY)
        return read_set(keys, set, only, skipped, error, error_size);
    keys->count = 1;
    return ticket_jwk_read(&keys->keys[0], document, only, error, error_size);
}

static struct ticket_keys *from_json(struct slice text, const struct ticket_alg *only,
                                     size_t *skipped, char *error, size_t error_size)
{
    const char *fault = NULL;
    struct json_value *document = json_value_parse(text, JSON_VALUE_DEPTH, &fault);
    struct ticket_keys *keys = document ? create(TICKET_KEYS_MAX) : NULL;
    bool read = keys && read_json(keys, document, only, skipped, error, error_size);
    if (!keys)
        snprintf(error, error_size, "%s", fault ? fault : "out of memory");
    json_value_wipe(document);
    json_value_free(document);
    if (read)
        return keys;
    ticket_keys_release(keys);
    return NULL;
}

static struct ticket_keys *from_text(struct slice text, bool pem, const struct ticket_alg *only,
                                     char *error, size_t error_size)
{
    struct ticket_keys *keys = only ? create(1) : NULL;
    if (!keys) {
        snprintf(error, error_size,
                 only ? "out of memory" : "it does not say its algorithm, which must be named");
        return NULL;
    }
    if (!pem && text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (!pem && text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    keys->count = 1;
    bool read = false;
    if (pem)
        read = ticket_key_from_pem(&keys->keys[0], only, text, error, error_size);
    else if (only->family == TICKET_HMAC)
        read = ticket_key_from_secret(&keys->keys[0], only, text, error, error_size);
    else
        snprintf(error, error_size, "neither a key in PEM format nor a JWK");
    if (read)
        return keys;
    ticket_keys_release(keys);
    return NULL;
}

static bool is_pem(struct slice text)
{
    return text.len > 0 && memmem(text.ptr, text.len, "-----BEGIN ", 11);
}

static bool is_json(struct slice text)
{
    while (text.len > 0 && memchr(" \t\r\n", text.ptr[0], 4))
        text = slice_from(text, 1);
    return text.len > 0 && text.ptr[0] == '{';
}

struct ticket_keys *ticket_keys_read(struct slice text, const struct ticket_alg *only,
                                     size_t *skipped, char *error, size_t error_size)
{
    *skipped = 0;
    if (text.len > TICKET_KEYS_TEXT_MAX || text.len == 0) {
        snprintf(error, error_size, text.len == 0 ? "it is empty" : "it is too large");
        return NULL;
    }
    if (is_json(text))
        return from_json(text, only, skipped, error, error_size);
    return from_text(text, is_pem(text), only, error, error_size);
}

/* ---- websockify's ---- */

#define ENCODED_MAX (TICKET_KEY_SECRET_MAX / 3 * 4 + 4)

/* As section 5 of RFC 4648 has it, without padding and the line end. False: too long. */
static bool to_url_form(struct slice text, char *out, size_t *length)
{
    while (text.len > 0 && memchr("\r\n", text.ptr[text.len - 1], 2))
        text.len--;
    for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++)
        text.len--;
    if (text.len > ENCODED_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.ptr[i] == '+' ? '-' : text.ptr[i] == '/' ? '_' : text.ptr[i];
    *length = text.len;
    return true;
}

/* Each algorithm for which the key is good. `secret` NULL: the key is `pem`. */
static bool add_all(struct ticket_keys *keys, const struct slice *secret, struct slice pem)
{
    const struct ticket_alg *alg;
    char unused[160];
    for (size_t i = 0; (alg = ticket_alg_at(i)); i++) {
        struct ticket_key *key = &keys->keys[keys->count];
        bool fits = secret ? alg->family == TICKET_HMAC &&
                                 ticket_key_from_secret(key, alg, *secret, unused, sizeof(unused))
                           : ticket_key_from_pem(key, alg, pem, unused, sizeof(unused));
        if (fits)
            keys->count++;
        else
            ticket_key_free(key);
    }
    return keys->count > 0;
}

static const char *add_secret(struct ticket_keys *keys, struct slice text)
{
    char encoded[ENCODED_MAX];
    uint8_t bytes[TICKET_KEY_SECRET_MAX];
    size_t length;
    const char *fault = "neither a key in PEM format nor a secret in base64url";
    long count = to_url_form(text, encoded, &length)
                     ? b64_url_decode(bytes, sizeof(bytes), (struct slice){encoded, length})
                     : -1;
    if (count >= 0) {
        const struct slice secret = {(const char *)bytes, (size_t)count};
        fault = add_all(keys, &secret, (struct slice){0})
                    ? NULL
                    : "the secret is shorter than 32 bytes, of which base64url makes 43 characters";
    }
    explicit_bzero(encoded, sizeof(encoded));
    explicit_bzero(bytes, sizeof(bytes));
    return fault;
}

struct ticket_keys *ticket_keys_read_websockify(struct slice text, char *error, size_t error_size)
{
    struct ticket_keys *keys = text.len <= TICKET_KEYS_TEXT_MAX ? create(TICKET_KEYS_MAX) : NULL;
    const char *fault = NULL;
    if (!keys)
        fault = text.len <= TICKET_KEYS_TEXT_MAX ? "out of memory" : "it is too large";
    else if (!is_pem(text))
        fault = add_secret(keys, text);
    else if (!add_all(keys, NULL, text))
        fault = "no RSA key of 2048 bits or more, and none for ES256, ES384, ES512 or Ed25519";
    if (!fault)
        return keys;
    snprintf(error, error_size, "%s", fault);
    ticket_keys_release(keys);
    return NULL;
}

/* ---- choosing ---- */

size_t ticket_keys_count(const struct ticket_keys *keys)
{
    return keys->count;
}

const struct ticket_key *ticket_keys_at(const struct ticket_keys *keys, size_t index)
{
    return index < keys->count ? &keys->keys[index] : NULL;
}

/* A key without a kid fits any; a token without one fits any key. */
static bool has_kid(const struct ticket_key *key, struct slice kid)
{
    return !kid.ptr || !key->kid || slice_equal(kid, slice_of(key->kid));
}

bool ticket_keys_has(const struct ticket_keys *keys, struct slice kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (has_kid(&keys->keys[i], kid))
            return true;
    return false;
}

const struct ticket_key *ticket_keys_next(const struct ticket_keys *keys, size_t *cursor,
                                          const struct ticket_alg *alg, struct slice kid)
{
    while (*cursor < keys->count) {
        const struct ticket_key *key = &keys->keys[(*cursor)++];
        if (key->verifies && key->alg == alg && has_kid(key, kid))
            return key;
    }
    return NULL;
}

const struct ticket_key *ticket_keys_signer(const struct ticket_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].signs && (!kid || string_equal(keys->keys[i].kid, kid)))
            return &keys->keys[i];
    return NULL;
}
