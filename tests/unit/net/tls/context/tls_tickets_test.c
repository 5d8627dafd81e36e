/* The keys of session tickets: their age, and two threads at once. */
#include "net/tls/context/tls_tickets.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LIFE ((uint64_t)TLS_TICKETS_KEY_LIFE_S)

static struct tls_tickets_key newest(struct tls_tickets *tickets, uint64_t now)
{
    struct tls_tickets_key key;
    assert_true(tls_tickets_newest(tickets, now, &key));
    return key;
}

static bool same(const struct tls_tickets_key *a, const struct tls_tickets_key *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void assert_age(struct tls_tickets *tickets, const struct tls_tickets_key *key,
                       enum tls_tickets_age age)
{
    struct tls_tickets_key found = {.name = "untouched"};
    assert_int_equal(tls_tickets_find(tickets, key->name, &found), age);
    assert_int_equal(same(&found, key), age != TLS_TICKETS_UNKNOWN);
}

static void test_keys_age(void **unused)
{
    struct tls_tickets *tickets = tls_tickets_create();
    struct tls_tickets_key none = {0};
    assert_age(tickets, &none, TLS_TICKETS_UNKNOWN); /* there is no key yet */
    struct tls_tickets_key a = newest(tickets, 1000);
    struct tls_tickets_key still = newest(tickets, 1000 + LIFE - 1);
    assert_true(same(&a, &still));
    assert_age(tickets, &a, TLS_TICKETS_NEWEST);

    struct tls_tickets_key b = newest(tickets, 1000 + LIFE);
    assert_false(same(&a, &b));
    assert_age(tickets, &a, TLS_TICKETS_PREVIOUS);
    assert_age(tickets, &b, TLS_TICKETS_NEWEST);
    assert_age(tickets, &none, TLS_TICKETS_UNKNOWN);

    struct tls_tickets_key c = newest(tickets, 1000 + 10 * LIFE);
    assert_age(tickets, &a, TLS_TICKETS_UNKNOWN);
    assert_age(tickets, &b, TLS_TICKETS_PREVIOUS);
    assert_age(tickets, &c, TLS_TICKETS_NEWEST);
    /* Clocks are read before the mutex is taken: another thread's may be a little behind. */
    struct tls_tickets_key late = newest(tickets, 1000 + 10 * LIFE - 1);
    assert_true(same(&c, &late));
    tls_tickets_release(tickets);
}

static void test_references(void **unused)
{
    struct tls_tickets *tickets = tls_tickets_create();
    struct tls_tickets_key key = newest(tickets, 5);
    assert_ptr_equal(tls_tickets_retain(tickets), tickets);
    tls_tickets_release(tickets);
    assert_age(tickets, &key, TLS_TICKETS_NEWEST);
    tls_tickets_release(tickets);
    tls_tickets_release(NULL);
}

/* Seals a ticket and opens it with a cipher and a MAC, as OpenSSL does. */
static bool round_trip(struct tls_tickets *tickets)
{
    unsigned char name[16], iv[EVP_MAX_IV_LENGTH], text[64] = "a session", out[96], back[96];
    int length = 0, rest = 0;
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    bool good = tls_tickets_apply(tickets, name, iv, cipher, mac, 1) == 1 &&
                EVP_EncryptUpdate(cipher, out, &length, text, sizeof(text)) == 1 &&
                EVP_EncryptFinal_ex(cipher, out + length, &rest) == 1;
    int sealed = length + rest;
    good = good && tls_tickets_apply(tickets, name, iv, cipher, mac, 0) == 1 &&
           EVP_DecryptUpdate(cipher, back, &length, out, sealed) == 1 &&
           EVP_DecryptFinal_ex(cipher, back + length, &rest) == 1 &&
           length + rest == (int)sizeof(text) && memcmp(back, text, sizeof(text)) == 0;
    name[0] ^= 1;
    good = good && tls_tickets_apply(tickets, name, iv, cipher, mac, 0) == 0;
    EVP_CIPHER_CTX_free(cipher);
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);
    return good;
}

static void *worker(void *argument)
{
    struct tls_tickets *tickets = argument;
    bool good = true;
    for (int i = 0; i < 200; i++)
        good = round_trip(tickets) && good;
    tls_tickets_release(tickets);
    return good ? argument : NULL;
}

static void test_workers_share_keys(void **unused)
{
    struct tls_tickets *tickets = tls_tickets_create();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker, tls_tickets_retain(tickets)), 0);
    for (int i = 0; i < 2; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    tls_tickets_release(tickets);
}

/* Rotates the keys while the workers use them. */
static void *rotator(void *argument)
{
    struct tls_tickets *tickets = argument;
    struct tls_tickets_key key, found;
    for (uint64_t i = 1; i <= 500; i++) {
        if (!tls_tickets_newest(tickets, i * LIFE, &key))
            return NULL;
        (void)tls_tickets_find(tickets, key.name, &found);
    }
    return argument;
}

static void test_keys_change_under_way(void **unused)
{
    struct tls_tickets *tickets = tls_tickets_create();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, rotator, tickets), 0);
    for (int i = 0; i < 2; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, tickets);
    }
    struct tls_tickets_key key = newest(tickets, 500 * LIFE);
    assert_age(tickets, &key, TLS_TICKETS_NEWEST);
    tls_tickets_release(tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_age),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_workers_share_keys),
        cmocka_unit_test(test_keys_change_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
