/* Each allocation inside OpenSSL fails in turn: a reason, never a crash or a leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "lib/stride.h"
#include "lib/tls_lab.h"
#include "lib/tls_peer.h"
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

static void every_allocation_may_fail(void **state)
{
    const long stride = (long)stride_of_tests();
    struct pki pki;
    pki_create(&pki);
    pki_write_leaf(&pki, "server.pem", "server", "DNS:desk.test");
    struct pki_path leaf = pki_path(&pki, "server.pem");
    struct config_certificate pair = {.certificate = leaf.text};
    struct config_tls config = {
        .certificates = &pair, .certificate_count = 1, .min_version = CONFIG_TLS_1_2};
    char error[256];
    struct scene scene = {.ctx = tls_lab_server(&config, error, sizeof(error)),
                          .other = SSL_CTX_new(TLS_client_method()),
                          .buffer = calloc(1, LENGTH + TRANSPORT_READ_MIN)};
    for (scene.version = TLS1_2_VERSION; scene.version <= TLS1_3_VERSION; scene.version++) {
        long count = 0;
        for (; !suffices(&scene, count); count += stride)
            assert_true(count < 5000);
        assert_true(count > 100);
    }
    SSL_CTX_free(scene.other);
    tls_ctx_free(scene.ctx);
    free(scene.buffer);
    pki_remove(&pki);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
