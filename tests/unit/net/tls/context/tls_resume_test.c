/*
 * Where a TLS session resumes, and until when: real handshakes across policies and time, with a
 * clock of its own, also for OpenSSL.
 */
#include "net/tls/context/tls_resume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "config/options/options.h"
#include "lib/pki.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/tls.h"

static time_t clock_offset;

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time_t seconds = now.tv_sec + clock_offset;
    if (result)
        *result = seconds;
    return seconds;
}

/* Where our time_t has 64 bits and that of libraries may still have 32, they call another one. */
#if defined(__GLIBC__) && __TIMESIZE == 32
long time_of_libraries(long *result) __asm__("time");
long time_of_libraries(long *result)
{
    long seconds = (long)time(NULL);
    if (result)
        *result = seconds;
    return seconds;
}
#endif

struct fixture {
    struct pki pki;
    struct tls_scratch *scratch;
    struct tls_store *store;
    struct config_certificate pairs[2];
    struct pki_path path[2], ca, crl;
    struct config_tls config;
    char error[512];
};

static SSL_SESSION *kept_session;

static int keep_session_cb(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION_free(kept_session);
    kept_session = session;
    return 1;
}

static void forget_session(void)
{
    SSL_SESSION_free(kept_session);
    kept_session = NULL;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    clock_offset = 0;
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "desk.pem", "desk", "DNS:desk.test");
    pki_write_leaf(&f->pki, "shop.pem", "shop", "DNS:shop.test");
    pki_write_leaf(&f->pki, "client.pem", "client", "DNS:client.test");
    pki_write(&f->pki, "same-ca.pem", f->pki.ca.certificate, NULL, NULL);
    f->store = tls_store_create(NULL);
    f->ca = pki_path(&f->pki, "ca.pem");
    f->path[0] = pki_path(&f->pki, "desk.pem");
    f->path[1] = pki_path(&f->pki, "shop.pem");
    f->pairs[0].certificate = f->path[0].text;
    f->pairs[1].certificate = f->path[1].text;
    setenv("SSL_CERT_FILE", f->ca.text, 1);
    f->config = (struct config_tls){
        .mode = CONFIG_TLS_REQUIRED,
        .certificates = f->pairs,
        .certificate_count = 2,
        .client_ca = f->ca.text,
        .client_verify = CONFIG_VERIFY_REQUIRED,
        .min_version = CONFIG_TLS_1_2,
    };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    forget_session();
    tls_scratch_free(f->scratch);
    tls_store_free(f->store);
    pki_remove(&f->pki);
    free(f);
    return 0;
}

static struct tls_ctx *server(struct fixture *f, const struct config_tls *config)
{
    const struct tls_error error = {.text = f->error, .size = sizeof(f->error)};
    struct tls_ctx *ctx = tls_ctx_server(config, f->store, &error);
    if (!ctx)
        fail_msg("%s", f->error);
    return ctx;
}

static SSL_CTX *client(struct fixture *f, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct pki_path path = pki_path(&f->pki, "client.pem");
    SSL_CTX_set_max_proto_version(ctx, version);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session_cb);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, path.text), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, path.text, SSL_FILETYPE_PEM), 1);
    return ctx;
}

/* Offers the kept session, if there is one, and keeps the next. */
static enum reason connect_as(struct fixture *f, struct tls_ctx *ctx, SSL_CTX *other,
                              const char *name, bool *resumed)
{
    struct tls_peer peer;
    int fd = tls_peer_open(&peer, other, 0);
    struct transport *t = tls_create(ctx, &f->scratch, fd);
    SSL_set_connect_state(peer.ssl);
    if (name)
        tls_peer_ask_for(&peer, name);
    if (kept_session)
        assert_int_equal(SSL_set_session(peer.ssl, kept_session), 1);
    struct io io = tls_peer_handshake(&peer, t);
    char byte;
    (void)tls_peer_read(&peer, &byte, 1); /* tickets of TLS 1.3 */
    *resumed = SSL_session_reused(peer.ssl) == 1;
    SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else it is dropped */
    transport_close(t);
    tls_peer_close(&peer);
    return io.status == IO_OK ? REASON_none : (enum reason)io.reason;
}

static bool resumes(struct fixture *f, struct tls_ctx *ctx, SSL_CTX *other)
{
    bool resumed;
    assert_int_equal(connect_as(f, ctx, other, "desk.test", &resumed), REASON_none);
    assert_non_null(kept_session);
    return resumed;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* A session of `first`, offered to `second`. */
static bool resumes_across(struct fixture *f, struct tls_ctx *first, struct tls_ctx *second,
                           int version)
{
    SSL_CTX *other = client(f, version);
    forget_session();
    assert_false(resumes(f, first, other));
    bool crossed = resumes(f, second, other);
    SSL_CTX_free(other);
    return crossed;
}

static void expect_across(struct fixture *f, const struct config_tls *changed, bool expected,
                          const char *what)
{
    struct tls_ctx *first = server(f, &f->config), *second = server(f, changed);
    for (size_t i = 0; i < WSL_COUNT(versions); i++) {
        if (resumes_across(f, first, second, versions[i]) != expected ||
            resumes_across(f, second, first, versions[i]) != expected)
            fail_msg("%s: a session %s", what, expected ? "does not resume" : "resumes_across");
    }
    tls_ctx_free(first);
    tls_ctx_free(second);
}

/* ---- where ---- */

static void change_mode(struct fixture *f, struct config_tls *config)
{
    config->mode = CONFIG_TLS_OPTIONAL;
}

static void change_client_verify(struct fixture *f, struct config_tls *config)
{
    config->client_verify = CONFIG_VERIFY_OPTIONAL;
}

static void change_client_ca(struct fixture *f, struct config_tls *config)
{
    config->client_ca = NULL; /* the system's, which is the same here */
}

static void change_client_crl(struct fixture *f, struct config_tls *config)
{
    pki_write_crl(&f->pki, "crl.pem");
    f->crl = pki_path(&f->pki, "crl.pem");
    config->client_crl = f->crl.text;
}

static void change_min_version(struct fixture *f, struct config_tls *config)
{
    config->min_version = CONFIG_TLS_1_1;
}

static void change_ciphers(struct fixture *f, struct config_tls *config)
{
    config->ciphers = "ECDHE+AESGCM";
}

static void change_suites(struct fixture *f, struct config_tls *config)
{
    config->suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
}

/* A new option needs a line here: decide whether sessions may resume across its changes. */
static const struct {
    const char *key;
    void (*change)(struct fixture *f, struct config_tls *config);
} changes[] = {
    {"mode", change_mode},
    {"client_verify", change_client_verify},
    {"client_ca", change_client_ca},
    {"min_version", change_min_version},
    {"ciphers", change_ciphers},
    {"suites", change_suites},
    {"client_crl", change_client_crl},
};

static void every_option_is_policy_unless_its_row_says_otherwise(void **state)
{
    struct fixture *f = *state;
    const struct options_row *row;
    size_t tried = 0;
    for (size_t i = 0; (row = options_at(i)) != NULL; i++) {
        enum options_section section = row->section;
        while (section != OPTIONS_TLS && section != OPTIONS_PROCESS)
            section = options_section(section)->parent;
        if (section != OPTIONS_TLS) {
            assert_false(row->resumes);
            continue;
        }
        if (row->section != OPTIONS_TLS) { /* the policy does not look into sections below */
            assert_true(row->resumes);
            continue;
        }
        size_t at = 0;
        while (at < WSL_COUNT(changes) && strcmp(changes[at].key, row->key) != 0)
            at++;
        if (at == WSL_COUNT(changes))
            fail_msg("no test says whether TLS sessions resume across '%s'", row->key);
        struct config_tls changed = f->config;
        changes[at].change(f, &changed);
        expect_across(f, &changed, row->resumes, row->key);
        tried++;
    }
    assert_int_equal(tried, WSL_COUNT(changes));
}

static void the_same_policy_is_enough(void **state)
{
    struct fixture *f = *state;
    struct config_tls changed = f->config;
    expect_across(f, &changed, true, "another listener");
    changed.certificate_count = 1;
    expect_across(f, &changed, true, "fewer certificates");
    struct config_certificate other = {.certificate = f->path[1].text};
    changed.certificates = &other;
    expect_across(f, &changed, true, "another certificate");
}

/* The file's contents count, not its name. */
static void another_client_ca_in_the_same_file_is_another_policy(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *first = server(f, &f->config);
    struct pki_pair more = pki_issue(&f->pki, EVP_EC_gen("P-256"), "More", NULL, NULL);
    FILE *file = pki_open(&f->pki, "ca.pem");
    PEM_write_X509(file, f->pki.ca.certificate);
    PEM_write_X509(file, more.certificate);
    fclose(file);
    pki_free_pair(&more);
    struct tls_ctx *second = server(f, &f->config);
    for (size_t i = 0; i < WSL_COUNT(versions); i++) {
        assert_false(resumes_across(f, first, second, versions[i]));
        assert_false(resumes_across(f, second, first, versions[i]));
        assert_true(resumes_across(f, first, first, versions[i]));
    }
    tls_ctx_free(first);
    tls_ctx_free(second);
}

static void a_reload_keeps_sessions_of_the_same_policy(void **state)
{
    struct fixture *f = *state;
    struct config_tls stricter = f->config;
    stricter.min_version = CONFIG_TLS_1_1;
    struct tls_ctx *before = server(f, &f->config);
    tls_store_seal(f->store);
    struct tls_store *old = f->store;
    f->store = tls_store_create(old);
    struct tls_ctx *after = server(f, &f->config), *changed = server(f, &stricter);
    tls_store_seal(f->store);
    tls_store_free(old);
    for (size_t i = 0; i < WSL_COUNT(versions); i++) {
        assert_true(resumes_across(f, before, after, versions[i]));
        assert_false(resumes_across(f, before, changed, versions[i]));
    }
    tls_ctx_free(before);
    tls_ctx_free(after);
    tls_ctx_free(changed);
}

/*
 * RFC 6066, section 3: up to TLS 1.2 a session belongs to the name that it was made for. With TLS
 * 1.3 the client decides, and the name is the new one (RFC 8446, section 4.2.11).
 */
static void up_to_tls_1_2_a_session_belongs_to_a_name(void **state)
{
    struct fixture *f = *state;
    struct tls_ctx *ctx = server(f, &f->config);
    for (size_t i = 0; i < WSL_COUNT(versions); i++) {
        SSL_CTX *other = client(f, versions[i]);
        bool resumed;
        forget_session();
        assert_false(resumes(f, ctx, other));
        assert_int_equal(connect_as(f, ctx, other, "shop.test", &resumed), REASON_none);
        assert_int_equal(resumed, versions[i] == TLS1_3_VERSION);
        assert_int_equal(connect_as(f, ctx, other, "shop.test", &resumed), REASON_none);
        assert_true(resumed);
        assert_int_equal(connect_as(f, ctx, other, NULL, &resumed), REASON_none);
        assert_int_equal(resumed, versions[i] == TLS1_3_VERSION);
        assert_int_equal(connect_as(f, ctx, other, NULL, &resumed), REASON_none);
        assert_true(resumed);
        SSL_CTX_free(other);
    }
    tls_ctx_free(ctx);
}

/* ---- until when ---- */

/* Certificates of this client and of its CA that end so many seconds from now. */
static void issue_client(struct fixture *f, long ca_end, long end)
{
    pki_date(&f->pki.ca, &f->pki.ca, -60, ca_end);
    pki_write(&f->pki, "ca.pem", f->pki.ca.certificate, NULL, NULL);
    struct pki_pair leaf =
        pki_issue(&f->pki, EVP_EC_gen("P-256"), "client", "DNS:client.test", &f->pki.ca);
    pki_date(&leaf, &f->pki.ca, -60, end);
    pki_write(&f->pki, "client.pem", leaf.certificate, leaf.key, NULL);
    pki_free_pair(&leaf);
}

static void an_expired_certificate_does_not_resume(void **state)
{
    static const struct {
        long ca, leaf;
    } ends[] = {{100000, 600}, {600, 100000}};
    struct fixture *f = *state;
    for (size_t i = 0; i < 2 * WSL_COUNT(ends); i++) {
        clock_offset = 0;
        issue_client(f, ends[i / 2].ca, ends[i / 2].leaf);
        struct tls_ctx *ctx = server(f, &f->config);
        SSL_CTX *other = client(f, versions[i & 1]);
        bool resumed;
        forget_session();
        assert_false(resumes(f, ctx, other));
        clock_offset = 500;
        assert_true(resumes(f, ctx, other));
        clock_offset = 700;
        assert_int_equal(connect_as(f, ctx, other, "desk.test", &resumed), REASON_tls_certificate);
        assert_false(resumed);
        SSL_CTX_free(other);
        tls_ctx_free(ctx);
    }
}

/* A client that has renewed its certificate is accepted, by a full handshake. */
static void a_renewed_certificate_is_asked_for(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < WSL_COUNT(versions); i++) {
        clock_offset = 0;
        issue_client(f, 100000, 600);
        struct tls_ctx *ctx = server(f, &f->config);
        SSL_CTX *old = client(f, versions[i]);
        forget_session();
        assert_false(resumes(f, ctx, old));
        clock_offset = 700;
        pki_write_leaf(&f->pki, "client.pem", "client", "DNS:client.test");
        SSL_CTX *renewed = client(f, versions[i]);
        assert_false(resumes(f, ctx, renewed));
        assert_true(resumes(f, ctx, renewed));
        SSL_CTX_free(old);
        SSL_CTX_free(renewed);
        tls_ctx_free(ctx);
    }
}

/* Also if its ticket is renewed. */
static void no_session_lives_for_ever(void **state)
{
    struct fixture *f = *state;
    f->config.client_verify = CONFIG_VERIFY_OFF;
    struct tls_ctx *ctx = server(f, &f->config);
    SSL_CTX *other = client(f, TLS1_3_VERSION);
    assert_false(resumes(f, ctx, other));
    for (clock_offset = 3600; clock_offset < TLS_RESUME_LIFE_S; clock_offset += 3600)
        assert_true(resumes(f, ctx, other));
    clock_offset += 60;
    assert_false(resumes(f, ctx, other));
    assert_true(resumes(f, ctx, other));
    SSL_CTX_free(other);
    tls_ctx_free(ctx);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_option_is_policy_unless_its_row_says_otherwise),
        TEST(the_same_policy_is_enough),
        TEST(another_client_ca_in_the_same_file_is_another_policy),
        TEST(a_reload_keeps_sessions_of_the_same_policy),
        TEST(up_to_tls_1_2_a_session_belongs_to_a_name),
        TEST(an_expired_certificate_does_not_resume),
        TEST(a_renewed_certificate_is_asked_for),
        TEST(no_session_lives_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
