/* Sites before and after a reload: what they share, what is refused, without memory. */
#include "serve/site/site.h"

#include "lib/failing_alloc.h"
#include "lib/site_lab.h"
#include "lib/work_lab.h"
#include "serve/site/site_resources.h"
#include "serve/target/target_pool.h"

static struct site_lab lab;

static int set_up(void **unused)
{
    site_lab_open(&lab);
    return 0;
}

static int tear_down(void **unused)
{
    site_lab_close(&lab);
    return 0;
}

static void test_create(void **unused)
{
    struct site *site = site_lab_site(&lab, NULL);
    assert_non_null(site);
    assert_ptr_equal(site_retain(site), site);
    site_release(site);
    assert_string_equal(site->listeners[0].name, "127.0.0.1:8080");
    site_name_listener(site, 0, "127.0.0.1:12345");
    assert_string_equal(site->listeners[0].name, "127.0.0.1:12345");
    assert_null(site->routes[0].files);
    assert_null(site->routes[0].tokens);
    assert_false(site_is_superseded(site));
    site_supersede(site);
    assert_true(site_is_superseded(site));
    site_release(site);
    site_release(NULL);
}

static void test_reload(void **unused)
{
    struct site *before = site_lab_site(&lab, NULL);
    target_pool_begin(target_pool_target(before->resources->pool, &lab.routes[0], 0));
    struct site *after = site_lab_site(&lab, before);
    assert_non_null(after);
    assert_ptr_equal(after->routes[0].stats, before->routes[0].stats);
    assert_ptr_equal(after->routes[1].counter, before->routes[1].counter);
    assert_ptr_equal(after->listeners[0].counter, before->listeners[0].counter);
    assert_ptr_not_equal(after->listeners[0].counter, after->listeners[1].counter);
    struct pool_target *target = target_pool_target(after->resources->pool, &lab.routes[0], 0);
    assert_int_equal(target_pool_target_sessions(target), 1);
    site_release(before);
    assert_int_equal(target_pool_target_sessions(target), 1);
    target_pool_end(target);
    site_release(after);
}

/* A session may be the last that holds a site, on a loop that serves others. */
static void test_the_pool_frees(void **unused)
{
    uv_loop_t loop;
    struct work_lab work;
    struct reaper reaper;
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&work, &loop);
    assert_true(reaper_open(&reaper, &work.lane));
    lab.shared.reaper = &reaper;
    struct site *site = site_retain(site_lab_site(&lab, NULL));
    site_release(site);
    assert_null(reaper.first);
    site_release(site);
    assert_ptr_equal(reaper.first, &site->dead);
    work_lab_close(&work);
    uv_run(&loop, UV_RUN_DEFAULT);
    reaper_close(&reaper);
    work_lab_free(&work);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_files_that_are_missing(void **unused)
{
    lab.routes[1].files.root = "/nowhere/at/all";
    lab.routes[1].path = "/files/*";
    assert_null(site_lab_site(&lab, NULL));
    assert_non_null(strstr(lab.error, "/nowhere/at/all"));
}

static void test_each_allocation_fails(void **unused)
{
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        struct config *config = site_lab_config(&lab);
        failing_alloc_arm(n);
        struct site *site = site_create(config, &lab.shared, NULL, lab.error, sizeof(lab.error));
        failed = failing_alloc_disarm();
        assert_true(site || failed); /* a hash map that cannot grow is slower, and no error */
        if (!site)
            assert_non_null(strstr(lab.error, "out of memory"));
        site_release(site);
        config_release(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_pool_frees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_that_are_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_allocation_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
