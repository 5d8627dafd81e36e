/* The certificates of a name: exact, by wildcard, by type of key. */
#include "net/tls/context/tls_names.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

enum { RSA = 6, EC = 408 };

struct row {
    const char *name;
    uint32_t certificate;
    int key_type;
};

static void make(struct tls_names *names, const struct row *rows, size_t count)
{
    *names = (struct tls_names){0};
    for (size_t i = 0; i < count; i++)
        assert_true(tls_names_add(names, rows[i].name, rows[i].certificate, rows[i].key_type));
    tls_names_seal(names);
}

/* `expected`: the certificates as digits, in order. */
static void assert_found(const struct tls_names *names, const char *name, const char *expected)
{
    char found[16] = "";
    struct tls_names_match match = tls_names_find(names, name);
    assert_true(match.count < sizeof(found));
    for (size_t i = 0; i < match.count; i++)
        found[i] = (char)('0' + match.first[i].certificate);
    assert_string_equal(found, expected);
}

static void test_exact_before_wildcard(void **unused)
{
    static const struct row rows[] = {
        {"*.example.com", 0, EC},   {"desk.example.com", 1, EC}, {"example.com", 2, EC},
        {"*.a.example.com", 3, EC}, {"zebra.test", 4, EC},       {"Upper.Example.COM.", 5, EC},
    };
    struct tls_names names;
    make(&names, rows, WSL_COUNT(rows));
    assert_found(&names, "desk.example.com", "1");
    assert_found(&names, "DESK.Example.Com", "1");
    assert_found(&names, "desk.example.com.", "1");
    assert_found(&names, "other.example.com", "0");
    assert_found(&names, "upper.example.com", "5");
    assert_found(&names, "example.com", "2");
    assert_found(&names, "x.a.example.com", "3");
    assert_found(&names, "zebra.test", "4");
    /* A star is one label, and all of it. */
    assert_found(&names, "x.y.example.com", "");
    assert_found(&names, "a.example.com", "0");
    assert_found(&names, ".example.com", "");
    assert_found(&names, "com", "");
    assert_found(&names, "", "");
    assert_found(&names, ".", "");
    assert_found(&names, "exämple.com", "");
    tls_names_free(&names);
}

static void test_one_for_each_type_of_key(void **unused)
{
    static const struct row rows[] = {
        {"both.test", 0, RSA}, {"both.test", 1, EC}, {"both.test", 2, RSA},
        {"both.test", 3, EC},  {"one.test", 2, RSA}, {"one.test", 2, RSA},
    };
    struct tls_names names;
    make(&names, rows, WSL_COUNT(rows));
    assert_found(&names, "both.test", "01");
    assert_found(&names, "one.test", "2");
    assert_int_equal(names.count, 3);
    tls_names_free(&names);
}

static void test_what_is_no_host_name_is_left_out(void **unused)
{
    static const struct row rows[] = {
        {"*", 0, EC},
        {"*.", 0, EC},
        {"f*.test", 0, EC},
        {"*a.test", 0, EC},
        {"a.*.test", 0, EC},
        {"*.*.test", 0, EC},
        {"", 0, EC},
        {"two words", 0, EC},
        {"tab\there.test", 0, EC},
        {"*.good.test", 1, EC},
        {"a\x80.test", 0, EC},
    };
    struct tls_names names;
    make(&names, rows, WSL_COUNT(rows));
    assert_int_equal(names.count, 1);
    assert_found(&names, "a.good.test", "1");
    tls_names_free(&names);

    char longest[TLS_NAMES_MAX + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[TLS_NAMES_MAX] = '\0';
    make(&names, &(struct row){longest, 1, EC}, 1);
    assert_found(&names, longest, "1");
    longest[TLS_NAMES_MAX] = 'a';
    longest[TLS_NAMES_MAX + 1] = '\0';
    assert_found(&names, longest, "");
    tls_names_free(&names);
    make(&names, &(struct row){longest, 1, EC}, 1);
    assert_int_equal(names.count, 0);
    tls_names_free(&names);
}

/* Each of a thousand is found, exact or by its wildcard. */
static void test_many(void **unused)
{
    struct tls_names names = {0};
    char name[32];
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "%sh%u.test", i % 3 == 0 ? "*." : "", i * 7919 % 1000);
        assert_true(tls_names_add(&names, name, i, EC));
    }
    tls_names_seal(&names);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "%sh%u.test", i % 3 == 0 ? "any." : "", i * 7919 % 1000);
        struct tls_names_match match = tls_names_find(&names, name);
        assert_int_equal(match.count, 1);
        assert_int_equal(match.first->certificate, i);
    }
    tls_names_free(&names);
}

static void test_each_allocation_fails(void **unused)
{
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        struct tls_names names = {0};
        bool added = true;
        char name[16];
        failing_alloc_arm(n);
        for (uint32_t i = 0; added && i < 10; i++) {
            snprintf(name, sizeof(name), "h%u.test", i);
            added = tls_names_add(&names, name, i, EC);
        }
        failed = failing_alloc_disarm();
        assert_int_equal(added, !failed);
        tls_names_seal(&names);
        tls_names_free(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_before_wildcard),
        cmocka_unit_test(test_one_for_each_type_of_key),
        cmocka_unit_test(test_what_is_no_host_name_is_left_out),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
