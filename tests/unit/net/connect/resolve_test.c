/* The resolver over a getaddrinfo and a clock of our own: it counts, waits, hangs and fails as a
 * test wants. */
#include "net/connect/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "base/monotonic.h"
#include "core/resources/name_hangs.h"
#include "lib/failing_alloc.h"
#include "lib/work_lab.h"

static uv_loop_t loop;
static struct work_lab lab;
static struct resolver *resolver;
static const struct lookup_origin configured;

/* ---- the system's resolver ---- */

static atomic_uint lookups, address;
static atomic_bool failing, empty;
static uv_sem_t gate; /* every look-up passes it once */
static uv_sem_t dead; /* those of names that begin with "dead" wait here, and fail */
static atomic_uint hanging;
static uint64_t clock_ms;

/* In place of base/monotonic.c. */
uint64_t monotonic_ms(void)
{
    return clock_ms;
}

struct made {
    struct addrinfo info;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

static struct addrinfo *make(int family, unsigned number, struct addrinfo *next)
{
    struct made *made = calloc(1, sizeof(*made));
    made->any.sa_family = (sa_family_t)family;
    if (family == AF_INET6)
        made->v6.sin6_addr.s6_addr[15] = (uint8_t)number;
    else
        made->v4.sin_addr.s_addr = htonl(0xc0000200 + number);
    made->info = (struct addrinfo){.ai_family = family, .ai_addr = &made->any, .ai_next = next};
    made->info.ai_addrlen = family == AF_INET6 ? sizeof(made->v6) : sizeof(made->v4);
    return &made->info;
}

/* libuv's threads call these. "many" has twenty addresses, of both families. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    atomic_fetch_add(&lookups, 1);
    if (strncmp(name, "dead", 4) == 0) {
        atomic_fetch_add(&hanging, 1);
        uv_sem_wait(&dead);
        atomic_fetch_sub(&hanging, 1);
        return EAI_AGAIN;
    }
    uv_sem_wait(&gate);
    if (atomic_load(&failing))
        return EAI_AGAIN;
    *list = NULL;
    if (atomic_load(&empty))
        return 0;
    if (strcmp(name, "many") != 0)
        *list = make(AF_INET, atomic_load(&address), NULL);
    else
        for (unsigned i = 20; i > 0; i--)
            *list = make(i > 10 ? AF_INET6 : AF_INET, i, *list);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static void let_through(unsigned count)
{
    while (count-- > 0)
        uv_sem_post(&gate);
}

static unsigned outstanding; /* queries that wait */

/* ---- the ground ---- */

static int set_up(void **unused)
{
    atomic_store(&lookups, 0);
    atomic_store(&address, 1);
    atomic_store(&failing, false);
    atomic_store(&empty, false);
    atomic_store(&hanging, 0);
    clock_ms = 1000;
    outstanding = 0;
    assert_int_equal(uv_sem_init(&gate, 0), 0);
    assert_int_equal(uv_sem_init(&dead, 0), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    assert_non_null(resolver);
    return 0;
}

static int tear_down(void **unused)
{
    resolve_close(resolver);
    uv_run(&loop, UV_RUN_DEFAULT);
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    uv_sem_destroy(&gate);
    uv_sem_destroy(&dead);
    return 0;
}

struct asker {
    struct resolve_query query;
    unsigned calls;
    struct lookup_answer answer;
    struct asker *cancels; /* in its callback */
    const char *asks;      /* likewise */
};

static void cancel(struct asker *asker)
{
    outstanding--;
    resolve_cancel(&asker->query);
}

static void answered(struct resolve_query *query, const struct lookup_answer *answer)
{
    struct asker *asker = WSL_CONTAINER(query, struct asker, query);
    asker->calls++;
    asker->answer = *answer;
    outstanding--;
    if (asker->cancels)
        cancel(asker->cancels);
    const char *again = asker->asks;
    asker->asks = NULL;
    const struct lookup_answer *known =
        again ? resolve_name(resolver, again, &configured, query) : NULL;
    outstanding += again && !known;
    if (known) {
        asker->calls++;
        asker->answer = *known;
    }
}

/* True when the answer was there at once. */
static bool ask_as(struct asker *asker, const char *name, const struct lookup_origin *origin)
{
    asker->query.callback = answered;
    const struct lookup_answer *answer = resolve_name(resolver, name, origin, &asker->query);
    outstanding += !answer;
    if (!answer)
        return false;
    asker->calls++;
    asker->answer = *answer;
    return true;
}

static bool ask(struct asker *asker, const char *name)
{
    return ask_as(asker, name, &configured);
}

/* For a name that was made of this client's request. */
static bool request(struct asker *asker, const char *name, uint64_t client)
{
    return ask_as(asker, name, &(struct lookup_origin){true, client});
}

static unsigned last_number(const struct asker *asker)
{
    assert_int_equal(asker->answer.reason, REASON_none);
    assert_true(asker->answer.count > 0);
    return ntohl(asker->answer.addresses[0].v4.sin_addr.s_addr) & 0xff;
}

/* One turn of the loop, which waits for something to happen. */
static void turn(void)
{
    uv_ref((uv_handle_t *)&lab.mailbox.wake);
    uv_run(&loop, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&lab.mailbox.wake);
}

/* Until every query has its answer, and what nobody waits for has ended. */
static void run(void)
{
    while (outstanding > 0)
        turn();
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void until_hang(unsigned count)
{
    while (atomic_load(&hanging) != count)
        uv_sleep(1);
}

static void let_time_pass(uint64_t milliseconds)
{
    uv_sleep((unsigned)milliseconds);
    uv_update_time(&loop);
}

/* ---- tests ---- */

static void test_a_crowd_costs_one_look_up(void **unused)
{
    struct asker crowd[100] = {0};
    for (size_t i = 0; i < WSL_COUNT(crowd); i++)
        assert_false(ask(&crowd[i], "desk"));
    let_through(1);
    run();
    for (size_t i = 0; i < WSL_COUNT(crowd); i++) {
        assert_int_equal(crowd[i].calls, 1);
        assert_int_equal(last_number(&crowd[i]), 1);
    }
    struct asker late = {0};
    assert_true(ask(&late, "desk"));
    assert_int_equal(atomic_load(&lookups), 1);
}

static void test_a_change_is_seen(void **unused)
{
    struct asker before = {0}, after = {0};
    assert_false(ask(&before, "desk"));
    let_through(2);
    run();
    atomic_store(&address, 2);
    assert_true(ask(&after, "desk"));
    assert_int_equal(last_number(&after), 1);
    let_time_pass(RESOLVE_FRESH_MS + 5);
    assert_false(ask(&after, "desk"));
    run();
    assert_int_equal(last_number(&after), 2);
}

static void test_a_failure_is_not_kept(void **unused)
{
    struct asker one = {0}, two = {0}, three = {0};
    atomic_store(&failing, true);
    assert_false(ask(&one, "desk"));
    assert_false(ask(&two, "desk"));
    let_through(3);
    run();
    assert_int_equal(one.answer.reason, REASON_target_unresolved);
    assert_int_equal(two.answer.count, 0);
    assert_true(strlen(two.answer.failure) > 0);
    atomic_store(&failing, false);
    atomic_store(&empty, true);
    assert_false(ask(&two, "desk"));
    run();
    assert_int_equal(two.answer.reason, REASON_target_unresolved);
    assert_string_equal(two.answer.failure, "no usable address");
    atomic_store(&empty, false);
    assert_false(ask(&three, "desk"));
    run();
    assert_int_equal(last_number(&three), 1);
    assert_int_equal(atomic_load(&lookups), 3);
}

/* libuv refuses a name that is no name before any look-up. */
static void test_a_name_that_is_none(void **unused)
{
    char name[400];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct asker asker = {0};
    assert_true(ask(&asker, name));
    assert_int_equal(asker.answer.reason, REASON_target_unresolved);
    assert_int_equal(asker.answer.count, 0);
}

static void test_families_alternate_up_to_a_bound(void **unused)
{
    struct asker asker = {0};
    assert_false(ask(&asker, "many"));
    let_through(1);
    run();
    assert_int_equal(asker.answer.count, LOOKUP_ADDRESSES);
    for (size_t i = 1; i < 12; i++)
        assert_int_not_equal(asker.answer.addresses[i].any.sa_family,
                             asker.answer.addresses[i - 1].any.sa_family);
}

static void test_a_failed_address_goes_last(void **unused)
{
    struct asker asker = {0}, again = {0};
    assert_false(ask(&asker, "many"));
    let_through(1);
    run();
    resolve_demote(resolver, "many", &asker.answer.addresses[0]);
    resolve_demote(resolver, "other", &asker.answer.addresses[1]);
    assert_true(ask(&again, "many"));
    assert_true(addr_same_host(&again.answer.addresses[0], &asker.answer.addresses[1]));
    assert_true(
        addr_same_host(&again.answer.addresses[LOOKUP_ADDRESSES - 1], &asker.answer.addresses[0]));
}

static void test_cancelled_queries(void **unused)
{
    struct asker first = {0}, second = {0}, third = {0};
    assert_false(ask(&first, "desk"));
    assert_false(ask(&second, "desk"));
    cancel(&first);
    resolve_cancel(&first.query);
    let_through(2);
    run();
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.calls, 1);

    /* The last one leaves: whatever becomes of the look-up, who comes then gets an answer. */
    let_time_pass(RESOLVE_FRESH_MS + 5);
    assert_false(ask(&third, "desk"));
    cancel(&third);
    assert_false(ask(&first, "desk"));
    let_through(2);
    run();
    assert_int_equal(third.calls, 0);
    assert_int_equal(first.calls, 1);
}

/* More look-ups than their share: the last ones can still be taken back. */
static void test_cancelled_before_they_began(void **unused)
{
    struct asker askers[40] = {0}, again = {0};
    char name[8];
    for (size_t i = 0; i < WSL_COUNT(askers); i++) {
        snprintf(name, sizeof(name), "n%zu", i);
        assert_false(ask(&askers[i], name));
    }
    for (size_t i = 0; i < WSL_COUNT(askers); i++)
        cancel(&askers[i]);
    assert_false(ask(&again, name));
    let_through(WSL_COUNT(askers) + 1);
    run();
    assert_int_equal(again.calls, 1);
    assert_int_equal(atomic_load(&lookups), work_share_at_once(WORK_names) + 1);
}

static void test_callbacks_that_cancel_and_ask(void **unused)
{
    struct asker first = {0}, second = {0}, third = {.asks = "desk"}, fourth = {.asks = "lab"};
    first.cancels = &second;
    assert_false(ask(&first, "desk"));
    assert_false(ask(&second, "desk"));
    assert_false(ask(&third, "desk"));
    assert_false(ask(&fourth, "desk"));
    let_through(2);
    run();
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 0);
    assert_int_equal(third.calls, 2);
    assert_int_equal(fourth.calls, 2);
    assert_int_equal(atomic_load(&lookups), 2);
}

static void test_only_so_many_are_kept(void **unused)
{
    char name[8];
    for (size_t i = 0; i <= RESOLVE_KEPT; i++) {
        struct asker asker = {0};
        snprintf(name, sizeof(name), "n%zu", i);
        assert_false(ask(&asker, name));
        let_through(1);
        run();
        assert_int_equal(asker.calls, 1);
    }
    struct asker oldest = {0}, second = {0};
    assert_true(ask(&second, "n1"));
    assert_false(ask(&oldest, "n0"));
    let_through(1);
    run();
}

/* A process that ends does not wait; the look-ups free themselves when they come back. */
static void test_closed_with_look_ups_under_way(void **unused)
{
    struct asker askers[10] = {0};
    char name[8];
    for (size_t i = 0; i < WSL_COUNT(askers); i++) {
        snprintf(name, sizeof(name), "n%zu", i);
        assert_false(ask(&askers[i], name));
        cancel(&askers[i]);
    }
    resolve_close(resolver);
    resolver = NULL;
    let_through(WSL_COUNT(askers));
    run();
}

/* ---- names that hang ---- */

static void bury(unsigned count)
{
    while (count-- > 0)
        uv_sem_post(&dead);
}

/* Names of requests, of however many clients, leave the rest of the pool to others. */
static void test_requested_names_have_their_share(void **unused)
{
    struct asker askers[40] = {0}, other = {0}, desk = {0}, promoted = {0};
    unsigned share = work_share_at_once(WORK_requested_names);
    char name[8];
    for (unsigned i = 0; i < WSL_COUNT(askers); i++) {
        snprintf(name, sizeof(name), "dead%u", i);
        assert_false(request(&askers[i], name, i));
    }
    until_hang(share);
    assert_false(request(&other, "desk", 99));
    assert_false(ask(&desk, "lab"));
    let_through(1);
    while (desk.calls == 0)
        turn();
    assert_int_equal(other.calls, 0);
    /* A configured name does not wait where the same name was requested. */
    assert_false(ask(&promoted, "desk"));
    let_through(1);
    while (promoted.calls == 0 || other.calls == 0)
        turn();
    assert_int_equal(atomic_load(&hanging), share);
    for (unsigned i = 0; i < WSL_COUNT(askers); i++)
        cancel(&askers[i]);
    bury(share);
    run();
    /* What nobody waited for did not start. */
    assert_int_equal(atomic_load(&lookups), share + 2);
}

/* One client's names leave half of that share to the others. */
static void test_a_client_has_a_part_of_the_share(void **unused)
{
    struct asker askers[10] = {0}, other = {0};
    char name[8];
    for (unsigned i = 0; i < WSL_COUNT(askers); i++) {
        snprintf(name, sizeof(name), "dead%u", i);
        assert_false(request(&askers[i], name, 7));
    }
    until_hang(2);
    assert_false(request(&other, "desk", 8));
    let_through(1);
    while (other.calls == 0)
        turn();
    assert_int_equal(atomic_load(&hanging), 2);
    for (unsigned i = 0; i < WSL_COUNT(askers); i++)
        cancel(&askers[i]);
    bury(2);
    run();
}

/* However often it is asked for, and by however many loops, a name takes one thread. */
static void test_a_name_takes_one_thread(void **unused)
{
    struct resolver *second = resolve_create(&lab.lane, lab.lookups), *first = resolver;
    struct asker askers[8] = {0}, late[2] = {0};
    for (unsigned i = 0; i < WSL_COUNT(askers); i++) {
        resolver = i % 2 == 0 ? first : second;
        assert_false(ask(&askers[i], "desk"));
    }
    let_through(1);
    run();
    for (unsigned i = 0; i < WSL_COUNT(askers); i++)
        assert_int_equal(last_number(&askers[i]), 1);
    for (unsigned i = 0; i < WSL_COUNT(late); i++) {
        resolver = i % 2 == 0 ? first : second;
        assert_true(ask(&late[i], "desk"));
    }
    assert_int_equal(atomic_load(&lookups), 1);
    resolver = first;
    resolve_close(second);
}

static void assert_hangs(struct asker *asker)
{
    assert_int_equal(asker->answer.reason, REASON_target_timeout);
    assert_int_equal(asker->answer.count, 0);
    assert_non_null(strstr(asker->answer.failure, "does not answer"));
}

/* While it hangs, and for a while after it has failed, asking costs nothing; then once more. */
static void test_a_name_that_hangs_is_remembered(void **unused)
{
    struct asker first = {0}, second = {0}, third = {0}, fourth = {0}, fifth = {0}, other = {0};
    assert_false(request(&first, "dead", 1));
    until_hang(1);
    clock_ms += NAME_HANGS_AFTER_MS - 1;
    assert_false(ask(&second, "dead"));
    clock_ms++;
    assert_true(ask(&third, "dead"));
    assert_hangs(&third);
    cancel(&first);
    cancel(&second);
    assert_true(request(&fourth, "dead", 2));
    bury(1);
    run();
    assert_true(ask(&fourth, "dead"));
    assert_hangs(&fourth);
    assert_int_equal(atomic_load(&lookups), 1);
    assert_false(ask(&other, "desk"));
    let_through(1);
    run();
    clock_ms += NAME_HANGS_KEPT_MS;
    assert_false(ask(&fifth, "dead"));
    bury(1);
    run();
    assert_int_equal(fifth.answer.reason, REASON_target_unresolved);
    assert_int_equal(atomic_load(&lookups), 3);
    /* This time it failed at once. */
    assert_false(ask(&fifth, "dead"));
    bury(1);
    run();
}

static void test_out_of_memory(void **unused)
{
    struct asker asker = {0};
    failing_alloc_arm(1);
    assert_null(resolve_create(&lab.lane, lab.lookups));
    failing_alloc_arm(1);
    assert_true(ask(&asker, "desk"));
    assert_true(failing_alloc_disarm());
    assert_int_equal(asker.answer.reason, REASON_out_of_memory);
    assert_int_equal(asker.answer.count, 0);
    assert_false(ask(&asker, "desk"));
    let_through(1);
    run();
    assert_int_equal(last_number(&asker), 1);
}

int main(void)
{
    char threads[8];
    snprintf(threads, sizeof(threads), "%d", WORK_THREADS);
    setenv("UV_THREADPOOL_SIZE", threads, 1);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_crowd_costs_one_look_up),
        TEST(test_a_change_is_seen),
        TEST(test_a_failure_is_not_kept),
        TEST(test_a_name_that_is_none),
        TEST(test_families_alternate_up_to_a_bound),
        TEST(test_a_failed_address_goes_last),
        TEST(test_cancelled_queries),
        TEST(test_cancelled_before_they_began),
        TEST(test_callbacks_that_cancel_and_ask),
        TEST(test_only_so_many_are_kept),
        TEST(test_closed_with_look_ups_under_way),
        TEST(test_requested_names_have_their_share),
        TEST(test_a_client_has_a_part_of_the_share),
        TEST(test_a_name_takes_one_thread),
        TEST(test_a_name_that_hangs_is_remembered),
        TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
