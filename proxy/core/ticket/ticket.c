#include "core/ticket/ticket.h"

#include <openssl/evp.h>

#include "base/text/json_put.h"
#include "codec/b64.h"

/* ---- verifying ---- */

static enum ticket_verdict verify_signature(const struct ticket_jws *jws,
                                            const struct ticket_keys *keys)
{
    const struct ticket_key *key;
    size_t cursor = 0, tries = 0;
    while (tries < TICKET_TRIES_MAX &&
           (key = ticket_keys_next(keys, &cursor, jws->alg, jws->kid))) {
        if (ticket_key_verify(key, jws->signed_part, jws->signature, jws->signature_length))
            return TICKET_VALID;
        tries++;
    }
    if (tries > 0)
        return TICKET_SIGNATURE;
    return ticket_keys_has(keys, jws->kid) ? TICKET_ALGORITHM : TICKET_KEY;
}

static void add(EVP_MD_CTX *digest, struct slice text, bool *failed)
{
    uint64_t length = text.len;
    *failed = *failed || EVP_DigestUpdate(digest, &length, sizeof(length)) != 1 ||
              EVP_DigestUpdate(digest, text.ptr, text.len) != 1;
}

static bool name_use(const struct ticket_policy *policy, const struct ticket_facts *facts,
                     struct ticket_use *use)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool failed = !digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1;
    add(digest, slice_of(policy->scope), &failed);
    add(digest, facts->issuer, &failed);
    add(digest, facts->id, &failed);
    failed = failed || EVP_DigestFinal_ex(digest, hash, NULL) != 1;
    EVP_MD_CTX_free(digest);
    if (!failed)
        memcpy(use->bytes, hash, sizeof(use->bytes));
    return !failed;
}

static enum ticket_verdict check_claims(struct slice text, const struct ticket_policy *policy,
                                        const struct ticket_moment *moment,
                                        struct ticket_facts *facts, struct ticket_use *use)
{
    const char *fault;
    struct json_value *claims = json_value_parse(text, JSON_VALUE_DEPTH, &fault);
    if (!claims)
        return TICKET_CLAIMS;
    enum ticket_verdict verdict = ticket_claims_check(claims, policy, moment, facts);
    if (verdict == TICKET_VALID && policy->single_use && !name_use(policy, facts, use))
        verdict = TICKET_MEMORY;
    if (facts->expires_ms != INT64_MAX)
        use->until_ms = facts->expires_ms + policy->leeway_ms;
    facts->issuer = facts->id = (struct slice){0};
    json_value_free(claims);
    return verdict;
}

enum ticket_verdict ticket_verify(struct slice token, const struct ticket_keys *keys,
                                  const struct ticket_policy *policy,
                                  const struct ticket_moment *moment, struct ticket_facts *facts,
                                  struct ticket_use *use)
{
    struct ticket_jws jws;
    char payload[TICKET_JWS_PAYLOAD_MAX];
    *facts = (struct ticket_facts){.expires_ms = INT64_MAX};
    enum ticket_verdict verdict = ticket_jws_read(token, &jws);
    if (verdict == TICKET_VALID)
        verdict = verify_signature(&jws, keys);
    if (verdict != TICKET_VALID)
        return verdict;
    long length = b64_url_decode((uint8_t *)payload, sizeof(payload), jws.payload);
    if (length < 0)
        return TICKET_MALFORMED;
    return check_claims((struct slice){payload, (size_t)length}, policy, moment, facts, use);
}

/* ---- signing ---- */

static void add_encoded(struct text *token, const void *bytes, size_t length)
{
    char *out = text_reserve(token, B64_URL_ENCODED(length));
    if (out)
        token->length += b64_url_encode(out, bytes, length);
}

static bool add_header(struct text *token, const struct ticket_key *key)
{
    struct json json = {0};
    size_t length;
    json_put_open(&json, '{');
    json_put_key(&json, "alg");
    json_put_string(&json, key->alg->name);
    json_put_key(&json, "typ");
    json_put_string(&json, "JWT");
    if (key->kid) {
        json_put_key(&json, "kid");
        json_put_string(&json, key->kid);
    }
    json_put_close(&json, '}');
    char *header = json_put_take(&json, &length);
    if (header)
        add_encoded(token, header, length);
    free(header);
    return header != NULL;
}

char *ticket_sign(const struct ticket_key *key, struct slice claims)
{
    struct text token = {.limit = TICKET_JWS_MAX};
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    size_t length = 0;
    if (add_header(&token, key)) {
        text_add_byte(&token, '.');
        add_encoded(&token, claims.ptr, claims.len);
        if (!token.failed)
            length = ticket_key_sign(key, text_slice(&token), signature);
    }
    if (length > 0) {
        text_add_byte(&token, '.');
        add_encoded(&token, signature, length);
    }
    if (length > 0 && token.length <= TICKET_JWS_MAX)
        return text_take(&token, &length);
    text_free(&token);
    return NULL;
}
