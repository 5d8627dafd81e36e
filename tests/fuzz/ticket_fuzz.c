/*
 * Tickets. A token of any bytes is refused, unless it is one of those that the keys have signed:
 * the signature of a valid one is made again, byte by byte, where the algorithm is deterministic. A
 * token of any header and payload, signed as it should be, is valid only if its claims say so.
 *
 * The first byte chooses: 0 a token, else a header up to the first newline, and a payload.
 */
#include "core/ticket/ticket.h"

#include <openssl/err.h>

#include "codec/b64.h"
#include "lib/ticket_vectors.h"

#define NOW_MS ((int64_t)1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char set[] = "{\"keys\":[" TICKET_OCT_JWK ",{" TICKET_RSA_PUBLIC "," TICKET_RSA_PRIVATE
                          ",\"alg\":\"RS256\",\"kid\":\"rs\"},{" TICKET_ED_PUBLIC
                          "," TICKET_ED_PRIVATE ",\"kid\":\"ed\"}]}";
static const char *const audiences[] = {"desks"}, *const any[] = {"*"};
static const struct ticket_policy strict = {.audiences = {audiences, 1},
                                            .user = "name",
                                            .target = "to",
                                            .address = "ip",
                                            .single_use = true,
                                            .scope = "fuzz"},
                                  plain = {.leeway_ms = 60000},
                                  websockify = {.audiences = {any, 1}, .host_and_port = true};

static struct ticket_keys *keys_of(void)
{
    char error[200];
    size_t skipped;
    struct ticket_keys *keys = ticket_keys_read(SLICE(set), NULL, &skipped, error, sizeof(error));
    wsl_assert(keys && skipped == 0);
    return keys;
}

static void check_text(const char *text)
{
    wsl_assert(memchr(text, '\0', TICKET_CLAIMS_TEXT));
    for (; *text; text++)
        wsl_assert((uint8_t)*text >= ' ' && *text != 0x7F);
}

static enum ticket_verdict verify(struct slice token, const struct ticket_keys *keys,
                                  const struct ticket_policy *policy)
{
    struct ticket_facts facts;
    struct ticket_use use;
    struct client_address client = {.known = true, .ip = {.address = {[15] = 1}}};
    const struct ticket_moment moment = {NOW_MS, &client};
    enum ticket_verdict verdict = ticket_verify(token, keys, policy, &moment, &facts, &use);
    wsl_assert(verdict < TICKET_VERDICTS && verdict != TICKET_USED && verdict != TICKET_FULL);
    wsl_assert(ERR_peek_error() == 0 && !facts.issuer.ptr && !facts.id.ptr);
    if (verdict == TICKET_VALID) {
        check_text(facts.user);
        check_text(facts.target);
        wsl_assert(facts.expires_ms > NOW_MS - policy->leeway_ms);
        wsl_assert(!policy->user || (*facts.user && *facts.target));
        wsl_assert(!policy->host_and_port || memrchr(facts.target, ':', strlen(facts.target)));
        wsl_assert(!policy->single_use || use.until_ms > NOW_MS);
    }
    return verdict;
}

/* Some key makes the very signature. */
static void check_signed(struct slice token, const struct ticket_keys *keys)
{
    struct ticket_jws jws;
    const struct ticket_key *key;
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    bool found = false;
    wsl_assert(ticket_jws_read(token, &jws) == TICKET_VALID);
    for (size_t i = 0; (key = ticket_keys_at(keys, i)) && !found; i++) {
        size_t length = ticket_key_sign(key, jws.signed_part, signature);
        found = key->alg == jws.alg && length == jws.signature_length &&
                memcmp(signature, jws.signature, length) == 0;
    }
    wsl_assert(found);
}

static void check_token(struct slice token, const struct ticket_keys *keys)
{
    if (verify(token, keys, &plain) == TICKET_VALID)
        check_signed(token, keys);
    (void)verify(token, keys, &strict);
}

static void check_claims(struct slice text, const struct ticket_keys *keys)
{
    struct slice header = {0}, payload = text;
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    (void)slice_cut_to(&payload, '\n', &header);
    char *token = malloc(2 * text.len + 4 + sizeof(signature));
    wsl_assert(token);
    size_t length = b64_url_encode(token, (const uint8_t *)header.ptr, header.len);
    token[length++] = '.';
    length += b64_url_encode(token + length, (const uint8_t *)payload.ptr, payload.len);
    size_t size =
        ticket_key_sign(ticket_keys_at(keys, 0), (struct slice){token, length}, signature);
    token[length++] = '.';
    length += b64_url_encode(token + length, signature, size);
    struct slice whole = {token, length};
    enum ticket_verdict verdict = verify(whole, keys, &plain);
    (void)verify(whole, keys, &strict);
    (void)verify(whole, keys, &websockify);
    /* What the claims say counts only behind the signature. */
    token[length - 2] ^= 1;
    enum ticket_verdict forged = verify(whole, keys, &plain);
    wsl_assert(forged == TICKET_SIGNATURE || forged == TICKET_MALFORMED ||
               (forged == verdict && verdict <= TICKET_KEY));
    free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ticket_keys *keys;
    if (!JSON_VALUE_IS_BUILT_IN || size == 0)
        return 0;
    if (!keys)
        keys = keys_of();
    struct slice text = {(const char *)data + 1, size - 1};
    if (data[0] == 0)
        check_token(text, keys);
    else
        check_claims(text, keys);
    return 0;
}
