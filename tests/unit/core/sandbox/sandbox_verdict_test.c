#include "core/sandbox/sandbox_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct sandbox_facts all = {.landlock = 7, .filter = true};

static struct sandbox_verdict decide(enum config_sandbox mode, const struct sandbox_facts *facts,
                                     const struct sandbox_plan *plan)
{
    struct sandbox_verdict verdict;
    sandbox_verdict_decide(&verdict, mode, facts, plan);
    return verdict;
}

static void off_is_off(void **state)
{
    struct sandbox_plan plan = {0};
    struct sandbox_verdict verdict = decide(CONFIG_SANDBOX_OFF, &all, &plan);
    assert_true(verdict.starts);
    assert_false(verdict.files || verdict.connect || verdict.bind || verdict.abstract ||
                 verdict.calls);
}

/* A version of Landlock brings a part; each row: what auto has of a fixed command line. */
static void auto_takes_what_there_is(void **state)
{
    static const struct {
        int landlock;
        bool filter, files, tcp, abstract;
    } rows[] = {
        {0, false, false, false, false}, {0, true, false, false, false},
        {1, true, true, false, false},   {3, false, true, false, false},
        {4, true, true, true, false},    {5, true, true, true, false},
        {6, true, true, true, true},     {99, false, true, true, true},
    };
    struct sandbox_plan plan = {0};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct sandbox_facts facts = {.landlock = rows[i].landlock, .filter = rows[i].filter};
        struct sandbox_verdict verdict = decide(CONFIG_SANDBOX_AUTO, &facts, &plan);
        assert_true(verdict.starts);
        assert_int_equal(verdict.files, rows[i].files);
        assert_int_equal(verdict.connect, rows[i].tcp);
        assert_int_equal(verdict.bind, rows[i].tcp);
        assert_int_equal(verdict.abstract, rows[i].abstract);
        assert_int_equal(verdict.calls, rows[i].filter);
    }
}

static void ports_are_limited_where_they_are_known(void **state)
{
    struct sandbox_plan plan = {.reloads = true};
    struct sandbox_verdict verdict = decide(CONFIG_SANDBOX_AUTO, &all, &plan);
    assert_false(verdict.connect || verdict.bind);
    assert_true(verdict.files && verdict.calls);
    verdict = decide(CONFIG_SANDBOX_REQUIRE, &all, &plan);
    assert_true(verdict.connect && verdict.bind);
    plan.connect.any = true;
    verdict = decide(CONFIG_SANDBOX_REQUIRE, &all, &plan);
    assert_true(verdict.starts && verdict.bind);
    assert_false(verdict.connect);
    plan.any_abstract = true;
    verdict = decide(CONFIG_SANDBOX_REQUIRE, &all, &plan);
    assert_false(verdict.abstract);
}

static void require_refuses_with_the_reason(void **state)
{
    struct sandbox_plan plan = {0};
    struct sandbox_facts facts = {.landlock_problem = "no locks", .filter = true};
    struct sandbox_verdict verdict = decide(CONFIG_SANDBOX_REQUIRE, &facts, &plan);
    assert_false(verdict.starts || verdict.files || verdict.calls);
    assert_string_equal(
        verdict.refusal,
        "sandbox: require, but no locks; write auto for a sandbox of what there is");
    facts = (struct sandbox_facts){.landlock = 1, .filter_problem = "no filter"};
    verdict = decide(CONFIG_SANDBOX_REQUIRE, &facts, &plan);
    assert_false(verdict.starts);
    assert_non_null(strstr(verdict.refusal, "no filter"));
    facts = all;
    facts.impossible = "a demo";
    verdict = decide(CONFIG_SANDBOX_REQUIRE, &facts, &plan);
    assert_false(verdict.starts);
    assert_non_null(strstr(verdict.refusal, "a demo"));
    verdict = decide(CONFIG_SANDBOX_AUTO, &facts, &plan);
    assert_true(verdict.starts);
    assert_false(verdict.files || verdict.calls);
    facts.landlock = 1, facts.impossible = NULL; /* no TCP, which is no reason to refuse */
    assert_true(decide(CONFIG_SANDBOX_REQUIRE, &facts, &plan).starts);
}

static void describes(enum config_sandbox mode, const struct sandbox_facts *facts,
                      const struct sandbox_plan *plan, const char *expected)
{
    char line[512];
    struct sandbox_verdict verdict = decide(mode, facts, plan);
    sandbox_verdict_describe(&verdict, mode, facts, plan, line, sizeof(line));
    assert_string_equal(line, expected);
}

static void says_what_the_process_has(void **state)
{
    uint16_t connect[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct sandbox_plan plan = {.connect = {connect, 2, false}};
    struct sandbox_facts none = {.landlock_problem = "no locks", .filter_problem = "no filter"};
    describes(CONFIG_SANDBOX_AUTO, &all, &plan,
              "sandbox: no new privileges, files that the configuration names (Landlock 7), TCP to "
              "ports 1, 2, bind to ports none, only system calls of a proxy");
    plan.connect.count = 10;
    plan.bind = (struct sandbox_ports){connect, 1, false};
    describes(CONFIG_SANDBOX_AUTO, &all, &plan,
              "sandbox: no new privileges, files that the configuration names (Landlock 7), TCP to "
              "ports 1, 2, 3, 4, 5, 6, 7, 8, and 2 more, bind to ports 1, only system calls "
              "of a proxy");
    describes(CONFIG_SANDBOX_AUTO, &none, &plan,
              "sandbox: no new privileges; any file: no locks; any system call: no filter");
    plan.reloads = true;
    describes(CONFIG_SANDBOX_AUTO, &all, &plan,
              "sandbox: no new privileges, files that the configuration names (Landlock 7), only "
              "system calls of a proxy; any TCP port: a reload may name other ports (sandbox: "
              "require limits them)");
    plan.connect.any = true;
    describes(CONFIG_SANDBOX_REQUIRE, &all, &plan,
              "sandbox: no new privileges, files that the configuration names (Landlock 7), "
              "bind to ports 1, only system calls of a proxy; any TCP port: tokens name "
              "targets that are not known yet (permit names their ports)");
    struct sandbox_facts old = {.landlock = 2, .filter = true};
    describes(CONFIG_SANDBOX_REQUIRE, &old, &plan,
              "sandbox: no new privileges, files that the configuration names (Landlock 2), only "
              "system calls of a proxy; any TCP port: the kernel cannot limit TCP ports (Linux 6.7 "
              "can)");
    old.impossible = "this is a demo";
    describes(CONFIG_SANDBOX_AUTO, &old, &plan, "sandbox: this is a demo");
    describes(CONFIG_SANDBOX_OFF, &all, &plan, "sandbox: off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_is_off),
        cmocka_unit_test(auto_takes_what_there_is),
        cmocka_unit_test(ports_are_limited_where_they_are_known),
        cmocka_unit_test(require_refuses_with_the_reason),
        cmocka_unit_test(says_what_the_process_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
