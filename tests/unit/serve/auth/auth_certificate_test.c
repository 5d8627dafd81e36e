#include "serve/auth/auth_certificate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/pki.h"
#include "net/tls/context/tls_facts.h"
#include "net/tls/trust/tls_pins.h"

static struct pki pki;
static struct pki_pair ann;
static char pin[TLS_PINS_TEXT];
static struct auth_answer answer;

static int set_up(void **state)
{
    pki_create(&pki);
    ann = pki_issue(&pki, EVP_EC_gen("P-256"), "Ann Lee", "email:ann@example.com", &pki.ca);
    assert_true(tls_pins_of(ann.certificate, pin));
    return 0;
}

static int tear_down(void **state)
{
    pki_free_pair(&ann);
    pki_remove(&pki);
    return 0;
}

/* `tls` NULL: the connection has none. */
static enum auth_outcome ask(const char *name, const char *key, const struct tls_facts *tls)
{
    const struct config_auth_certificate config = {
        .names = {&name, name ? 1 : 0},
        .pins = {&key, key ? 1 : 0},
    };
    struct auth_method *method = auth_certificate_create(&config);
    const struct auth_question question = {.tls = tls};
    assert_non_null(method);
    answer = (struct auth_answer){0};
    enum auth_outcome outcome = method->ops->ask(method, &question, NULL, &answer);
    method->ops->release(method);
    return outcome;
}

static void assert_passed(const char *name, const char *key, const char *user)
{
    const struct tls_facts tls = {.peer = ann.certificate, .certificate = true, .verified = true};
    assert_int_equal(ask(name, key, &tls), AUTH_PASSED);
    assert_string_equal(answer.user, user);
}

static void assert_refused(const char *name, const char *key, const struct tls_facts *tls,
                           const char *why)
{
    assert_int_equal(ask(name, key, tls), AUTH_FAILED);
    assert_int_equal(answer.reason, REASON_auth_refused);
    assert_non_null(strstr(answer.detail, why));
    assert_string_equal(answer.user, "");
}

static void test_lets_names_and_keys_in(void **state)
{
    assert_passed("Ann Lee", NULL, "Ann Lee");
    assert_passed("ann@example.com", NULL, "ann@example.com");
    assert_passed("*@example.com", NULL, "ann@example.com");
    assert_passed("*", NULL, "Ann Lee");
    assert_passed(NULL, pin, "Ann Lee");
    assert_passed("*@example.com", pin, "ann@example.com");
}

static void test_refuses_all_else(void **state)
{
    const char other[] = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    struct tls_facts tls = {.peer = ann.certificate, .certificate = true, .verified = true};
    assert_refused("Bob", NULL, &tls, "none of names");
    assert_refused("*@example.org", NULL, &tls, "none of names");
    assert_refused("Ann Lee", other, &tls, "not one of the pinned keys");
    assert_refused("Bob", pin, &tls, "none of names");
    assert_refused("*", NULL, NULL, "no certificate");
    tls.verified = false;
    assert_refused("*", NULL, &tls, "not verified");
    tls.peer = NULL;
    assert_refused("*", NULL, &tls, "no certificate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lets_names_and_keys_in),
        cmocka_unit_test(test_refuses_all_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
