#include "net/http/http_origin.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/pki.h"
#include "net/tls/context/tls_store.h"

static const struct config_place place = {0};
static char error[256];

static void test_plain(void **state)
{
    struct http_origin *one =
        http_origin_create("http://[::1]:9000/x", NULL, &place, NULL, error, sizeof(error));
    struct http_origin *other =
        http_origin_create("http://[::1]:9000/x", NULL, &place, NULL, error, sizeof(error));
    assert_non_null(one);
    assert_non_null(other);
    assert_null(one->tls);
    assert_string_equal(one->host, "[::1]:9000");
    assert_string_equal(one->url.target, "/x");
    assert_memory_not_equal(&one->id, &other->id, sizeof(one->id));
    http_origin_release(one);
    http_origin_release(other);
    http_origin_release(NULL);
}

static void test_tls(void **state)
{
    struct pki pki;
    pki_create(&pki);
    struct pki_path ca = pki_path(&pki, "ca.pem");
    struct tls_store *store = tls_store_create(NULL);
    struct http_origin *origin =
        http_origin_create("https://door.example/", ca.text, &place, store, error, sizeof(error));
    if (!origin)
        fail_msg("%s", error);
    assert_non_null(origin->tls);
    assert_string_equal(origin->host, "door.example");
    http_origin_release(origin);
    assert_null(http_origin_create("https://door.example/", "/nowhere.pem", &place, store, error,
                                   sizeof(error)));
    assert_non_null(strstr(error, "/nowhere.pem"));
    tls_store_free(store);
    pki_remove(&pki);
}

static void test_failures(void **state)
{
    assert_null(http_origin_create("ftp://a/", NULL, &place, NULL, error, sizeof(error)));
    assert_non_null(strstr(error, "ftp://a/: must be http://"));
    failing_alloc_arm(1);
    struct http_origin *origin =
        http_origin_create("http://a/", NULL, &place, NULL, error, sizeof(error));
    assert_true(failing_alloc_disarm());
    assert_null(origin);
    assert_string_equal(error, "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
