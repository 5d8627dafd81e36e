#include "run/check/check_tls.h"

#include "lib/check_lab.h"
#include "lib/pki.h"

static struct pki pki;

static int set_up(void **state)
{
    pki_create(&pki);
    pki_write_leaf(&pki, "a.pem", "a", "DNS:a.test");
    pki_write_leaf(&pki, "b.pem", "b", "DNS:b.test");
    struct pki_pair old = pki_issue(&pki, EVP_EC_gen("P-256"), "old", "DNS:old.test", &pki.ca);
    pki_date(&old, &pki.ca, -864000, -86400 * 3);
    pki_write(&pki, "old.pem", old.certificate, old.key, NULL);
    pki_free_pair(&old);
    pki_write_text(&pki, "broken.pem", "no PEM\n");
    int begun = check_lab_begin(state);
    return begun == 0 ? symlink(pki.directory, "ssl") : begun;
}

static int tear_down(void **state)
{
    pki_remove(&pki);
    return check_lab_end(state);
}

static bool run(const char *listeners, const char *routes)
{
    char text[2048];
    snprintf(text, sizeof(text), "listeners:\n%sroutes:\n%s", listeners, routes);
    return check_lab_run(text, false);
}

#define LISTENER(tls) "  - {address: \"127.0.0.1:0\", tls: {" tls "}}\n"
#define ROUTE         "  - {path: /, host: h, target: \"tcp://h:1\"}\n"

static void test_every_certificate_is_read(void **unused)
{
    assert_false(run(LISTENER("certificates: [ssl/a.pem, ssl/broken.pem, ssl/none.pem, "
                              "{certificate: ssl/a.pem, key: ssl/b.pem}, ssl/old.pem, "
                              "{certificate: ssl/b.pem, key: ssl/nokey.pem}]"),
                     ROUTE));
    check_lab_finds("gateway.yaml:2:62: listeners[0].tls.certificates[1]");
    check_lab_finds("broken.pem' holds no certificate");
    check_lab_finds("none.pem': No such file or directory");
    check_lab_finds("does not belong to the first certificate in ");
    check_lab_finds("listeners[0].tls.certificates[5].key: key file '");
    check_lab_finds("warning: gateway.yaml:2:");
    check_lab_finds("old.pem' (old.test) expired on ");
    check_lab_says("old.pem (old.test): expired 3 days ago\n");
    check_lab_says("a.pem (a.test): 0 days left\n");
}

static void test_expired_is_no_error(void **unused)
{
    assert_true(run(LISTENER("certificates: [ssl/old.pem]"), ROUTE));
    assert_int_equal(check_lab_count(), 1);
    check_lab_finds("warning: ");
}

static void test_policies(void **unused)
{
    assert_false(run(LISTENER("certificates: [ssl/a.pem], client_verify: required, "
                              "client_ca: ssl/gone.pem"),
                     ROUTE));
    check_lab_finds("error: gateway.yaml:2:88: listeners[0].tls.client_ca: client CA file '");
    assert_false(run(LISTENER("certificates: [ssl/none.pem], ciphers: NONSENSE"), ROUTE));
    check_lab_finds("NONSENSE");
    check_lab_finds("none.pem': No such file");
    assert_true(run(LISTENER("certificates: [ssl/a.pem], client_verify: required, "
                             "client_ca: ssl/ca.pem"),
                    ROUTE));
}

static void test_targets(void **unused)
{
    assert_false(
        run("  - \"127.0.0.1:0\"\n",
            "  - {path: /a, host: h, target: {address: \"tls://h:1\", ca: ssl/gone.pem}}\n"
            "  - {path: /b, host: h, target: {address: \"tls://h:2\", ca: ssl/broken.pem}}\n"
            "  - {path: /c, host: h, target: {address: \"tls://h:3\", certificate: ssl/old.pem}}\n"
            "  - {path: /d, host: h, target: {address: \"tls://h:4\", certificate: ssl/a.pem, "
            "key: ssl/b.pem}}\n"));
    check_lab_finds("error: gateway.yaml:4:56: routes[0].target.ca: CA file '");
    check_lab_finds("error: gateway.yaml:5:25: routes[1].target");
    check_lab_finds("warning: gateway.yaml:6:56: routes[2].target.certificate: certificate '");
    check_lab_finds("routes[3].target");
}

static void test_renewal(void **unused)
{
    struct config_certificate pairs[] = {{.certificate = "ssl/a.pem"},
                                         {.certificate = "ssl/a.pem", .key = "ssl/gone.key"}};
    struct config_listener listener = {
        .tls = {.mode = CONFIG_TLS_REQUIRED, .certificates = pairs, .certificate_count = 2}};
    const struct config config = {.listeners = &listener, .listener_count = 1};
    check_tls_renewal(check_lab_open(&config));
    check_lab_close();
    assert_int_equal(check_lab_count(), 1);
    check_lab_finds("may not read 'ssl/gone.key', so a renewed certificate is not taken up; give ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_certificate_is_read),
        TEST(test_expired_is_no_error),
        TEST(test_policies),
        TEST(test_targets),
        TEST(test_renewal),
    };
    check_tls_end(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
