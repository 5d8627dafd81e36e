#include "core/auth/login/login_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/siphash.h"
#include "codec/http/http_char.h"

static bool hmac(unsigned char out[static LOGIN_KEYS_BYTES], struct slice key,
                 const struct writer *data)
{
    unsigned length = 0;
    return !data->overflow &&
           HMAC(EVP_sha256(), key.ptr, (int)key.len, data->out, data->length, out, &length) &&
           length == LOGIN_KEYS_BYTES;
}

bool login_keys_hmac(unsigned char out[static LOGIN_KEYS_BYTES], const struct login_keys *keys,
                     unsigned index, const struct writer *data)
{
    return hmac(out, (struct slice){(const char *)keys->bytes[index], LOGIN_KEYS_BYTES}, data);
}

void login_keys_wipe(struct login_keys *keys)
{
    OPENSSL_cleanse(keys, sizeof(*keys));
}

bool login_keys_random(struct login_keys *keys)
{
    /* OpenSSL's generator would first make tables of all ciphers: every process has such a key. */
    struct siphash_seed halves[2] = {{0, 0}, {0, 0}};
    _Static_assert(sizeof(halves) == LOGIN_KEYS_BYTES, "two of them are a key");
    bool random = siphash_seed(&halves[0]) && siphash_seed(&halves[1]);
    memcpy(keys->bytes[0], halves, sizeof(halves));
    OPENSSL_cleanse(halves, sizeof(halves));
    keys->count = 1;
    return random;
}

/* A line becomes a key of fixed size. */
static const char *add_key(struct login_keys *keys, struct slice line)
{
    static const char label[] = "wsluice login secret";
    char copy[sizeof(label)];
    struct writer w = writer_to(copy, sizeof(copy));
    if (line.len < LOGIN_KEYS_SHORTEST)
        return "a key is shorter than 32 characters: make one with `openssl rand -hex 32`";
    if (keys->count == LOGIN_KEYS_MAX)
        return "more than 4 keys: delete the oldest";
    writer_add(&w, label, sizeof(label));
    if (!hmac(keys->bytes[keys->count], line, &w))
        return "OpenSSL has no HMAC-SHA256";
    keys->count++;
    return NULL;
}

static bool is_text(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] <= ' ' || line.ptr[i] >= 0x7f)
            return false;
    return true;
}

static struct slice next_line(struct slice *rest)
{
    struct slice line = http_char_cut(rest, '\n');
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

const char *login_keys_read(struct login_keys *keys, struct slice text)
{
    *keys = (struct login_keys){0};
    while (text.len > 0) {
        struct slice line = next_line(&text);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        const char *fault = is_text(line)
                                ? add_key(keys, line)
                                : "a line is no key: make one with `openssl rand -hex 32`";
        if (fault) {
            login_keys_wipe(keys);
            return fault;
        }
    }
    return keys->count > 0 ? NULL : "there is no key: make one with `openssl rand -hex 32`";
}

bool login_keys_derive(struct login_keys *keys, const struct login_keys *secret,
                       enum login_purpose purpose, struct slice scope)
{
    size_t capacity = scope.len + 1;
    char *text = malloc(capacity);
    if (!text)
        return false;
    struct writer w = writer_to(text, capacity);
    char letter = (char)purpose;
    writer_add(&w, &letter, 1);
    writer_add_slice(&w, scope);
    bool done = true;
    for (keys->count = 0; done && keys->count < secret->count; keys->count++)
        done = login_keys_hmac(keys->bytes[keys->count], secret, keys->count, &w);
    free(text);
    return done;
}
