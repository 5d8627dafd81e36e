/* TLS to a target: trust, the name to verify, SNI, and the client certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"
#include "net/tls/trust/tls_pins.h"

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch;
    SSL_CTX *server;
    struct pki_path ca, leaf, own;
    char sni[64]; /* as the target received it; empty: none */
    int shown;    /* client certificates that it received */
};

static int sni_cb(SSL *ssl, int *alert, void *argument)
{
    struct fixture *f = argument;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(f->sni, sizeof(f->sni), "%s", name ? name : "");
    return SSL_TLSEXT_ERR_OK;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "leaf.pem", "leaf", "DNS:desk.test,DNS:*.lab.test,IP:192.0.2.7");
    pki_write_leaf(&f->pki, "own.pem", "wsluice", "DNS:wsluice.test");
    f->ca = pki_path(&f->pki, "ca.pem");
    f->leaf = pki_path(&f->pki, "leaf.pem");
    f->own = pki_path(&f->pki, "own.pem");
    setenv("SSL_CERT_FILE", "/nowhere", 1); /* the system trusts nobody */
    setenv("SSL_CERT_DIR", "/nowhere", 1);
    f->server = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(f->server, f->leaf.text, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(f->server, f->leaf.text, SSL_FILETYPE_PEM);
    SSL_CTX_set_tlsext_servername_callback(f->server, sni_cb);
    SSL_CTX_set_tlsext_servername_arg(f->server, f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    SSL_CTX_free(f->server);
    tls_scratch_free(f->scratch);
    pki_remove(&f->pki);
    free(f);
    return 0;
}

static struct config_target target_named(const char *name)
{
    return (struct config_target){.address = {.host = name}, .tls = true};
}

/* `expected` NULL: as configured. */
static enum reason connect_target(struct fixture *f, const struct config_target *target,
                                  const char *expected)
{
    char error[256];
    struct tls_peer peer;
    struct tls_ctx *ctx = tls_lab_client(target, error, sizeof(error));
    assert_non_null(ctx);
    int fd = tls_peer_open(&peer, f->server, 0);
    SSL_set_accept_state(peer.ssl);
    struct transport *t = tls_create(ctx, &f->scratch, fd);
    assert_non_null(t);
    if (expected)
        assert_true(tls_expect(t, expected));
    f->sni[0] = '\0';
    struct io io = tls_peer_handshake(&peer, t);
    X509 *shown = SSL_get1_peer_certificate(peer.ssl);
    f->shown = shown ? 1 : 0;
    X509_free(shown);
    transport_close(t);
    tls_ctx_free(ctx);
    tls_peer_close(&peer);
    return io.status == IO_OK ? REASON_none : (enum reason)io.reason;
}

static void test_own_ca(void **state)
{
    struct fixture *f = *state;
    struct config_target target = target_named("desk.test");
    assert_int_equal(connect_target(f, &target, NULL), REASON_target_untrusted);
    target.ca = f->ca.text;
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
    assert_string_equal(f->sni, "desk.test");
    target.address.host = "other.test";
    assert_int_equal(connect_target(f, &target, NULL), REASON_target_untrusted);
    target.server_name = "desk.test";
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
}

static void test_insecure_only_by_that_word(void **state)
{
    struct fixture *f = *state;
    struct config_target target = target_named("other.test");
    target.insecure = true;
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
    assert_string_equal(f->sni, "other.test");
}

static void test_pinned_keys(void **state)
{
    struct fixture *f = *state;
    char pin[TLS_PINS_TEXT];
    static const char other[] = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_true(tls_pins_of(SSL_CTX_get0_certificate(f->server), pin));
    const char *const both[] = {other, pin};
    struct config_target target = target_named("desk.test");
    target.ca = f->ca.text;
    target.pins = (struct config_texts){both, 2};
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
    target.pins = (struct config_texts){both, 1};
    assert_int_equal(connect_target(f, &target, NULL), REASON_target_untrusted);
    target.pins = (struct config_texts){both + 1, 1};
    target.address.host = "other.test"; /* a pin replaces nothing */
    assert_int_equal(connect_target(f, &target, NULL), REASON_target_untrusted);
    target.ca = NULL;
    target.address.host = "desk.test";
    assert_int_equal(connect_target(f, &target, NULL), REASON_target_untrusted);
    target.insecure = true; /* but the name and the issuer, by that word */
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
    target.pins = (struct config_texts){both, 1};
    assert_int_equal(connect_target(f, &target, NULL), REASON_target_untrusted);
}

static void test_own_certificate(void **state)
{
    struct fixture *f = *state;
    struct config_target target = target_named("desk.test");
    target.ca = f->ca.text;
    SSL_CTX_load_verify_file(f->server, f->ca.text);
    SSL_CTX_set_verify(f->server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    (void)connect_target(f, &target, NULL);
    assert_int_equal(f->shown, 0);
    target.certificate = f->own.text;
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
    assert_int_equal(f->shown, 1);
    target.key = f->own.text;
    assert_int_equal(connect_target(f, &target, NULL), REASON_none);
    assert_int_equal(f->shown, 1);
}

/* The host is only known with the request; the context was made for its pattern. */
static void test_a_name_per_connection(void **state)
{
    static const struct {
        const char *name, *sni;
        enum reason reason;
    } rows[] = {
        {"desk.test", "desk.test", REASON_none},
        {"desk.test.", "desk.test", REASON_none},
        {"a.lab.test", "a.lab.test", REASON_none},
        {"a.b.lab.test", "a.b.lab.test", REASON_target_untrusted},
        {"evil.test", "evil.test", REASON_target_untrusted},
        {"192.0.2.7", "", REASON_none},
        {"192.0.2.8", "", REASON_target_untrusted},
    };
    struct fixture *f = *state;
    static const char *const patterns[] = {"{name}.lab.test", "192.0.2.9"};
    for (size_t i = 0; i < WSL_COUNT(patterns); i++) {
        struct config_target target = target_named(patterns[i]);
        target.ca = f->ca.text;
        for (size_t j = 0; j < WSL_COUNT(rows); j++) {
            assert_int_equal(connect_target(f, &target, rows[j].name), rows[j].reason);
            assert_string_equal(f->sni, rows[j].sni);
        }
    }
}

static void test_files_that_cannot_be_used(void **state)
{
    struct fixture *f = *state;
    pki_write_text(&f->pki, "empty.pem", "");
    pki_write(&f->pki, "lone.pem", f->pki.ca.certificate, NULL, NULL);
    struct pki_path empty = pki_path(&f->pki, "empty.pem"), lone = pki_path(&f->pki, "lone.pem");
    const struct {
        const char *ca, *certificate, *key, *error;
    } rows[] = {
        {"/nowhere/ca", NULL, NULL, "CA file '/nowhere/ca' cannot be read"},
        {empty.text, NULL, NULL, "holds no certificate"},
        {NULL, "/nowhere/own", NULL, "certificate file '/nowhere/own' cannot be read"},
        {NULL, lone.text, NULL, "holds no private key"},
        {NULL, f->own.text, f->leaf.text, "does not belong"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct config_target target = target_named("desk.test");
        char error[512];
        target.ca = rows[i].ca;
        target.certificate = rows[i].certificate;
        target.key = rows[i].key;
        assert_null(tls_lab_client(&target, error, sizeof(error)));
        if (!strstr(error, rows[i].error))
            fail_msg("expected \"%s\" in: %s", rows[i].error, error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_ca, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_insecure_only_by_that_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pinned_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_certificate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_name_per_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_that_cannot_be_used, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
