/* A certificate and its key: parsed, refused with a reason, told apart, and what names it has. */
#include "net/tls/context/tls_pair.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/pki.h"

struct fixture {
    struct pki pki;
    struct tls_files files;
    char text[512];
    struct tls_error error;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "a.pem", "a", "DNS:desk.test,DNS:*.lab.test,IP:192.0.2.7");
    pki_write_leaf(&f->pki, "b.pem", "named.test", "");
    tls_files_init(&f->files);
    f->error = (struct tls_error){.text = f->text, .size = sizeof(f->text)};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_files_free(&f->files);
    pki_remove(&f->pki);
    ERR_clear_error();
    free(f);
    return 0;
}

static struct tls_bytes read_file(struct fixture *f, const char *name)
{
    struct tls_bytes bytes;
    assert_true(tls_files_read(&f->files, "test", pki_path(&f->pki, name).text, &bytes, &f->error));
    return bytes;
}

/* `key` NULL: in the same file. */
static struct tls_pair *parse(struct fixture *f, const char *certificate, const char *key,
                              const char *password)
{
    struct tls_bytes bytes[2] = {read_file(f, certificate), read_file(f, key ? key : certificate)};
    const struct config_certificate config = {
        .certificate = certificate, .key = key, .key_password = password};
    f->text[0] = '\0';
    struct tls_pair *pair = tls_pair_parse(&config, &bytes[0], &bytes[1], &f->error);
    tls_files_free_bytes(&bytes[0]);
    tls_files_free_bytes(&bytes[1]);
    return pair;
}

static void expect_refused(struct fixture *f, const char *certificate, const char *key,
                           const char *password, const char *words)
{
    assert_null(parse(f, certificate, key, password));
    if (!strstr(f->text, words))
        fail_msg("expected \"%s\" in: %s", words, f->text);
    ERR_clear_error();
}

static void test_a_good_pair(void **state)
{
    struct fixture *f = *state;
    struct tls_pair *pair = parse(f, "a.pem", NULL, NULL);
    assert_non_null(pair);
    assert_int_equal(tls_pair_key_type(pair), EVP_PKEY_EC);
    assert_true(pair->not_before < pair->not_after);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(ctx);
    assert_true(tls_pair_use(pair, ctx));
    assert_true(tls_pair_use_once(pair, ssl));
    assert_ptr_equal(SSL_CTX_get0_certificate(ctx), pair->certificate);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    struct tls_bytes bytes = read_file(f, "a.pem"), other = read_file(f, "b.pem");
    assert_true(tls_pair_is_of(pair, &bytes));
    assert_false(tls_pair_is_of(pair, &other));
    tls_files_free_bytes(&bytes);
    tls_files_free_bytes(&other);
    assert_ptr_equal(tls_pair_retain(pair), pair);
    tls_pair_release(pair);
    tls_pair_release(pair);
    tls_pair_release(NULL);
}

static void test_the_chain_narrows_the_validity(void **state)
{
    struct fixture *f = *state;
    struct pki_pair leaf = pki_issue(&f->pki, EVP_EC_gen("P-256"), "c", "DNS:c.test", &f->pki.ca);
    pki_date(&leaf, &f->pki.ca, -10, 7200); /* its CA ends after 3600 */
    FILE *file = pki_open(&f->pki, "chain.pem");
    assert_int_equal(PEM_write_X509(file, leaf.certificate), 1);
    assert_int_equal(PEM_write_X509(file, f->pki.ca.certificate), 1);
    assert_int_equal(PEM_write_PKCS8PrivateKey(file, leaf.key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    struct tls_pair *pair = parse(f, "chain.pem", NULL, NULL);
    assert_non_null(pair);
    assert_int_equal(sk_X509_num(pair->chain), 1);
    assert_in_range(pair->not_after - pair->not_before, 3600 - 60, 3600 + 60);
    tls_pair_release(pair);
    pki_free_pair(&leaf);
}

static void test_bad_files(void **state)
{
    struct fixture *f = *state;
    pki_write_text(&f->pki, "empty.pem", "");
    pki_write_text(&f->pki, "broken.pem",
                   "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect_refused(f, "empty.pem", NULL, NULL, "holds no certificate");
    expect_refused(f, "broken.pem", NULL, NULL, "cannot be used");
    expect_refused(f, "ca.pem", NULL, NULL, "holds no private key; append");
    expect_refused(f, "a.pem", "ca.pem", NULL, "holds no private key in PEM format");
    expect_refused(f, "a.pem", "b.pem", NULL, "does not belong to the first certificate");
}

static void test_passwords(void **state)
{
    struct fixture *f = *state;
    struct pki_pair leaf = pki_issue(&f->pki, EVP_EC_gen("P-256"), "d", "DNS:d.test", &f->pki.ca);
    pki_write(&f->pki, "d.pem", leaf.certificate, leaf.key, "secret");
    pki_free_pair(&leaf);
    expect_refused(f, "d.pem", NULL, NULL, "is encrypted; give its password");
    expect_refused(f, "d.pem", NULL, "wrong", "cannot be decrypted");
    struct tls_pair *pair = parse(f, "d.pem", NULL, "secret");
    assert_non_null(pair);
    tls_pair_release(pair);
}

/* Of all that a pair is made from: bytes, key and password. */
static void test_digests(void **state)
{
    struct fixture *f = *state;
    struct tls_bytes a = read_file(f, "a.pem"), b = read_file(f, "b.pem");
    const struct config_certificate plain = {.certificate = "x"},
                                    secret = {.certificate = "x", .key_password = "p"};
    unsigned char digests[5][TLS_PAIR_DIGEST];
    assert_true(tls_pair_digest(&plain, &a, &a, digests[0]));
    assert_true(tls_pair_digest(&plain, &a, &a, digests[1]));
    assert_true(tls_pair_digest(&plain, &a, &b, digests[2]));
    assert_true(tls_pair_digest(&plain, &b, &a, digests[3]));
    assert_true(tls_pair_digest(&secret, &a, &a, digests[4]));
    assert_memory_equal(digests[0], digests[1], TLS_PAIR_DIGEST);
    for (int i = 2; i < 5; i++)
        assert_memory_not_equal(digests[0], digests[i], TLS_PAIR_DIGEST);
    tls_files_free_bytes(&a);
    tls_files_free_bytes(&b);
}

struct names {
    char text[256];
    int most; /* false from then on */
};

static bool add_name(void *owner, const char *name)
{
    struct names *names = owner;
    size_t length = strlen(names->text);
    snprintf(names->text + length, sizeof(names->text) - length, "%s ", name);
    return --names->most > 0;
}

static void test_names(void **state)
{
    struct fixture *f = *state;
    struct tls_pair *a = parse(f, "a.pem", NULL, NULL), *b = parse(f, "b.pem", NULL, NULL);
    struct names all = {.most = 9}, one = {.most = 1}, common = {.most = 9};
    assert_true(tls_pair_names(a, add_name, &all));
    assert_string_equal(all.text, "desk.test *.lab.test ");
    assert_false(tls_pair_names(a, add_name, &one));
    assert_string_equal(one.text, "desk.test ");
    assert_true(tls_pair_names(b, add_name, &common));
    assert_string_equal(common.text, "named.test ");
    tls_pair_release(a);
    tls_pair_release(b);
}

/* They are no host names, and `wsluice check` would print them on a terminal. */
static void test_names_with_controls(void **state)
{
    struct fixture *f = *state;
    struct names all = {.most = 9};
    pki_write_leaf(&f->pki, "c.pem", "c", "DNS:a\x1b[31m,DNS:good.test,DNS:b\xc2\x9b,DNS:c\x7f");
    struct tls_pair *pair = parse(f, "c.pem", NULL, NULL);
    assert_true(tls_pair_names(pair, add_name, &all));
    assert_string_equal(all.text, "good.test ");
    tls_pair_release(pair);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_pair),
        TEST(test_the_chain_narrows_the_validity),
        TEST(test_bad_files),
        TEST(test_passwords),
        TEST(test_digests),
        TEST(test_names),
        TEST(test_names_with_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
