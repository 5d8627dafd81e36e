/* What a configuration's contexts share: pairs once, taken over by the next store, and warnings. */
#include "net/tls/context/tls_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "lib/pki.h"

#define DAY_S 86400

struct fixture {
    struct pki pki;
    struct pki_path a, b;
    char text[512];
    struct tls_error error;
    struct tls_store *store;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    pki_create(&f->pki);
    pki_write_leaf(&f->pki, "a.pem", "a", "DNS:desk.test");
    pki_write_leaf(&f->pki, "b.pem", "b", "DNS:lab.test");
    f->a = pki_path(&f->pki, "a.pem");
    f->b = pki_path(&f->pki, "b.pem");
    f->error = (struct tls_error){.text = f->text, .size = sizeof(f->text)};
    f->store = tls_store_create(NULL);
    assert_non_null(f->store);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_store_free(f->store);
    pki_remove(&f->pki);
    free(f);
    return 0;
}

static struct tls_pair *pair_of(struct fixture *f, struct tls_store *store,
                                const struct pki_path *path)
{
    const struct config_certificate config = {.certificate = path->text};
    return tls_store_pair(store, &config, &f->error);
}

static void test_a_pair_is_made_once(void **state)
{
    struct fixture *f = *state;
    struct tls_pair *first = pair_of(f, f->store, &f->a), *again = pair_of(f, f->store, &f->a),
                    *other = pair_of(f, f->store, &f->b);
    assert_non_null(first);
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, other);
    size_t count;
    tls_store_seal(f->store);
    const struct tls_store_certificate *all = tls_store_certificates(f->store, &count);
    assert_int_equal(count, 2);
    assert_string_equal(all[0].file, f->a.text);
    assert_string_equal(all[0].name, "desk.test");
    assert_string_equal(all[1].name, "lab.test");
    tls_pair_release(first);
    tls_pair_release(again);
    tls_pair_release(other);
}

static void test_the_next_store_takes_over(void **state)
{
    struct fixture *f = *state;
    struct tls_pair *kept = pair_of(f, f->store, &f->a), *changed = pair_of(f, f->store, &f->b);
    struct tls_tickets *tickets = tls_store_tickets(f->store);
    assert_non_null(tickets);
    tls_store_seal(f->store);
    assert_false(tls_store_changed(f->store));
    pki_write_leaf(&f->pki, "b.pem", "b", "DNS:new.test");
    assert_false(tls_store_changed(f->store)); /* it may be half of a pair */
    assert_true(tls_store_changed(f->store));
    struct tls_store *next = tls_store_create(f->store);
    struct tls_pair *same = pair_of(f, next, &f->a), *renewed = pair_of(f, next, &f->b);
    assert_ptr_equal(same, kept);
    assert_ptr_not_equal(renewed, changed);
    assert_ptr_equal(tls_store_tickets(next), tickets);
    tls_store_seal(next);
    tls_pair_release(kept);
    tls_pair_release(changed);
    tls_pair_release(same);
    tls_pair_release(renewed);
    tls_store_free(f->store);
    f->store = next;
}

static void test_an_expired_pair(void **state)
{
    struct fixture *f = *state;
    struct pki_path path = pki_path(&f->pki, "old.pem");
    struct pki_pair leaf =
        pki_issue(&f->pki, EVP_EC_gen("P-256"), "old", "DNS:old.test", &f->pki.ca);
    pki_date(&leaf, &f->pki.ca, -2 * DAY_S, -DAY_S);
    pki_write(&f->pki, "old.pem", leaf.certificate, leaf.key, NULL);
    pki_free_pair(&leaf);
    struct tls_pair *pair = pair_of(f, f->store, &path);
    assert_non_null(pair);
    assert_true(pair->not_after < (int64_t)time(NULL));
    tls_pair_release(pair);
}

/* Once when it is new, and again after a day; a reload of other certificates repeats nothing. */
static void test_warnings_are_due_once_a_day(void **state)
{
    struct fixture *f = *state;
    const int64_t now = time(NULL);
    tls_pair_release(pair_of(f, f->store, &f->a));
    tls_pair_release(pair_of(f, f->store, &f->b));
    tls_store_seal(f->store);
    assert_true(tls_store_is_warning_due(f->store, 0, now)); /* an hour is left */
    assert_false(tls_store_is_warning_due(f->store, 0, now + 5));
    assert_true(tls_store_is_warning_due(f->store, 0, now + 7200));
    assert_false(tls_store_is_warning_due(f->store, 0, now + 7200 + DAY_S - 1));
    assert_true(tls_store_is_warning_due(f->store, 0, now + 7200 + DAY_S));
    assert_true(tls_store_is_warning_due(f->store, 1, now));

    pki_write_leaf(&f->pki, "b.pem", "b", "DNS:new.test");
    struct tls_store *next = tls_store_create(f->store);
    tls_pair_release(pair_of(f, next, &f->b));
    tls_pair_release(pair_of(f, next, &f->a));
    tls_store_seal(next);
    tls_store_keep_notices(next, f->store);
    assert_false(tls_store_is_warning_due(next, 0, now + 7200 + DAY_S));
    assert_true(tls_store_is_warning_due(next, 1, now));
    tls_store_free(f->store);
    f->store = next;
}

static void test_files_that_are_not_there(void **state)
{
    struct fixture *f = *state;
    struct pki_path path = pki_path(&f->pki, "nowhere.pem");
    struct tls_bytes bytes;
    assert_null(pair_of(f, f->store, &path));
    assert_non_null(strstr(f->text, "nowhere.pem"));
    assert_false(tls_store_read(f->store, "CA", path.text, &bytes, &f->error));
    assert_true(tls_store_read(f->store, "CA", f->a.text, &bytes, &f->error));
    assert_true(bytes.length > 0);
    tls_files_free_bytes(&bytes);
}

static void expect_warning(struct tls_store_certificate certificate, int64_t now, const char *words)
{
    char text[512] = "";
    char name[] = "desk.test";
    certificate.file = "desk.pem";
    certificate.name = name;
    int length = tls_store_warning(&certificate, now, text, sizeof(text));
    assert_int_equal(length, strlen(text));
    if (!words)
        assert_int_equal(length, 0);
    else if (!strstr(text, words))
        fail_msg("expected \"%s\" in: %s", words, text);
}

static void test_warnings(void **unused)
{
    const int64_t day = DAY_S;
    const struct tls_store_certificate good = {.not_before = 100 * day, .not_after = 200 * day};
    struct tls_store_certificate denied = good, placed = good;
    expect_warning(good, 150 * day, NULL);
    expect_warning(good, 99 * day, "certificate 'desk.pem' (desk.test) is not valid before 1970-");
    expect_warning(good, 190 * day, "expires on 1970-07-20, in 10 days; renew it");
    expect_warning(good, 201 * day, "expired on 1970-07-20; renew it");
    denied.denied = true;
    expect_warning(denied, 150 * day, "can no longer be read");
    placed.place = (struct config_place){.file = "site.yml", .line = 4, .column = 2};
    expect_warning(placed, 201 * day, "site.yml:4:2: certificate 'desk.pem'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_pair_is_made_once),      TEST(test_the_next_store_takes_over),
        TEST(test_an_expired_pair),          TEST(test_warnings_are_due_once_a_day),
        TEST(test_files_that_are_not_there), TEST(test_warnings),
    };
    tls_store_free(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
