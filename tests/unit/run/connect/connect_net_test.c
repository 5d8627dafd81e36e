/* The network of a single connection: what is missing at its begin, and look-ups that outlast it.
 */
#include "run/connect/connect_net.h"

#include <dirent.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#include "lib/in_child.h"
#include "net/connect/resolve.h"
#include "serve/target/target_pool.h"

static struct config_target target;
static struct config_route route;
static struct config *config;
static struct connect_net net;
static char error[512];

/* ---- the fake getaddrinfo ---- */

static uv_sem_t hang_ends;
static atomic_uint hanging;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    atomic_store(&hanging, 1);
    uv_sem_wait(&hang_ends);
    return EAI_AGAIN;
}

/* ---- the scene ---- */

static int set_up(void **unused)
{
    target = (struct config_target){
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = 5900}};
    route =
        (struct config_route){.path = "/", .targets = &target, .target_count = 1, .fail_after = 1};
    config = config_new();
    assert_non_null(config);
    config->routes = &route;
    config->route_count = 1;
    return 0;
}

static int tear_down(void **unused)
{
    config_release(config);
    return 0;
}

static bool open_net(void)
{
    return connect_net_open(&net, config, error, sizeof(error));
}

/* The open descriptors; -1: they cannot be counted, as there is none left for that. */
static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -1;
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

/* ---- tests ---- */

static void test_it_opens_and_closes(void **unused)
{
    for (int i = 0; i < 3; i++) {
        assert_true(open_net());
        assert_ptr_equal(net.lane.loop, &net.loop);
        assert_int_equal(target_pool_target_count(net.pool, &route), 1);
        assert_true(connect_net_close(&net));
    }
}

/* A certificate that is not there: the line names the file. */
static void test_a_configuration_that_cannot_be_used(void **unused)
{
    target.tls = true;
    target.ca = "/nonexistent/ca.pem";
    int before = descriptors();
    assert_false(open_net());
    assert_true(connect_net_close(&net));
    assert_non_null(strstr(error, "/nonexistent/ca.pem"));
    assert_int_equal(descriptors(), before);
}

struct attempt {
    rlim_t most;
    bool *opened; /* shared with the child */
};

/* libuv forgets a descriptor when it has opened half a loop, so only what is ours is counted. */
static void with_few_descriptors(void *argument)
{
    const struct attempt *attempt = argument;
    struct rlimit given, few;
    int before = descriptors();
    in_child_expect(getrlimit(RLIMIT_NOFILE, &given) == 0);
    few = given;
    few.rlim_cur = attempt->most;
    in_child_expect(setrlimit(RLIMIT_NOFILE, &few) == 0);
    *attempt->opened = open_net();
    in_child_expect(connect_net_close(&net));
    in_child_expect(setrlimit(RLIMIT_NOFILE, &given) == 0);
    in_child_expect(!net.has_loop || descriptors() == before);
    in_child_expect(*attempt->opened || strcmp(error, "out of memory or descriptors") == 0);
    config_release(config);
}

/* Each step of the begin fails in turn, and the end takes back what was there. */
static void test_too_few_descriptors(void **unused)
{
    rlim_t failures = 0;
    struct attempt attempt = {.opened = mmap(NULL, sizeof(*attempt.opened), PROT_READ | PROT_WRITE,
                                             MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
    assert_ptr_not_equal(attempt.opened, MAP_FAILED);
    for (attempt.most = 3; !*attempt.opened; attempt.most++) {
        in_child(with_few_descriptors, &attempt);
        failures += !*attempt.opened;
    }
    munmap(attempt.opened, sizeof(*attempt.opened));
    assert_true(failures >= 4); /* the loop, two sets of watches, a mailbox */
}

static void test_no_memory(void **unused)
{
    for (unsigned nth = 1;; nth++) {
        failing_alloc_arm(nth);
        bool opened = open_net(), failed = failing_alloc_disarm();
        assert_true(connect_net_close(&net));
        assert_true(opened || failed);
        if (opened && !failed)
            break;
        assert_true(opened || strstr(error, "memory"));
    }
}

static void answered_cb(struct resolve_question *question, const struct lookup_result *answer)
{
    fail_msg("%s", "it was cancelled");
}

/* Nobody waits for a resolver that does not answer; the memory stays, for its thread. */
static void test_a_look_up_that_hangs(void **unused)
{
    static const struct lookup_source configured;
    struct resolve_question question = {.callback = answered_cb};
    assert_int_equal(uv_sem_init(&hang_ends, 0), 0);
    assert_true(open_net());
    assert_null(resolve_name(net.resolver, "desk.test", &configured, &question));
    while (!atomic_load(&hanging))
        uv_run(&net.loop, UV_RUN_NOWAIT);
    resolve_cancel(&question);
    assert_false(connect_net_close(&net));
    assert_non_null(net.buffer);
    uv_sem_post(&hang_ends);
    while (uv_loop_alive(&net.loop))
        uv_run(&net.loop, UV_RUN_ONCE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_it_opens_and_closes),  TEST(test_a_configuration_that_cannot_be_used),
        TEST(test_too_few_descriptors),  TEST(test_no_memory),
        TEST(test_a_look_up_that_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
