/* Requests during a reload are carried out after it, also when it fails. */
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

/* ---- in place of reload.c and upgrade.c ---- */

static struct {
    struct reload_request request;
    uv_timer_t timer;
    unsigned reloads, upgrades;
} scene;

static void closed_cb(uv_handle_t *handle)
{
    (void)handle;
    (void)kill(getpid(), SIGTERM);
}

/* Waits until the loop has read every signal, then lets the first reload fail. */
static void wait_cb(uv_timer_t *timer)
{
    sigset_t pending;
    assert_int_equal(sigpending(&pending), 0);
    if (sigismember(&pending, SIGHUP) || sigismember(&pending, SIGUSR2))
        return;
    scene.request.callback(scene.request.owner,
                           &(struct reload_outcome){.failure = "bad file", .findings = ""});
    uv_close((uv_handle_t *)timer, closed_cb);
}

bool reload_start(const struct reload_request *request)
{
    if (++scene.reloads > 1)
        return false;
    scene.request = *request;
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(kill(getpid(), SIGUSR2), 0);
    uv_timer_init(request->lane->loop, &scene.timer);
    uv_timer_start(&scene.timer, wait_cb, 1, 1);
    return true;
}

struct upgrade *upgrade_start(const struct upgrade_request *request, char *error, size_t error_size)
{
    scene.upgrades++;
    snprintf(error, error_size, "not here");
    return NULL;
}

pid_t upgrade_child(const struct upgrade *upgrade)
{
    (void)upgrade;
    return -1;
}

void upgrade_cancel(struct upgrade *upgrade)
{
    assert_null(upgrade);
}

/* ---- tests ---- */

static const struct config *load(void)
{
    char path[] = "/tmp/wsluice-supervisor-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag;
    diag_init(&diag);
    dprintf(fd, "workers: 1\nsandbox: off\nlisteners: [\"127.0.0.1:0\"]\nroutes: [{path: /, "
                "health: live}]\n");
    close(fd);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    unlink(path);
    assert_non_null(config);
    diag_free(&diag);
    return config;
}

/* SIGHUP and SIGUSR2 come during a reload; the second reload then cannot begin. */
static void test_an_upgrade_follows_a_reload_that_cannot_begin(void **unused)
{
    char error[512];
    const struct config *config = load();
    struct supervisor_options options = {.config = config};
    struct supervisor *supervisor = supervisor_create(&options, error, sizeof(error));
    assert_non_null(supervisor);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(supervisor_run(supervisor), 0);
    assert_true(supervisor_free(supervisor));
    log_stop();
    config_release(config);
    assert_int_equal(scene.reloads, 2);
    assert_int_equal(scene.upgrades, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_upgrade_follows_a_reload_that_cannot_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
