/* A request that hops between workers: where it runs, and that its asker stays alive. */
#include "serve/status/worker_request.h"

#include "lib/status_lab.h"

struct trip {
    struct worker_request request;
    unsigned visited[8], count;
    bool ended;
};

static void note(struct worker_request *request)
{
    struct trip *trip = WSL_CONTAINER(request, struct trip, request);
    trip->visited[trip->count++] = request->worker->number;
}

static void reply_cb(struct worker_request *request)
{
    struct trip *trip = WSL_CONTAINER(request, struct trip, request);
    note(request);
    trip->ended = true;
    assert_int_equal(released, 0);
    worker_request_end(request);
}

static void hop_cb(struct worker_request *request)
{
    note(request);
    unsigned next = request->worker->number + 1;
    if (next < WORKERS)
        worker_request_send(request, next, hop_cb);
    else
        worker_request_reply(request, reply_cb);
}

static void test_hops(void **unused)
{
    static const unsigned order[] = {0, 1, 2, 1};
    struct trip trip = {.count = 0};
    worker_request_begin(&trip.request, &envs[1]);
    assert_int_equal(envs[1].live, 1);
    worker_request_send(&trip.request, 0, hop_cb);
    assert_int_equal(trip.count, 0); /* on a later turn, not inside the call */
    while (turn())
        assert_int_equal(envs[1].live, !trip.ended);
    assert_true(trip.ended);
    assert_int_equal(trip.count, WSL_COUNT(order));
    assert_memory_equal(trip.visited, order, sizeof(order));
    assert_int_equal(released, 1);
}

static void again_cb(struct worker_request *request)
{
    struct trip *trip = WSL_CONTAINER(request, struct trip, request);
    note(request);
    if (trip->count < 5)
        worker_request_send(request, request->worker->number, again_cb);
    else
        worker_request_reply(request, reply_cb);
}

/* A worker that sends to itself has one turn of its loop in between. */
static void test_same_worker(void **unused)
{
    struct trip trip = {.count = 0};
    unsigned turns = 0;
    worker_request_begin(&trip.request, &envs[2]);
    worker_request_send(&trip.request, 2, again_cb);
    while (turn()) {
        turns++;
        assert_true(trip.count <= turns);
    }
    assert_true(trip.ended && turns == 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_worker, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
