/*
 * Signals, requests of the admin socket, orders of a successor, ends of reloads and ends of
 * upgrades in random order: the process always ends in order, never takes an edge that its tables
 * of states lack, and each request gets one answer, on a change that began after it.
 *
 * Signals are sent to the process: of those for one thread, signalfd knows only if that thread
 * itself adds it to epoll, which libuv leaves to io_uring.
 */
#include "run/supervisor/supervisor.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log/log.h"
#include "config/load.h"
#include "run/change/reload.h"
#include "run/change/upgrade.h"
#include "run/supervisor/supervisor_priv.h"

#define SEEDS 200

static struct {
    uint64_t random;
    uv_idle_t idle; /* one step per turn of the loop */
    bool steps, reloading, upgrading;
    struct reload_request reload;
    upgrade_cb *upgrade_done;
    void *upgrade_owner;
    unsigned reloads, upgrades, handed_over; /* of all seeds */
    struct supervisor *supervisor;
    atomic_uint reloads_begun, asked, answered[CONTROL_MOVED + 1];
} scene;

static unsigned below(unsigned most)
{
    scene.random = scene.random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(scene.random >> 33) % most;
}

static void finish_reload(bool succeeds)
{
    char error[512];
    struct site *site = NULL;
    if (!scene.reloading)
        return;
    scene.reloading = false;
    if (succeeds) {
        site = site_create(scene.reload.current->config, scene.reload.shared, scene.reload.current,
                           error, sizeof(error));
        assert_non_null(site);
    }
    scene.reload.callback(
        scene.reload.owner,
        &(struct reload_outcome){.site = site, .failure = "bad file", .findings = ""});
    site_release(site);
    scene.reloads++;
}

static void finish_upgrade(bool ready)
{
    if (!scene.upgrading)
        return;
    scene.upgrading = false;
    scene.handed_over += ready;
    const struct upgrade_outcome outcome = {
        .ready = ready, .child = getpid(), .version = "0.9.9", .failure = "it failed", .said = ""};
    scene.upgrade_done(scene.upgrade_owner, &outcome);
}

/* ---- requests, as workers pass them on ---- */

struct ask {
    struct mailbox_post post;
    struct session_env *env;
    enum control_verb verb;
    unsigned reloads_before;
};

static void answered_cb(void *owner, const struct control_verdict *verdict)
{
    struct ask *ask = owner;
    if (ask->verb == CONTROL_RELOAD && verdict->outcome == CONTROL_DONE)
        assert_true(scene.reloads_begun > ask->reloads_before);
    if (ask->verb == CONTROL_RELOAD && verdict->outcome == CONTROL_FAILED)
        assert_true(scene.reloads_begun > ask->reloads_before || strstr(verdict->text, "ending"));
    assert_true((verdict->text[0] == '\0') ==
                (ask->verb == CONTROL_DRAIN || ask->verb == CONTROL_END));
    scene.answered[verdict->outcome]++;
    free(ask);
}

static void ask_cb(void *owner, void *argument)
{
    struct ask *ask = argument;
    (void)owner;
    assert_true(control_request_start(ask->env, ask->verb, "user 7", answered_cb, ask));
}

/* Workers take requests until all of them are empty; only a successor orders a process to end. */
static void send_request(void)
{
    struct supervisor *supervisor = scene.supervisor;
    bool follows = supervisor->handed_over && below(4) == 0;
    if (supervisor->state >= PROCESS_STOPPING)
        return;
    struct ask *ask = calloc(1, sizeof(*ask));
    assert_non_null(ask);
    ask->env = &supervisor->workers.list[0].env;
    ask->verb = (follows ? CONTROL_DRAIN : CONTROL_RELOAD) + below(2);
    ask->reloads_before = scene.reloads_begun;
    scene.asked++;
    if (supervisor->workers.list[0].on_main_loop)
        ask_cb(NULL, ask);
    else
        mailbox_post(ask->env->lane.mailbox, &ask->post, ask_cb, ask);
}

static unsigned answers(void)
{
    unsigned sum = 0;
    for (int outcome = CONTROL_DONE; outcome <= CONTROL_MOVED; outcome++)
        sum += scene.answered[outcome];
    return sum;
}

static void step_cb(uv_idle_t *idle)
{
    static const int numbers[] = {SIGHUP, SIGHUP, SIGUSR2, SIGUSR2, SIGUSR1, SIGTERM, SIGINT};
    (void)idle;
    unsigned choice = below(WSL_COUNT(numbers) + 8);
    if (choice < WSL_COUNT(numbers))
        assert_int_equal(kill(getpid(), numbers[choice]), 0);
    else if (choice == WSL_COUNT(numbers))
        finish_reload(below(2));
    else if (choice == WSL_COUNT(numbers) + 1)
        finish_upgrade(below(3) == 0);
    else if (choice == WSL_COUNT(numbers) + 2)
        finish_reload(true);
    else if (choice > WSL_COUNT(numbers) + 3)
        send_request();
}

/* ---- in place of reload.c and upgrade.c ---- */

bool reload_start(const struct reload_request *request)
{
    assert_false(scene.reloading || scene.upgrading);
    scene.reloads_begun++;
    if (!scene.steps) {
        scene.steps = true;
        uv_idle_init(request->lane->loop, &scene.idle);
        uv_idle_start(&scene.idle, step_cb);
    } else if (below(4) == 0) {
        return false;
    }
    scene.reload = *request;
    scene.reloading = true;
    return true;
}

struct upgrade *upgrade_start(const struct upgrade_request *request, char *error, size_t error_size)
{
    assert_false(scene.reloading || scene.upgrading);
    snprintf(error, error_size, "not here");
    if (below(4) == 0)
        return NULL;
    scene.upgrading = true;
    scene.upgrade_done = request->callback;
    scene.upgrade_owner = request->owner;
    scene.upgrades++;
    return (struct upgrade *)&scene; /* opaque to the supervisor */
}

pid_t upgrade_child(const struct upgrade *upgrade)
{
    (void)upgrade;
    return getpid();
}

void upgrade_cancel(struct upgrade *upgrade)
{
    assert_ptr_equal(upgrade, &scene);
    assert_true(scene.upgrading);
    scene.upgrading = false;
}

/* ---- tests ---- */

static const struct config *load(unsigned workers, const char *drain_delay)
{
    char path[] = "/tmp/wsluice-supervisor-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag;
    diag_init(&diag);
    dprintf(fd,
            "workers: %u\nsandbox: off\nlimits: {drain_delay: %s}\nlisteners: [\"127.0.0.1:0\"]\n"
            "routes: [{path: /, health: live}]\nlog: {level: error}\n",
            workers, drain_delay);
    close(fd);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    unlink(path);
    assert_non_null(config);
    diag_free(&diag);
    return config;
}

static void run(unsigned seed)
{
    char error[512];
    const struct config *config = load(1 + seed % 2, seed % 4 < 2 ? "off" : "100ms");
    struct supervisor_options options = {.config = config};
    struct supervisor *supervisor = supervisor_create(&options, error, sizeof(error));
    assert_non_null(supervisor);
    scene.supervisor = supervisor;
    scene.random = seed;
    scene.steps = scene.reloading = scene.upgrading = false;
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(supervisor_run(supervisor), 0);
    assert_false(scene.upgrading);
    finish_reload(true); /* its result comes too late, and is not used */
    uv_close((uv_handle_t *)&scene.idle, NULL);
    assert_true(supervisor_free(supervisor));
    assert_int_equal(answers(), scene.asked);
    log_stop();
    config_release(config);
}

static void test_any_order_of_signals_and_ends(void **unused)
{
    for (unsigned seed = 0; seed < SEEDS; seed++)
        run(seed);
    assert_true(scene.reloads > SEEDS && scene.upgrades > 0 && scene.handed_over > 0);
    for (int outcome = CONTROL_DONE; outcome <= CONTROL_MOVED; outcome++)
        assert_true(scene.answered[outcome] > SEEDS / 10);
}

int main(void)
{
    const struct log_options quiet = {.lowest = REASON_ERROR, .target = LOG_STDERR};
    char error[256];
    if (!log_open(&quiet, error, sizeof(error)))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order_of_signals_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
