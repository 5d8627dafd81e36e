#include "net/tls/trust/tls_pins.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/tls_wire.h"

struct fixture {
    struct tls_wire_lab lab;
    char pin[TLS_PINS_TEXT], other[TLS_PINS_TEXT];
    struct pki_path ca, leaf;
};

static void pin_of_file(const char *path, char pin[static TLS_PINS_TEXT])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    assert_non_null(certificate);
    assert_true(tls_pins_of(certificate, pin));
    X509_free(certificate);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    setenv("SSL_CERT_FILE", "/nowhere", 1); /* the system trusts nobody */
    setenv("SSL_CERT_DIR", "/nowhere", 1);
    tls_wire_lab_open(&f->lab);
    f->ca = pki_path(&f->lab.pki, "ca.pem");
    f->leaf = pki_path(&f->lab.pki, "server.pem");
    pin_of_file(f->leaf.text, f->pin);
    pin_of_file(f->ca.text, f->other);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    failing_alloc_arm(0);
    tls_wire_lab_close(&f->lab);
    free(f);
    return 0;
}

/* ---- pins ---- */

/* Of the key alone: a renewed certificate keeps it. */
static void test_the_pin_of_a_key(void **state)
{
    struct fixture *f = *state;
    char one[TLS_PINS_TEXT], two[TLS_PINS_TEXT];
    struct pki *pki = &f->lab.pki;
    struct pki_pair first = pki_issue(pki, EVP_EC_gen("P-256"), "a", "", &pki->ca);
    assert_int_equal(EVP_PKEY_up_ref(first.key), 1);
    struct pki_pair renewed = pki_issue(pki, first.key, "b", "DNS:b", &pki->ca);
    assert_true(tls_pins_of(first.certificate, one) && tls_pins_of(renewed.certificate, two));
    assert_string_equal(one, two);
    assert_string_not_equal(one, f->pin);
    assert_int_equal(strlen(one), TLS_PINS_TEXT - 1);
    assert_memory_equal(one, "sha256//", 8);

    const char *pins[] = {f->pin, one};
    assert_true(tls_pins_has(&(struct config_texts){pins, 2}, first.certificate));
    assert_false(tls_pins_has(&(struct config_texts){pins, 1}, first.certificate));
    assert_false(tls_pins_has(&(struct config_texts){pins, 0}, first.certificate));
    pki_free_pair(&first);
    pki_free_pair(&renewed);
}

/* ---- targets ---- */

struct trial {
    const char *ca;
    bool insecure;
    const char *pins[2];
    const char *detail; /* of the failure; NULL: it connects */
};

static void connect_pinned(struct fixture *f, const struct trial *trial, int version)
{
    char error[256];
    struct tls_wire wire;
    struct config_target target = {
        .address = {.host = "desk.test"},
        .tls = true,
        .ca = trial->ca,
        .insecure = trial->insecure,
        .pins = {trial->pins, trial->pins[1] ? 2 : 1},
    };
    tls_ctx_free(f->lab.ctx[CLIENT]);
    f->lab.ctx[CLIENT] = tls_lab_client(&target, error, sizeof(error));
    assert_non_null(f->lab.ctx[CLIENT]);
    tls_wire_open(&f->lab, &wire, CLIENT, version, 0);
    struct io io = tls_peer_handshake(&wire.peer, wire.t);
    if (trial->detail)
        tls_wire_expect_failure(&wire, io, REASON_target_untrusted, trial->detail);
    else
        assert_int_equal(io.status, IO_OK);
    tls_wire_close(&wire);
}

/* One of several pins; beside the verification, or instead of it. */
static void test_a_target_with_pins(void **state)
{
    struct fixture *f = *state;
    char fault[128];
    snprintf(fault, sizeof(fault), "the key %s is not one of the pinned keys", f->pin);
    const struct trial trials[] = {
        {f->ca.text, false, {f->pin}, NULL},
        {f->ca.text, false, {f->other, f->pin}, NULL},
        {f->ca.text, false, {f->other}, fault},
        {NULL, false, {f->pin}, "unable to get local issuer certificate"},
        {NULL, true, {f->pin}, NULL},
        {NULL, true, {f->other, f->pin}, NULL},
        {NULL, true, {f->other}, fault},
    };
    for (size_t i = 0; i < WSL_COUNT(trials); i++)
        for (size_t v = 0; v < WSL_COUNT(tls_wire_versions); v++)
            connect_pinned(f, &trials[i], tls_wire_versions[v]);
}

/* The chain's other keys do not count: a pin is the server's own. */
static void test_a_pin_of_the_authority(void **state)
{
    struct fixture *f = *state;
    const struct trial trial = {f->ca.text, false, {f->other}, "is not one of the pinned keys"};
    SSL_CTX *server = f->lab.other[CLIENT];
    FILE *file = fopen(f->ca.text, "r");
    X509 *authority = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_int_equal(SSL_CTX_add_extra_chain_cert(server, authority), 1);
    connect_pinned(f, &trial, TLS1_3_VERSION);
}

/* What is not connected has no fault; the list of pins may be empty. */
static void test_without_a_fault(void **state)
{
    struct fixture *f = *state;
    struct tls_pins *none = tls_pins_create(&(struct config_texts){0});
    assert_non_null(none);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    tls_pins_demand(ctx, none, true);
    SSL *ssl = SSL_new(ctx);
    assert_null(tls_pins_fault(ssl));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    tls_pins_free(none);
    const struct trial trial = {f->ca.text, false, {"sha256//"}, "is not one of the pinned keys"};
    connect_pinned(f, &trial, TLS1_2_VERSION);
}

static void test_without_memory(void **state)
{
    const char *pin = "sha256//";
    failing_alloc_arm(1);
    assert_null(tls_pins_create(&(struct config_texts){&pin, 1}));
    assert_true(failing_alloc_disarm());
    tls_pins_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_pin_of_a_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_target_with_pins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_pin_of_the_authority, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
