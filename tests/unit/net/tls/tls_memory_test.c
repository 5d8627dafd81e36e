/*
 * Allocations inside OpenSSL fail in turn: a reason, never a crash or a leak, and never a context
 * that stays broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/stride.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
#include "net/tls/context/tls_facts.h"
#include "net/tls/tls.h"

/* Allocations that may still succeed; negative: all. Counted only in the transport's calls. */
static long credit = -1;

static bool spend(void)
{
    return credit < 0 || (credit > 0 && credit--);
}

static void *failing_malloc(size_t size, const char *file, int line)
{
    return spend() ? malloc(size) : NULL;
}

static void *failing_realloc(void *old, size_t size, const char *file, int line)
{
    return spend() ? realloc(old, size) : NULL;
}

static void plain_free(void *old, const char *file, int line)
{
    free(old);
}

struct scene {
    struct tls_ctx *ctx;
    SSL_CTX *other;
    uint8_t *buffer;
    int version;
    bool connects; /* our side is the client */
};

#define LENGTH ((size_t)100 * 1024)

/* Runs `step` with `*left` allocations, and subtracts those that it has used. */
#define WITH_CREDIT(left, step)                                                                    \
    do {                                                                                           \
        credit = *(left);                                                                          \
        step;                                                                                      \
        *(left) = credit;                                                                          \
        credit = -1;                                                                               \
    } while (0)

static struct io talk(const struct scene *scene, struct tls_peer *peer, struct transport *t,
                      long *left)
{
    struct io io;
    int turns = 0;
    do {
        tls_peer_turn(peer);
        WITH_CREDIT(left, io = transport_handshake(t));
        assert_true(++turns < 100);
    } while (io.status == IO_WANT_READ);
    if (io.status != IO_OK)
        return io;
    tls_peer_turn(peer);
    SSL_write(peer->ssl, scene->buffer, LENGTH);
    tls_peer_push(peer, SIZE_MAX);
    WITH_CREDIT(left, io = transport_read(t, scene->buffer, LENGTH + TRANSPORT_READ_MIN));
    if (io.status == IO_FAIL)
        return io;
    WITH_CREDIT(left, io = transport_write(t, scene->buffer, LENGTH));
    if (io.status == IO_FAIL)
        return io;
    WITH_CREDIT(left, io = transport_shutdown(t));
    return io;
}

/*
 * Whether the connection works and allocations are left over: some may fail without an effect, so
 * success alone does not prove that there were enough. The connection is the first of its scratch.
 */
static bool suffices(const struct scene *scene, long count)
{
    struct tls_peer peer;
    struct tls_scratch *scratch = NULL;
    int fd = tls_peer_open(&peer, scene->other, 0);
    SSL_set_max_proto_version(peer.ssl, scene->version);
    if (scene->connects)
        SSL_set_accept_state(peer.ssl);
    else
        SSL_set_connect_state(peer.ssl);
    struct transport *t;
    struct io io = io_fail(REASON_out_of_memory);
    WITH_CREDIT(&count, t = tls_create(scene->ctx, &scratch, fd));
    if (t) {
        io = talk(scene, &peer, t, &count);
        if (io.status == IO_FAIL)
            assert_true(tls_failure(t)[0] != '\0');
        transport_close(t);
    } else {
        close(fd);
    }
    tls_peer_close(&peer);
    tls_scratch_free(scratch);
    return io.status != IO_FAIL && count > 0;
}

/*
 * The context is the same throughout: what OpenSSL remembers of a failed attempt must not break a
 * later one. `step`: 1 to let each allocation fail.
 */
static void starve(struct scene *scene, long step)
{
    step *= (long)stride_of_tests();
    scene->buffer = calloc(1, LENGTH + TRANSPORT_READ_MIN);
    assert_non_null(scene->buffer);
    for (scene->version = TLS1_2_VERSION; scene->version <= TLS1_3_VERSION; scene->version++) {
        long count = 0;
        while (!suffices(scene, count)) {
            count += step;
            assert_true(count < 8000);
        }
        assert_true(count > 100);
    }
    SSL_CTX_free(scene->other);
    tls_ctx_free(scene->ctx);
    free(scene->buffer);
}

static struct pki_path create_pki(struct pki *pki)
{
    pki_create(pki);
    pki_write_leaf(pki, "leaf.pem", "desk", "DNS:desk.test");
    return pki_path(pki, "leaf.pem");
}

static SSL_CTX *other_with_certificate(const SSL_METHOD *method, const struct pki_path *leaf)
{
    SSL_CTX *other = SSL_CTX_new(method);
    assert_int_equal(SSL_CTX_use_certificate_file(other, leaf->text, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(other, leaf->text, SSL_FILETYPE_PEM), 1);
    return other;
}

/* OpenSSL 3.0 needs thousands of allocations to read a peer's certificate. */
#define STEP_WITH_PEER_CERTIFICATE 7

static void server_with_certificate(enum config_client_verify verify, long step)
{
    struct pki pki;
    struct pki_path leaf = create_pki(&pki), ca = pki_path(&pki, "ca.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {.certificates = &pair,
                                .certificate_count = 1,
                                .min_version = CONFIG_TLS_1_2,
                                .client_verify = verify,
                                .client_ca = ca.text};
    char error[256];
    struct scene scene = {.ctx = tls_lab_server(&config, error, sizeof(error)),
                          .other = other_with_certificate(TLS_client_method(), &leaf)};
    assert_non_null(scene.ctx);
    starve(&scene, step);
    pki_remove(&pki);
}

static void server(void **state)
{
    server_with_certificate(CONFIG_VERIFY_OFF, 1);
}

static void server_that_verifies(void **state)
{
    server_with_certificate(CONFIG_VERIFY_REQUIRED, STEP_WITH_PEER_CERTIFICATE);
}

static void client(void **state)
{
    struct pki pki;
    struct pki_path leaf = create_pki(&pki), ca = pki_path(&pki, "ca.pem");
    struct config_target target = {
        .ca = ca.text, .server_name = "desk.test", .certificate = leaf.text};
    char error[256];
    struct scene scene = {.ctx = tls_lab_client(&target, error, sizeof(error)),
                          .other = other_with_certificate(TLS_server_method(), &leaf),
                          .connects = true};
    assert_non_null(scene.ctx);
    SSL_CTX_set_verify(scene.other, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(SSL_CTX_load_verify_locations(scene.other, ca.text, NULL), 1);
    starve(&scene, STEP_WITH_PEER_CERTIFICATE);
    pki_remove(&pki);
}

/* Nothing in between: a certificate is either as good as it is, or memory was short. */
static void parsing_extensions(void **state)
{
    struct pki pki;
    pki_create(&pki);
    bool enough = false;
    for (long count = 0; !enough; count++) {
        long left = count;
        X509 *copy = X509_dup(pki.ca.certificate);
        assert_non_null(copy);
        WITH_CREDIT(&left, enough = tls_facts_parse(copy));
        if (enough)
            assert_int_equal(X509_get_extension_flags(copy) & EXFLAG_INVALID, 0);
        X509_free(copy);
        assert_true(count < 1000);
    }
    pki_remove(&pki);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server), cmocka_unit_test(server_that_verifies), cmocka_unit_test(client),
        cmocka_unit_test(parsing_extensions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
