/* Contexts in real handshakes: suites, ALPN, resumption, trust, names. */
#include "net/tls/context/tls_ctx.h"

#include "lib/tls_ctx_lab.h"

/* ---- policy ---- */

static SSL_CTX *client_with(int version, const char *ciphers)
{
    SSL_CTX *ctx = client(version);
    SSL_CTX_set_security_level(ctx, 0);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, ciphers), 1);
    return ctx;
}

static void versions_and_suites_are_limited(void **state)
{
    struct fixture *f = *state;
    struct pki_path path = pki_path(&f->pki, "server.pem");
    struct config_tls config = config_of(f, path.text);
    const enum reason no = REASON_tls_handshake, yes = REASON_none;
    const char *cbc = "ECDHE-ECDSA-AES128-SHA";

    assert_int_equal(verdict(f, server(f, &config), client_with(TLS1_1_VERSION, "ALL")), no);
    assert_int_equal(verdict(f, server(f, &config), client_with(TLS1_2_VERSION, cbc)), no);
    assert_int_equal(verdict(f, server(f, &config), client_with(TLS1_2_VERSION, "DHE")), no);
    assert_int_equal(verdict(f, server(f, &config), client_with(TLS1_2_VERSION, "ALL")), yes);
    config.ciphers = cbc;
    assert_int_equal(verdict(f, server(f, &config), client_with(TLS1_2_VERSION, cbc)), yes);
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_3_VERSION)), yes);
    config.ciphers = NULL;
    config.min_version = CONFIG_TLS_1_3;
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_2_VERSION)), no);
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_3_VERSION)), yes);
    config.min_version = CONFIG_TLS_1_1;
    assert_int_equal(verdict(f, server(f, &config), client_with(TLS1_1_VERSION, "ALL")), yes);
    assert_int_equal(verdict(f, server(f, &config), client(TLS1_2_VERSION)), yes);
}

/* The client's preference decides: it knows whether its hardware is fast at AES. */
static void the_client_chooses_the_suite(void **state)
{
    struct fixture *f = *state;
    static const char *const suites[] = {"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
                                         "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"};
    static const char *const chosen[] = {"TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
                                         "TLSv1.3 TLS_AES_128_GCM_SHA256"};
    struct tls_ctx *ctx = usual_server(f);
    for (int i = 0; i < 2; i++) {
        SSL_CTX *other = client(TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(other, suites[i]);
        struct tls_peer peer;
        struct transport *t;
        char text[64];
        assert_int_equal(connect_peer(f, ctx, other, &peer, &t).status, IO_OK);
        assert_int_equal(tls_describe(t, text, sizeof(text)), strlen(chosen[i]));
        assert_string_equal(text, chosen[i]);
        disconnect(&peer, t);
        SSL_CTX_free(other);
    }
    tls_ctx_free(ctx);
}

static void alpn_is_http_1_1_or_an_alert(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *offer, *chosen;
        int alert;
    } cases[] = {
        {"\x08http/1.1", "http/1.1", 0},
        {"\x02h2\x08http/1.1", "http/1.1", 0},
        {"\x02h2", "", SSL_AD_NO_APPLICATION_PROTOCOL},
        {"\x08http/1.0\x07http/1.", "", SSL_AD_NO_APPLICATION_PROTOCOL},
        {"", "", 0},
    };
    struct tls_ctx *ctx = usual_server(f);
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        SSL_CTX *other = client(TLS1_3_VERSION);
        SSL_CTX_set_alpn_protos(other, (const unsigned char *)cases[i].offer,
                                (unsigned)strlen(cases[i].offer));
        struct tls_peer peer;
        struct transport *t;
        struct io io = connect_peer(f, ctx, other, &peer, &t);
        unsigned long error = ERR_peek_error();
        const unsigned char *name;
        unsigned length;
        SSL_get0_alpn_selected(peer.ssl, &name, &length);
        assert_int_equal(io.status, cases[i].alert ? IO_FAIL : IO_OK);
        assert_int_equal(length, strlen(cases[i].chosen));
        if (length > 0)
            assert_memory_equal(name, cases[i].chosen, length);
        if (cases[i].alert) {
            assert_int_equal(io.reason, REASON_tls_handshake);
            assert_string_equal(tls_failure(t), "no application protocol");
            assert_int_equal(ERR_GET_REASON(error), SSL_AD_REASON_OFFSET + cases[i].alert);
        }
        disconnect(&peer, t);
        SSL_CTX_free(other);
    }
    tls_ctx_free(ctx);
}

static SSL_SESSION *kept_session;
static unsigned kept_count;

static int keep_session_cb(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION_free(kept_session);
    kept_session = session;
    kept_count++;
    return 1;
}

static SSL_CTX *resuming_client(struct fixture *f, int version)
{
    SSL_CTX *ctx = client(version);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session_cb);
    struct pki_path path = pki_path(&f->pki, "client.pem");
    assert_int_equal(SSL_CTX_use_certificate_file(ctx, path.text, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, path.text, SSL_FILETYPE_PEM), 1);
    return ctx;
}

/* On a worker's scratch; whether the kept session was resumed. */
static bool resumes(struct fixture *f, struct tls_ctx *ctx, SSL_CTX *other, int worker)
{
    struct tls_peer peer;
    int fd = tls_peer_open(&peer, other, 0);
    struct transport *t = tls_create(ctx, &f->scratch[worker], fd);
    SSL_set_connect_state(peer.ssl);
    if (kept_session)
        assert_int_equal(SSL_set_session(peer.ssl, kept_session), 1);
    assert_int_equal(tls_peer_handshake(&peer, t).status, IO_OK);
    char byte;
    (void)tls_peer_read(&peer, &byte, 1); /* tickets of TLS 1.3 */
    bool reused = SSL_session_reused(peer.ssl) == 1;
    SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else it is dropped */
    disconnect(&peer, t);
    return reused;
}

static void sessions_resume_on_any_worker(void **state)
{
    struct fixture *f = *state;
    struct pki_path path = pki_path(&f->pki, "server.pem"), ca = pki_path(&f->pki, "ca.pem");
    for (int round = 0; round < 4; round++) {
        int version = round & 1 ? TLS1_3_VERSION : TLS1_2_VERSION;
        struct config_tls config = config_of(f, path.text);
        config.client_ca = ca.text;
        config.client_verify = round & 2 ? CONFIG_VERIFY_REQUIRED : CONFIG_VERIFY_OFF;
        struct tls_ctx *ctx = server(f, &config);
        SSL_CTX *other = resuming_client(f, version);
        kept_count = 0;
        assert_false(resumes(f, ctx, other, 0));
        assert_int_equal(kept_count, 1);
        assert_true(resumes(f, ctx, other, 1));
        assert_true(resumes(f, ctx, other, 0));
        SSL_SESSION_free(kept_session);
        kept_session = NULL;
        SSL_CTX_free(other);
        tls_ctx_free(ctx);
    }
}

static void renegotiation_is_refused(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *ctx = usual_server(f);
    SSL_CTX *other = client(TLS1_2_VERSION);
    struct tls_peer peer;
    struct transport *t;
    assert_int_equal(connect_peer(f, ctx, other, &peer, &t).status, IO_OK);
    assert_int_equal(SSL_renegotiate(peer.ssl), 1);
    assert_int_equal(SSL_do_handshake(peer.ssl), -1);
    tls_peer_push(&peer, SIZE_MAX);
    static uint8_t buffer[TRANSPORT_READ_MIN];
    assert_int_equal(transport_read(t, buffer, sizeof(buffer)).status, IO_WANT_READ);
    tls_peer_pull(&peer);
    assert_int_equal(SSL_do_handshake(peer.ssl), -1);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
    disconnect(&peer, t);
    tls_ctx_free(ctx);
    SSL_CTX_free(other);
}

/* ---- client certificates ---- */

static SSL_CTX *client_showing(struct fixture *f, const char *name)
{
    SSL_CTX *ctx = client(TLS1_2_VERSION);
    struct pki_path path = pki_path(&f->pki, name);
    assert_int_equal(SSL_CTX_use_certificate_file(ctx, path.text, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, path.text, SSL_FILETYPE_PEM), 1);
    return ctx;
}

static void client_certificates_are_verified(void **state)
{
    struct fixture *f = *state;
    struct pki_pair self = pki_issue(&f->pki, EVP_EC_gen("P-256"), "mallory", "DNS:m", NULL);
    pki_write(&f->pki, "mallory.pem", self.certificate, self.key, NULL);
    pki_free_pair(&self);
    struct pki_path path = pki_path(&f->pki, "server.pem"), ca = pki_path(&f->pki, "ca.pem");
    const enum reason no = REASON_tls_certificate, yes = REASON_none;
    for (int system_ca = 0; system_ca < 2; system_ca++) {
        struct config_tls config = config_of(f, path.text);
        config.client_ca = system_ca ? NULL : ca.text;
        assert_int_equal(verdict(f, server(f, &config), client_showing(f, "mallory.pem")), yes);
        config.client_verify = CONFIG_VERIFY_OPTIONAL;
        assert_int_equal(verdict(f, server(f, &config), client(TLS1_3_VERSION)), yes);
        assert_int_equal(verdict(f, server(f, &config), client_showing(f, "mallory.pem")), no);
        assert_int_equal(verdict(f, server(f, &config), client_showing(f, "client.pem")), yes);
        config.client_verify = CONFIG_VERIFY_REQUIRED;
        assert_int_equal(verdict(f, server(f, &config), client(TLS1_3_VERSION)), no);
        assert_int_equal(verdict(f, server(f, &config), client(TLS1_2_VERSION)), no);
        assert_int_equal(verdict(f, server(f, &config), client_showing(f, "mallory.pem")), no);
        assert_int_equal(verdict(f, server(f, &config), client_showing(f, "client.pem")), yes);
    }
}

/* ---- towards a target ---- */

static char seen_name[64];

static int server_name_cb(SSL *ssl, int *alert, void *data)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(seen_name, sizeof(seen_name), "%s", name ? name : "");
    return SSL_TLSEXT_ERR_OK;
}

static enum reason dial(struct fixture *f, const char *host, const char *server_name,
                        const char *file)
{
    SSL_CTX *other = SSL_CTX_new(TLS_server_method());
    struct pki_path path = pki_path(&f->pki, file);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(other, path.text), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(other, path.text, SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_tlsext_servername_callback(other, server_name_cb);
    struct config_target target = {
        .address = {.host = host, .port = 443}, .tls = true, .server_name = server_name};
    struct tls_ctx *ctx = tls_lab_client(&target, f->error, sizeof(f->error));
    assert_non_null(ctx);
    return verdict(f, ctx, other);
}

static void the_name_of_a_target_is_verified(void **state)
{
    struct fixture *f = *state;
    struct pki_pair self = pki_issue(&f->pki, EVP_EC_gen("P-256"), "x", "DNS:desk.test", NULL);
    pki_write(&f->pki, "self.pem", self.certificate, self.key, NULL);
    pki_free_pair(&self);
    pki_write_leaf(&f->pki, "nameless.pem", "desk.test", "email:a@desk.test");
    pki_write_leaf(&f->pki, "v6.pem", "v6", "IP:2001:db8::1");
    const enum reason no = REASON_target_untrusted, yes = REASON_none;
    assert_int_equal(dial(f, "desk.test", NULL, "server.pem"), yes);
    assert_string_equal(seen_name, "desk.test");
    assert_int_equal(dial(f, "desk.test.", NULL, "server.pem"), yes);
    assert_string_equal(seen_name, "desk.test");
    assert_int_equal(dial(f, "198.51.100.1", "desk.test", "server.pem"), yes);
    assert_string_equal(seen_name, "desk.test");
    assert_int_equal(dial(f, "192.0.2.7", NULL, "server.pem"), yes);
    assert_string_equal(seen_name, "");
    assert_int_equal(dial(f, "2001:db8::1", NULL, "v6.pem"), yes);
    assert_int_equal(dial(f, "192.0.2.8", NULL, "server.pem"), no);
    assert_int_equal(dial(f, "desk.test", "other.test", "server.pem"), no);
    assert_int_equal(dial(f, "other.test", NULL, "server.pem"), no);
    assert_int_equal(dial(f, "desk.test", NULL, "self.pem"), no);
    assert_int_equal(dial(f, "desk.test", NULL, "nameless.pem"), no);
}

static void connections_outlive_their_context(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *ctx = usual_server(f);
    SSL_CTX *other = client(TLS1_3_VERSION);
    struct tls_peer peer;
    struct transport *t;
    assert_int_equal(connect_peer(f, ctx, other, &peer, &t).status, IO_OK);
    tls_ctx_free(ctx); /* as a reload does, with the connection open */
    assert_int_equal(transport_write(t, (const uint8_t *)"still here", 10).n, 10);
    char text[16];
    assert_int_equal(tls_peer_read(&peer, text, sizeof(text)), 10);
    tls_ctx_free(NULL);
    disconnect(&peer, t);
    SSL_CTX_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(versions_and_suites_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_client_chooses_the_suite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alpn_is_http_1_1_or_an_alert, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_resume_on_any_worker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(renegotiation_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(client_certificates_are_verified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_name_of_a_target_is_verified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_outlive_their_context, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
