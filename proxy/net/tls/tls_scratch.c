#include "net/tls/tls_scratch.h"

static int bio_read(BIO *bio, char *data, size_t size, size_t *moved)
{
    struct tls_scratch *scratch = BIO_get_data(bio);
    size_t left = scratch->in_end - scratch->in_at;
    BIO_clear_retry_flags(bio);
    if (left == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    *moved = size < left ? size : left;
    memcpy(data, scratch->in + scratch->in_at, *moved);
    scratch->in_at += *moved;
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t size, size_t *moved)
{
    struct tls_scratch *scratch = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    /* Data always fits; a handshake with a huge chain of certificates may not, and fails. */
    if (size > TLS_SCRATCH_OUT - scratch->out_end)
        return -1;
    memcpy(scratch->out + scratch->out_end, data, size);
    scratch->out_end += size;
    *moved = size;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *data)
{
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *create_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "scratch");
    if (!method)
        return NULL;
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    BIO_meth_set_create(method, bio_create);
    return method;
}

struct tls_scratch *tls_scratch_create(void)
{
    struct tls_scratch *scratch = malloc(sizeof(*scratch));
    BIO_METHOD *method = create_method();
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!scratch || !bio) {
        BIO_free(bio);
        BIO_meth_free(method);
        free(scratch);
        return NULL;
    }
    BIO_set_data(bio, scratch);
    scratch->method = method;
    scratch->bio = bio;
    scratch->in_at = scratch->in_end = scratch->out_end = 0;
    return scratch;
}

void tls_scratch_free(struct tls_scratch *scratch)
{
    if (!scratch)
        return;
    BIO_free(scratch->bio);
    BIO_meth_free(scratch->method);
    free(scratch);
}
