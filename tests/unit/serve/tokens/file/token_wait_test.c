/* Waiting for a refresh of tokens in the pool. */
#include "serve/tokens/file/token_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/work_lab.h"

static char folder[64], source[80];
static uv_loop_t loop;
static struct work_lab work;
static struct token_store *store;

static int set_up(void **unused)
{
    snprintf(folder, sizeof(folder), "/tmp/wsluice-wait-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(source, sizeof(source), "%s/file", folder);
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&work, &loop);
    return 0;
}

static int tear_down(void **unused)
{
    token_store_release(store);
    work_lab_close(&work);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&work);
    unlink(source);
    rmdir(folder);
    return 0;
}

static void open_store(void)
{
    char error[256];
    store = token_store_create(folder, error, sizeof(error));
    assert_non_null(store);
}

static void write_file(const char *text)
{
    FILE *file = fopen(source, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#define WAITERS 200

struct request {
    struct token_waiter waiter;
    struct token_store *store;
    const char *host;
};

static unsigned answered;

static void answered_cb(struct token_waiter *waiter)
{
    struct request *request = WSL_CONTAINER(waiter, struct request, waiter);
    struct token_destination destination;
    assert_int_equal(token_store_find(request->store, SLICE("token"), &destination), REASON_none);
    assert_string_equal(destination.address.host, request->host);
    answered++;
}

static void wait_for(struct request *request, const char *host)
{
    *request = (struct request){.store = store, .host = host};
    token_store_wait(store, &work.lane, &request->waiter, answered_cb);
}

/* A waiter that arrives while a refresh runs waits for the next one, which all of them share. */
static void test_many_waiters_cost_two_refreshes(void **unused)
{
    static struct request waiters[WAITERS];
    uv_ref((uv_handle_t *)&work.mailbox.wake);
    write_file("token: old:1\n");
    open_store();
    uint64_t before = token_store_scans(store);
    answered = 0;
    wait_for(&waiters[0], "new");
    /* Its refresh has begun, and may have missed this. */
    write_file("token: new:1\n");
    for (unsigned i = 1; i < WAITERS; i++)
        wait_for(&waiters[i], "new");
    assert_false(token_store_is_current(store));
    for (unsigned i = 1; i < WAITERS; i += 2)
        token_store_leave(store, &waiters[i].waiter);
    token_store_leave(store, &waiters[0].waiter);
    while (answered < WAITERS / 2 - 1)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(answered, WAITERS / 2 - 1);
    assert_int_equal(token_store_scans(store) - before, 2);
}

/* The share of tokens is taken: if all waiters leave, nothing is scanned. */
static void test_a_refresh_without_waiters_is_cancelled(void **unused)
{
    struct request one, other;
    struct work_job busy[8];
    unsigned share = work_share_at_once(WORK_tokens);
    write_file("token: host:1\n");
    open_store();
    for (unsigned i = 0; i < share; i++)
        assert_true(work_request(&work.lane, &busy[i], WORK_tokens, 0, NULL));
    uint64_t before = token_store_scans(store);
    wait_for(&one, "host");
    wait_for(&other, "host");
    token_store_leave(store, &one.waiter);
    token_store_leave(store, &other.waiter);
    for (unsigned i = 0; i < share; i++)
        work_finish(&busy[i]);
    /* Had one begun, its turn would come here. */
    uv_ref((uv_handle_t *)&work.mailbox.wake);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_unref((uv_handle_t *)&work.mailbox.wake);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(token_store_scans(store), before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_many_waiters_cost_two_refreshes),
        TEST(test_a_refresh_without_waiters_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
