#include "net/tls/tls_peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/pki.h"

static char seen[2048];
static unsigned limit;

static bool visit(void *context, struct slice name)
{
    snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "[%.*s]", (int)name.len, name.ptr);
    return --limit > 0;
}

static void assert_names(struct pki *pki, const char *common, const char *names, unsigned most,
                         const char *wanted)
{
    struct pki_pair pair = pki_issue(pki, EVP_EC_gen("P-256"), common, names, &pki->ca);
    seen[0] = '\0';
    limit = most;
    tls_peer_names(pair.certificate, visit, NULL);
    assert_string_equal(seen, wanted);
    pki_free_pair(&pair);
}

static void test_names(void **state)
{
    struct pki pki;
    char long_name[300] = "DNS:";
    pki_create(&pki);
    assert_names(&pki, "Ann Lee", "DNS:a.lan,email:ann@example.com,IP:10.0.0.1,URI:spiffe://a/b", 9,
                 "[Ann Lee][a.lan][ann@example.com][spiffe://a/b]");
    assert_names(&pki, "J\xC3\xBCrgen", "DNS:*.lan", 9, "[J\xC3\xBCrgen][*.lan]");
    assert_names(&pki, "Ann Lee", "DNS:a.lan,DNS:b.lan", 2, "[Ann Lee][a.lan]");
    assert_names(&pki, "Ann Lee", "DNS:a.lan,DNS:b.lan", 1, "[Ann Lee]");
    assert_names(&pki, "Ann Lee", "", 9, "[Ann Lee]");
    /* Names that could forge lines of a log are left out; so are long ones. */
    assert_names(&pki, "Ann\nLee", "DNS:a.lan", 9, "[a.lan]");
    memset(long_name + 4, 'a', 256);
    assert_names(&pki, "Ann Lee", long_name, 9, "[Ann Lee]");
    pki_remove(&pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
