/* The files of a context: errors that name the file and the remedy, and keys of each type. */
#include "net/tls/context/tls_ctx.h"

#include "lib/tls_ctx_lab.h"

struct bad_file {
    const char *certificate, *key, *password, *client_ca, *ciphers;
    const char *named;     /* the file that the message must name */
    const char *complaint; /* the words that it must contain */
};

static void assert_refused(struct fixture *f, const struct bad_file *bad)
{
    struct pki_path certificate = pki_path(&f->pki, bad->certificate);
    struct pki_path key = pki_path(&f->pki, bad->key ? bad->key : "");
    struct pki_path client_ca = pki_path(&f->pki, bad->client_ca ? bad->client_ca : "");
    struct config_tls config = config_of(f, certificate.text);
    f->pair.key = bad->key ? key.text : NULL;
    f->pair.key_password = bad->password;
    config.client_ca = bad->client_ca ? client_ca.text : NULL;
    config.client_verify = bad->client_ca ? CONFIG_VERIFY_REQUIRED : CONFIG_VERIFY_OFF;
    config.ciphers = bad->ciphers;
    assert_null(tls_lab_server(&config, f->error, sizeof(f->error)));
    if (!strstr(f->error, bad->named) || !strstr(f->error, bad->complaint) ||
        strchr(f->error, '\n'))
        fail_msg("expected \"%s\" and \"%s\" in: %s", bad->named, bad->complaint, f->error);
    assert_int_equal(ERR_peek_error(), 0);
}

static const struct bad_file cases[] = {
    {.certificate = "none.pem", .named = "none.pem", .complaint = "No such file"},
    {.certificate = "", .named = "certificate file", .complaint = "Is a directory"},
    {.certificate = "garbage.pem", .named = "garbage.pem", .complaint = "no certificate"},
    {.certificate = "empty.pem", .named = "empty.pem", .complaint = "no certificate"},
    {.certificate = "cut.pem", .named = "cut.pem", .complaint = "cannot be used"},
    {.certificate = "bare.pem", .named = "bare.pem", .complaint = "holds no private key"},
    {.certificate = "bare.pem", .key = "no.key", .named = "no.key", .complaint = "No such"},
    {.certificate = "bare.pem", .key = "empty.pem", .named = "empty.pem", .complaint = "no "},
    {.certificate = "bare.pem", .key = "ca.pem", .named = "ca.pem", .complaint = "no private"},
    {.certificate = "locked.pem", .named = "locked.pem", .complaint = "give its password"},
    {.certificate = "locked.pem",
     .password = "guess",
     .named = "locked.pem",
     .complaint = "check the key password"},
    {.certificate = "server.pem",
     .key = "other.key",
     .named = "server.pem",
     .complaint = "does not belong"},
    {.certificate = "server.pem",
     .ciphers = "NOTHING",
     .named = "NOTHING",
     .complaint = "no usable"},
    {.certificate = "server.pem",
     .ciphers = "TLS_AES_128_GCM_SHA256",
     .named = "TLS_AES_128",
     .complaint = "leave out TLS 1.3 suites"},
    {.certificate = "server.pem", .client_ca = "no.ca", .named = "no.ca", .complaint = "No such"},
    {.certificate = "server.pem",
     .client_ca = "garbage.pem",
     .named = "garbage.pem",
     .complaint = "holds no certificate"},
};

static void bad_files_are_named_with_their_remedy(void **state)
{
    struct fixture *f = *state;
    struct pki_pair other = pki_issue(&f->pki, EVP_EC_gen("P-256"), "o", "DNS:o", &f->pki.ca);
    pki_write(&f->pki, "other.key", NULL, other.key, NULL);
    pki_write(&f->pki, "locked.pem", other.certificate, other.key, "open sesame");
    pki_write(&f->pki, "bare.pem", other.certificate, NULL, NULL);
    pki_write_text(&f->pki, "garbage.pem", "no PEM at all\n");
    pki_write_text(&f->pki, "cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    pki_write_text(&f->pki, "empty.pem", "");
    pki_free_pair(&other);
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        assert_refused(f, &cases[i]);
    char endless[2000];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_refused(f, &(struct bad_file){.certificate = "locked.pem",
                                         .password = endless,
                                         .named = "locked.pem",
                                         .complaint = "check the key password"});
}

static void rsa_and_ecdsa_keys_load(void **state)
{
    struct fixture *f = *state;
    struct pki_pair rsa = pki_issue(&f->pki, EVP_RSA_gen(2048), "rsa", "DNS:desk.test", &f->pki.ca);
    struct pki_pair ec = pki_issue(&f->pki, EVP_EC_gen("P-384"), "ec", "DNS:desk.test", &f->pki.ca);
    pki_write(&f->pki, "rsa.crt", rsa.certificate, NULL, NULL);
    pki_write(&f->pki, "rsa.key", NULL, rsa.key, "open sesame");
    FILE *file = pki_open(&f->pki, "ec.pem");
    /* As "openssl ecparam -genkey" writes it. */
    fputs("-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n", file);
    PEM_write_PrivateKey(file, ec.key, NULL, NULL, 0, NULL, NULL);
    PEM_write_X509(file, ec.certificate);
    fclose(file);
    pki_free_pair(&rsa);
    pki_free_pair(&ec);

    struct pki_path certificate = pki_path(&f->pki, "rsa.crt"), key = pki_path(&f->pki, "rsa.key");
    struct config_tls config = config_of(f, certificate.text);
    f->pair.key = key.text;
    f->pair.key_password = "open sesame";
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_2_VERSION)), REASON_none);
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_3_VERSION)), REASON_none);
    certificate = pki_path(&f->pki, "ec.pem");
    config = config_of(f, certificate.text);
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_2_VERSION)), REASON_none);
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_3_VERSION)), REASON_none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_files_are_named_with_their_remedy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rsa_and_ecdsa_keys_load, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
