#include "core/ticket/ticket_jws.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

static struct ticket_jws jws;

static enum ticket_verdict verdict_of(const char *header)
{
    char *token = ticket_lab_token(NULL, header, "{}");
    char whole[12000];
    snprintf(whole, sizeof(whole), "%sAA", token);
    free(token);
    return ticket_jws_read(slice_of(whole), &jws);
}

static void test_parts(void **state)
{
    assert_int_equal(ticket_jws_read(SLICE(TICKET_HS256), &jws), TICKET_VALID);
    assert_true(slice_equal(jws.header, SLICE("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9")));
    assert_true(slice_equal(jws.payload, SLICE(TICKET_JOE)));
    assert_true(slice_equal(jws.signed_part,
                            SLICE("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." TICKET_JOE)));
    assert_string_equal(jws.alg->name, "HS256");
    assert_null(jws.kid.ptr);
    assert_int_equal(jws.signature_length, 32);
    assert_int_equal(jws.signature[0], 0x74);
    assert_int_equal(verdict_of("{\"alg\":\"Ed25519\",\"kid\":\"a\\u0062\"}"), TICKET_VALID);
    assert_string_equal(jws.alg->name, "EdDSA");
    assert_true(slice_equal(jws.kid, SLICE("ab")));
    assert_int_equal(verdict_of("{\"alg\":\"HS256\",\"kid\":\"\"}"), TICKET_VALID);
    assert_non_null(jws.kid.ptr);
    assert_int_equal(jws.kid.len, 0);
}

static const struct {
    const char *header;
    enum ticket_verdict verdict;
} headers[] = {
    {"{\"alg\":\"HS256\"}", TICKET_VALID},
    {" { \"alg\" : \"HS256\" } ", TICKET_VALID},
    {"{\"alg\":\"HS256\",\"typ\":\"anything\",\"cty\":7}", TICKET_VALID},
    /* a token cannot bring its key */
    {"{\"alg\":\"HS256\",\"jku\":\"http://x/\",\"x5u\":\"http://x/\",\"jwk\":{\"kty\":\"oct\"}}",
     TICKET_VALID},
    /* none, in any spelling */
    {"{\"alg\":\"none\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"None\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"NONE\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"nOnE\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"hs256\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"HS256 \"}", TICKET_ALGORITHM},
    {"{\"alg\":\"dir\"}", TICKET_ALGORITHM},
    {"{\"alg\":\"ES256K\"}", TICKET_ALGORITHM},
    {"{\"alg\":null}", TICKET_HEADER},
    {"{\"alg\":256}", TICKET_HEADER},
    {"{\"alg\":[\"HS256\"]}", TICKET_HEADER},
    {"{\"ALG\":\"HS256\"}", TICKET_HEADER},
    {"{}", TICKET_HEADER},
    {"", TICKET_HEADER},
    {"[]", TICKET_HEADER},
    {"\"HS256\"", TICKET_HEADER},
    {"{\"alg\":\"HS256\"", TICKET_HEADER},
    {"{\"alg\":\"HS256\"}{}", TICKET_HEADER},
    {"{'alg':'HS256'}", TICKET_HEADER},
    {"{\"alg\":\"HS256\"/**/}", TICKET_HEADER},
    {"{\"alg\":\"HS256\\u0000\"}", TICKET_HEADER},
    /* duplicates: parsers differ in which one counts */
    {"{\"alg\":\"HS256\",\"alg\":\"none\"}", TICKET_HEADER},
    {"{\"alg\":\"none\",\"alg\":\"HS256\"}", TICKET_HEADER},
    {"{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}", TICKET_HEADER},
    {"{\"alg\":\"HS256\",\"kid\":\"a\",\"kid\":\"b\"}", TICKET_HEADER},
    /* extensions */
    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", TICKET_CRITICAL},
    {"{\"alg\":\"HS256\",\"crit\":[]}", TICKET_CRITICAL},
    {"{\"alg\":\"HS256\",\"crit\":null}", TICKET_CRITICAL},
    {"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", TICKET_CRITICAL},
    {"{\"alg\":\"none\",\"crit\":[]}", TICKET_CRITICAL},
    /* kid */
    {"{\"alg\":\"HS256\",\"kid\":7}", TICKET_HEADER},
    {"{\"alg\":\"HS256\",\"kid\":null}", TICKET_HEADER},
    {"{\"alg\":\"HS256\",\"kid\":[\"a\"]}", TICKET_HEADER},
    {"{\"alg\":\"HS256\",\"kid\":\"a\\u0000b\"}", TICKET_HEADER},
    {"{\"alg\":\"HS256\",\"kid\":\"../../../../dev/null\"}", TICKET_VALID},
    {"{\"alg\":\"HS256\",\"kid\":\"' UNION SELECT 'x\"}", TICKET_VALID},
};

static void test_headers(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(headers); i++) {
        enum ticket_verdict verdict = verdict_of(headers[i].header);
        if (verdict != headers[i].verdict)
            fail_msg("%s: %s", headers[i].header, ticket_verdict_phrase(verdict));
    }
}

static void test_large_and_deep_headers(void **state)
{
    char long_text[4000], header[5000];
    memset(long_text, 'k', sizeof(long_text));
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%.256s\"}", long_text);
    assert_int_equal(verdict_of(header), TICKET_VALID);
    assert_int_equal(jws.kid.len, 256);
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%.257s\"}", long_text);
    assert_int_equal(verdict_of(header), TICKET_KEY);
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"x\":\"%.*s\"}",
             TICKET_JWS_HEADER_MAX - 22, long_text);
    assert_int_equal(strlen(header), TICKET_JWS_HEADER_MAX);
    assert_int_equal(verdict_of(header), TICKET_VALID);
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"x\":\"%.*s\"}",
             TICKET_JWS_HEADER_MAX - 21, long_text);
    assert_int_equal(verdict_of(header), TICKET_MALFORMED);
    memset(long_text, '[', sizeof(long_text));
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"x\":%.1500s", long_text);
    assert_int_equal(verdict_of(header), TICKET_HEADER);
}

static void test_forms(void **state)
{
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "...",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9.e30",
        "eyJhbGciOiJIUzI1NiJ9.e30.",         /* no signature */
        "eyJhbGciOiJIUzI1NiJ9.e30.AA.",      /* a fourth part */
        "eyJhbGciOiJIUzI1NiJ9.e30.AA.AA.AA", /* JWE's five */
        "eyJhbGciOiJIUzI1NiJ9.e30.AA==",     /* padding */
        "eyJhbGciOiJIUzI1NiJ9.e30.AB",       /* stray bits */
        "eyJhbGciOiJIUzI1NiJ9.e30.A",        /* half a byte */
        "eyJhbGciOiJIUzI1NiJ9.e30.A+",       /* base64 with the other letters */
        "eyJhbGciOiJIUzI1NiJ9.e30. AA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA\n",
        "eyJhbGciOiJIUzI1NiJ9=.e30.AA",
        " eyJhbGciOiJIUzI1NiJ9.e30.AA",
        "{\"payload\":\"e30\",\"signatures\":[]}", /* the JSON form */
    };
    for (size_t i = 0; i < WSL_COUNT(tokens); i++) {
        enum ticket_verdict verdict = ticket_jws_read(slice_of(tokens[i]), &jws);
        if (verdict != TICKET_MALFORMED && verdict != TICKET_HEADER)
            fail_msg("%s: %s", tokens[i], ticket_verdict_phrase(verdict));
    }
    assert_int_equal(ticket_jws_read((struct slice){"eyJhbGciOiJIUzI1NiJ9.e30.AA\0", 28}, &jws),
                     TICKET_MALFORMED);
    assert_int_equal(ticket_jws_read(SLICE(TICKET_NONE), &jws), TICKET_ALGORITHM);
}

static void test_long_tokens(void **state)
{
    static char token[TICKET_JWS_MAX + 2];
    memset(token, 'A', sizeof(token));
    memcpy(token, "eyJhbGciOiJIUzI1NiJ9.", 21);
    memcpy(token + TICKET_JWS_MAX - 3, ".AA", 3);
    assert_int_equal(ticket_jws_read((struct slice){token, TICKET_JWS_MAX}, &jws), TICKET_VALID);
    memcpy(token + TICKET_JWS_MAX - 3, "A.AA", 4);
    assert_int_equal(ticket_jws_read((struct slice){token, TICKET_JWS_MAX + 1}, &jws),
                     TICKET_MALFORMED);
    /* a signature that is longer than that of any key */
    memset(token + 21, 'A', TICKET_JWS_MAX - 21);
    token[24] = '.';
    assert_int_equal(ticket_jws_read((struct slice){token, TICKET_JWS_MAX}, &jws),
                     TICKET_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_large_and_deep_headers),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_long_tokens),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
