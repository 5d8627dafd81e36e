/* The certificate that a listener presents, and the facts about its client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

enum { FILES = 7 };

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch;
    struct pki_path paths[FILES], ca;
    struct config_certificate certificates[FILES];
    struct config_tls config;
    char error[512];
};

/* Common names identify the certificates. */
static const struct {
    const char *common_name, *names;
    bool rsa;
} rows[FILES] = {
    {"first-rsa", "DNS:desk.test,DNS:www.desk.test", true},
    {"first-ec", "DNS:desk.test", false},
    {"star", "DNS:*.lab.test,DNS:lab.test", false},
    {"exact", "DNS:one.lab.test", false},
    {"named.test", "", false}, /* no subjectAltName: the common name counts */
    {"decoy.test", "IP:192.0.2.1,DNS:other.test", false}, /* here it does not */
    {"second-ec", "DNS:desk.test,DNS:only.test", false},  /* comes too late for desk.test */
};

/* Made once: that takes seconds under an emulator. */
static EVP_PKEY *rsa_key;

static int make_rsa_key(void **state)
{
    rsa_key = EVP_RSA_gen(2048);
    return rsa_key ? 0 : -1;
}

static int free_rsa_key(void **state)
{
    EVP_PKEY_free(rsa_key);
    return 0;
}

static EVP_PKEY *rsa_key_ref(void)
{
    EVP_PKEY_up_ref(rsa_key);
    return rsa_key;
}

static void issue(struct fixture *f, int i)
{
    char file[16];
    EVP_PKEY *key = rows[i].rsa ? rsa_key_ref() : EVP_EC_gen("P-256");
    snprintf(file, sizeof(file), "%d.pem", i);
    struct pki_pair pair = pki_issue(&f->pki, key, rows[i].common_name, rows[i].names, &f->pki.ca);
    pki_write(&f->pki, file, pair.certificate, pair.key, NULL);
    pki_free_pair(&pair);
    f->paths[i] = pki_path(&f->pki, file);
    f->certificates[i].certificate = f->paths[i].text;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    pki_create(&f->pki);
    for (int i = 0; i < FILES; i++)
        issue(f, i);
    pki_write_leaf(&f->pki, "client.pem", "Grace Höpper", "DNS:client.test");
    f->ca = pki_path(&f->pki, "ca.pem");
    f->config = (struct config_tls){.mode = CONFIG_TLS_REQUIRED,
                                    .certificates = f->certificates,
                                    .certificate_count = FILES,
                                    .min_version = CONFIG_TLS_1_2};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_scratch_free(f->scratch);
    pki_remove(&f->pki);
    free(f);
    return 0;
}

enum likes { ANY, ONLY_RSA, ONLY_EC };

static SSL_CTX *client(int version, enum likes likes)
{
    char algorithms[][32] = {"", "RSA-PSS+SHA256:RSA+SHA256", "ECDSA+SHA256"};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    if (algorithms[likes][0] != '\0')
        assert_int_equal(SSL_CTX_set1_sigalgs_list(ctx, algorithms[likes]), 1);
    return ctx;
}

struct connection {
    struct tls_peer peer;
    struct transport *t;
    struct io io;
};

static void connect_peer(struct fixture *f, struct tls_ctx *ctx, SSL_CTX *other, const char *name,
                         struct connection *connection)
{
    int fd = tls_peer_open(&connection->peer, other, 0);
    SSL_set_connect_state(connection->peer.ssl);
    if (name)
        tls_peer_ask_for(&connection->peer, name);
    connection->t = tls_create(ctx, &f->scratch, fd);
    assert_non_null(connection->t);
    connection->io = tls_peer_handshake(&connection->peer, connection->t);
}

static void disconnect(struct connection *connection)
{
    transport_close(connection->t);
    tls_peer_close(&connection->peer);
}

/* `expected` NULL: the handshake fails. */
static void assert_shown(struct fixture *f, struct tls_ctx *ctx, const char *name, enum likes likes,
                         const char *expected)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *other = client(version, likes);
        struct connection connection;
        connect_peer(f, ctx, other, name, &connection);
        assert_int_equal(connection.io.status, expected ? IO_OK : IO_FAIL);
        if (expected) {
            char shown[TLS_FACTS_NAME_MAX];
            tls_facts_common_name(SSL_get0_peer_certificate(connection.peer.ssl), shown,
                                  sizeof(shown));
            assert_string_equal(shown, expected);
        }
        disconnect(&connection);
        SSL_CTX_free(other);
    }
}

static void the_name_decides(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *ctx = tls_lab_server(&f->config, f->error, sizeof(f->error));
    assert_non_null(ctx);
    static const struct {
        const char *name;
        enum likes likes;
        const char *shown;
    } cases[] = {
        {"desk.test", ONLY_RSA, "first-rsa"},
        {"desk.test", ONLY_EC, "first-ec"},
        {"DESK.test", ONLY_EC, "first-ec"},
        {"www.desk.test", ANY, "first-rsa"},
        {"www.desk.test", ONLY_EC, NULL},
        {"one.lab.test", ANY, "exact"},
        {"two.lab.test", ANY, "star"},
        {"lab.test", ANY, "star"},
        {"two.lab.test", ONLY_RSA, NULL},
        {"named.test", ANY, "named.test"},
        {"other.test", ANY, "decoy.test"},
        {"only.test", ANY, "second-ec"},
        /* the first certificate and its brother */
        {NULL, ONLY_RSA, "first-rsa"},
        {NULL, ONLY_EC, "first-ec"},
        {"decoy.test", ONLY_RSA, "first-rsa"},
        {"a.b.lab.test", ONLY_EC, "first-ec"},
        {"nobody.test", ONLY_RSA, "first-rsa"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        assert_shown(f, ctx, cases[i].name, cases[i].likes, cases[i].shown);
    tls_ctx_free(ctx);
}

static void a_name_is_known_by_more_than_one_connection(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *ctx = tls_lab_server(&f->config, f->error, sizeof(f->error));
    SSL_CTX *other = client(TLS1_3_VERSION, ANY);
    struct connection connections[2];
    static const char *const names[] = {"one.lab.test", "named.test"};
    for (int i = 0; i < 2; i++)
        connect_peer(f, ctx, other, names[i], &connections[i]);
    tls_ctx_free(ctx); /* their certificates go with it, and they do not need them */
    for (int i = 0; i < 2; i++) {
        char text[8];
        assert_int_equal(connections[i].io.status, IO_OK);
        assert_int_equal(transport_write(connections[i].t, (const uint8_t *)"hello", 5).n, 5);
        assert_int_equal(tls_peer_read(&connections[i].peer, text, sizeof(text)), 5);
        disconnect(&connections[i]);
    }
    SSL_CTX_free(other);
}

static void without_names_the_first_serves_all(void **state)
{
    struct fixture *f = *state;
    pki_write_leaf(&f->pki, "nameless.pem", "nobody", "email:a@desk.test");
    struct pki_path path = pki_path(&f->pki, "nameless.pem");
    f->certificates[0].certificate = path.text;
    struct tls_ctx *ctx = tls_lab_server(&f->config, f->error, sizeof(f->error));
    assert_shown(f, ctx, NULL, ANY, "nobody");
    assert_shown(f, ctx, "other.test", ANY, "decoy.test");
    assert_shown(f, ctx, "elsewhere.test", ANY, "nobody");
    tls_ctx_free(ctx);
}

/* ---- policy ---- */

static void suites_are_a_list(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"TLS_NOTHING", "TLS_AES_128_GCM_SHA256:TLS_AES_128_GCM_SHA1",
                                      "ECDHE-RSA-AES128-GCM-SHA256", ""};
    for (size_t i = 0; i < WSL_COUNT(bad); i++) {
        f->config.suites = bad[i];
        assert_null(tls_lab_server(&f->config, f->error, sizeof(f->error)));
        assert_non_null(strstr(f->error, "suite list '"));
        assert_int_equal(ERR_peek_error(), 0);
    }
    f->config.suites = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
    struct tls_ctx *ctx = tls_lab_server(&f->config, f->error, sizeof(f->error));
    assert_non_null(ctx);
    SSL_CTX *other = client(TLS1_3_VERSION, ANY);
    struct connection connection;
    struct tls_facts facts;
    connect_peer(f, ctx, other, NULL, &connection);
    tls_facts(connection.t, &facts);
    assert_string_equal(facts.cipher, "TLS_AES_256_GCM_SHA384");
    disconnect(&connection);
    SSL_CTX_set_ciphersuites(other, "TLS_AES_128_GCM_SHA256");
    connect_peer(f, ctx, other, NULL, &connection);
    assert_int_equal(connection.io.status, IO_FAIL);
    disconnect(&connection);
    SSL_CTX_free(other);
    tls_ctx_free(ctx);
}

static void problems_have_their_place(void **state)
{
    struct fixture *f = *state;
    const struct config_place place = {"gateway.yaml", 4, 9};
    const struct tls_error error = {&place, f->error, sizeof(f->error)};
    struct tls_store *store = tls_store_create(NULL);
    f->certificates[3].certificate = "/nowhere/3.pem";
    assert_null(tls_ctx_server(&f->config, store, &error));
    assert_ptr_equal(strstr(f->error, "gateway.yaml:4:9: certificate file '/nowhere"), f->error);
    f->certificates[3].place = (struct config_place){"conf.d/3.yaml", 11, 5};
    assert_null(tls_ctx_server(&f->config, store, &error));
    assert_ptr_equal(strstr(f->error, "conf.d/3.yaml:11:5: certificate file"), f->error);
    f->config.certificate_count = 1;
    f->config.ciphers = "NONE";
    assert_null(tls_ctx_server(&f->config, store, &error));
    assert_ptr_equal(strstr(f->error, "gateway.yaml:4:9: cipher list 'NONE'"), f->error);
    tls_store_free(store);
}

static void short_keys_are_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct pki_pair weak = pki_issue(&f->pki, EVP_RSA_gen(1024), "weak", "DNS:weak", &f->pki.ca);
    pki_write(&f->pki, "weak.pem", weak.certificate, weak.key, NULL);
    pki_free_pair(&weak);
    struct pki_path path = pki_path(&f->pki, "weak.pem");
    f->certificates[5].certificate = path.text;
    f->config.ciphers = "ECDHE+AESGCM:@SECLEVEL=2";
    assert_null(tls_lab_server(&f->config, f->error, sizeof(f->error)));
    assert_non_null(strstr(f->error, "weak.pem' cannot be used: ee key too small"));
}

/* ---- what is known of a client ---- */

static void facts_of_a_client(void **state)
{
    struct fixture *f = *state;
    f->config.client_ca = f->ca.text;
    f->config.client_verify = CONFIG_VERIFY_OPTIONAL;
    struct tls_ctx *ctx = tls_lab_server(&f->config, f->error, sizeof(f->error));
    for (int shows = 0; shows < 2; shows++) {
        SSL_CTX *other = client(TLS1_2_VERSION, ONLY_EC);
        struct pki_path own = pki_path(&f->pki, "client.pem");
        struct connection connection;
        struct tls_facts facts;
        if (shows) {
            SSL_CTX_use_certificate_file(other, own.text, SSL_FILETYPE_PEM);
            SSL_CTX_use_PrivateKey_file(other, own.text, SSL_FILETYPE_PEM);
        }
        SSL_CTX_set_alpn_protos(other, (const unsigned char *)"\x08http/1.1", 9);
        SSL_CTX_set_cipher_list(other, "ECDHE-ECDSA-AES128-GCM-SHA256");
        connect_peer(f, ctx, other, "Nobody.test", &connection);
        tls_facts(connection.t, &facts);
        assert_string_equal(facts.server_name, "Nobody.test");
        assert_string_equal(facts.version, "TLSv1.2");
        assert_string_equal(facts.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
        assert_true(slice_equal(facts.alpn, SLICE("http/1.1")));
        assert_int_equal(facts.certificate, shows);
        assert_int_equal(facts.verified, shows);
        assert_string_equal(facts.common_name, shows ? "Grace Höpper" : "");
        disconnect(&connection);
        SSL_CTX_free(other);
    }
    tls_ctx_free(ctx);
}

static void nothing_is_known_before_the_handshake(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *ctx = tls_lab_server(&f->config, f->error, sizeof(f->error));
    SSL_CTX *other = client(TLS1_3_VERSION, ANY);
    struct tls_peer peer;
    struct tls_facts facts;
    struct transport *t = tls_create(ctx, &f->scratch, tls_peer_open(&peer, other, 0));
    tls_facts(t, &facts);
    assert_null(facts.version);
    assert_null(facts.server_name);
    assert_false(facts.certificate);
    transport_close(t);
    tls_peer_close(&peer);
    SSL_CTX_free(other);
    tls_ctx_free(ctx);
}

static void common_names_are_clean(void **state)
{
    struct fixture *f = *state;
    char name[TLS_FACTS_NAME_MAX], longest[65];
    memset(longest, 'x', 64);
    longest[64] = '\0';
    const char *const names[] = {"plain", longest, "new\nline", "del\x7f"};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        struct pki_pair pair =
            pki_issue(&f->pki, EVP_EC_gen("P-256"), names[i], "DNS:x", &f->pki.ca);
        tls_facts_common_name(pair.certificate, name, sizeof(name));
        assert_string_equal(name, i < 2 ? names[i] : "");
        tls_facts_common_name(pair.certificate, name, 6);
        assert_string_equal(name, i < 1 ? names[i] : "");
        pki_free_pair(&pair);
    }
    X509 *bare = X509_new();
    tls_facts_common_name(bare, name, sizeof(name));
    assert_string_equal(name, "");
    X509_free(bare);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_name_decides),
        TEST(a_name_is_known_by_more_than_one_connection),
        TEST(without_names_the_first_serves_all),
        TEST(suites_are_a_list),
        TEST(problems_have_their_place),
        TEST(short_keys_are_refused_at_once),
        TEST(facts_of_a_client),
        TEST(nothing_is_known_before_the_handshake),
        TEST(common_names_are_clean),
    };
    return cmocka_run_group_tests(tests, make_rsa_key, free_rsa_key);
}
