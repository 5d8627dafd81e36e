/*
 * Keys and tokens for tests of tickets: any header, any payload, signed by any key.
 *
 * Owns: what is returned is the caller's. Thread: one. Errors: cmocka's. Lifetime: the test's.
 */
#ifndef WSLUICE_TESTS_LIB_TICKET_LAB_H
#define WSLUICE_TESTS_LIB_TICKET_LAB_H

#include "codec/b64.h"
#include "core/ticket/ticket.h"
#include "lib/ticket_vectors.h"

/* The tests of a build without jansson have nothing to read. */
#define TICKET_LAB_NEEDS_JSON()                                                                    \
    do {                                                                                           \
        if (!JSON_VALUE_IS_BUILT_IN)                                                               \
            return 0;                                                                              \
    } while (0)

/* `alg` NULL: none is configured. */
static inline struct ticket_keys *ticket_lab_keys(const char *text, const char *alg)
{
    char error[200];
    size_t skipped;
    const struct ticket_alg *only = alg ? ticket_alg_find(slice_of(alg)) : NULL;
    struct ticket_keys *keys =
        ticket_keys_read(slice_of(text), only, &skipped, error, sizeof(error));
    if (!keys)
        fail_msg("%s: %s", text, error);
    return keys;
}

static inline size_t ticket_lab_encode(char *out, const char *text)
{
    return b64_url_encode(out, (const uint8_t *)text, strlen(text));
}

/* Signed by the key, which the header need not know of. NULL: no signature at all, but its dot. */
static inline char *ticket_lab_token(const struct ticket_key *key, const char *header,
                                     const char *payload)
{
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    size_t room = 2 * (strlen(header) + strlen(payload)) + 2 * sizeof(signature);
    char *token = malloc(room);
    assert_non_null(token);
    size_t length = ticket_lab_encode(token, header);
    token[length++] = '.';
    length += ticket_lab_encode(token + length, payload);
    size_t size = key ? ticket_key_sign(key, (struct slice){token, length}, signature) : 0;
    assert_true(!key || size > 0);
    token[length++] = '.';
    length += b64_url_encode(token + length, signature, size);
    token[length] = '\0';
    return token;
}

#endif
