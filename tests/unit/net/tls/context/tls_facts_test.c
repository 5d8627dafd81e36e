/* Facts of certificates and connections: common names, times, SNI, ALPN. */
#include "net/tls/context/tls_facts.h"

#include "lib/tls_wire.h"

static void expect_name(const char *common_name, const char *expected)
{
    char name[TLS_FACTS_NAME_MAX];
    X509 *certificate = X509_new();
    if (common_name)
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                    MBSTRING_UTF8,
                                                    (const unsigned char *)common_name, -1, -1, 0),
                         1);
    tls_facts_common_name(certificate, name, sizeof(name));
    assert_string_equal(name, expected);
    X509_free(certificate);
}

static void test_common_names(void **unused)
{
    expect_name("desk.test", "desk.test");
    expect_name("Grace Höpper", "Grace Höpper");
    expect_name(NULL, "");
    expect_name("two\nlines", "");
    expect_name("delete\x7f", "");
    expect_name("CSI\xc2\x9b"
                "31m",
                "");
    expect_name("no-break\xc2\xa0space", "no-break\xc2\xa0space");
}

static void test_a_name_without_room(void **unused)
{
    char name[5];
    X509 *certificate = X509_new();
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                MBSTRING_UTF8, (const unsigned char *)"12345", -1,
                                                -1, 0),
                     1);
    tls_facts_common_name(certificate, name, sizeof(name));
    assert_string_equal(name, "");
    X509_free(certificate);
}

/* Of several the last, which is the most specific. */
static void test_the_last_name_counts(void **unused)
{
    static const char *const texts[] = {"general", "special"};
    char name[TLS_FACTS_NAME_MAX];
    X509 *certificate = X509_new();
    for (int i = 0; i < 2; i++)
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                    MBSTRING_UTF8, (const unsigned char *)texts[i],
                                                    -1, -1, 0),
                         1);
    tls_facts_common_name(certificate, name, sizeof(name));
    assert_string_equal(name, "special");
    X509_free(certificate);
}

static void test_extensions_are_parsed(void **unused)
{
    struct pki pki;
    pki_create(&pki);
    X509 *bad = X509_dup(pki.ca.certificate);
    pki_extend(bad, bad, NID_key_usage, "DER:0500");
    assert_true(X509_sign(bad, pki.ca.key, EVP_sha256()) > 0);
    assert_true(tls_facts_parse(pki.ca.certificate));
    assert_true(tls_facts_parse(bad));
    assert_int_equal(X509_get_extension_flags(bad) & EXFLAG_INVALID, EXFLAG_INVALID);
    assert_int_equal(ERR_peek_error(), 0);
    X509_free(bad);
    pki_remove(&pki);
}

static void test_times(void **unused)
{
    ASN1_TIME *time = ASN1_TIME_new();
    assert_int_equal(ASN1_TIME_set_string(time, "20250102030405Z"), 1);
    assert_int_equal(tls_facts_time(time), 1735787045);
    ASN1_TIME_free(time);
}

static void test_facts_of_a_connection(void **unused)
{
    struct tls_wire_lab lab;
    struct tls_wire wire;
    struct tls_facts facts;
    tls_wire_lab_open(&lab);
    tls_wire_open(&lab, &wire, SERVER, TLS1_3_VERSION, 0);
    tls_peer_ask_for(&wire.peer, "desk.test");
    assert_int_equal(SSL_set_alpn_protos(wire.peer.ssl, (const unsigned char *)"\x08http/1.1", 9),
                     0);
    tls_facts(wire.t, &facts);
    assert_null(facts.server_name);
    assert_int_equal(tls_peer_handshake(&wire.peer, wire.t).status, IO_OK);
    tls_facts(wire.t, &facts);
    assert_string_equal(facts.server_name, "desk.test");
    assert_string_equal(facts.version, "TLSv1.3");
    assert_true(slice_equal(facts.alpn, SLICE("http/1.1")));
    assert_false(facts.certificate);
    tls_wire_close(&wire);
    tls_wire_connect(&lab, &wire, CLIENT, TLS1_2_VERSION, 0);
    tls_facts(wire.t, &facts);
    assert_string_equal(facts.version, "TLSv1.2");
    assert_true(facts.certificate && facts.verified);
    assert_string_equal(facts.common_name, "server");
    assert_true(facts.not_after > 0);
    tls_wire_close(&wire);
    tls_wire_lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_names),
        cmocka_unit_test(test_a_name_without_room),
        cmocka_unit_test(test_the_last_name_counts),
        cmocka_unit_test(test_extensions_are_parsed),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_facts_of_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
