/* A list of methods that follow a script: what they say at once, and what they say later. */
#include "serve/auth/auth_list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { METHODS = 3 };

struct scripted {
    struct auth_method base;
    enum auth_outcome outcome, later; /* later: the verdict of one that waits */
    struct auth_answer says;
    struct auth_waiter *waiter; /* of the question that waits */
    struct auth_answer *asked;
    int asks, cancels;
    bool owns;
};

static struct scripted script[METHODS];
static int replies, released;
static enum auth_outcome verdict;

static void release_reply(struct auth_reply *reply)
{
    replies--;
    free(reply);
}

static struct auth_reply *make_reply(void)
{
    struct auth_reply *reply = calloc(1, sizeof(*reply));
    assert_non_null(reply);
    char *body = malloc(4);
    assert_non_null(body);
    memcpy(body, "page", 4);
    reply->reply.body = reply_owned(body, 4);
    reply->release = release_reply;
    replies++;
    return reply;
}

static void say(struct scripted *method, struct auth_answer *answer)
{
    *answer = method->says;
    if (method->says.reply)
        answer->reply = make_reply();
}

static enum auth_outcome ask(struct auth_method *base, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    struct scripted *method = WSL_CONTAINER(base, struct scripted, base);
    assert_non_null(question);
    method->asks++;
    method->waiter = waiter;
    method->asked = answer;
    if (method->outcome != AUTH_WAITS)
        say(method, answer);
    return method->outcome;
}

static void cancel(struct auth_method *base, struct auth_waiter *waiter)
{
    struct scripted *method = WSL_CONTAINER(base, struct scripted, base);
    assert_ptr_equal(method->waiter, waiter);
    method->cancels++;
}

static bool owns(const struct auth_method *base, const struct auth_question *question)
{
    assert_non_null(question);
    return WSL_CONST_CONTAINER(base, struct scripted, base)->owns;
}

static void release(struct auth_method *base)
{
    (void)base;
    released++;
}

static void done(struct auth_pass *pass, enum auth_outcome outcome)
{
    (void)pass;
    verdict = outcome;
}

/* Asks the first `count` methods of the script. */
static struct auth_list *list_of(size_t count, bool any)
{
    static const struct auth_method_ops ops = {ask, cancel, owns, release};
    struct auth_list *list = calloc(1, sizeof(*list) + count * sizeof(struct auth_method *));
    assert_non_null(list);
    list->count = count;
    list->any = any;
    for (size_t i = 0; i < count; i++) {
        script[i].base.ops = &ops;
        list->methods[i] = &script[i].base;
    }
    return list;
}

/* In `order`: P passes, F fails, A answers; p, f and a do so later. The verdict; *pass is to be
 * closed. */
static enum auth_outcome run(struct auth_pass *pass, const char *order, bool any)
{
    static const struct auth_question question;
    struct auth_list *list = list_of(strlen(order), any);
    for (size_t i = 0; order[i]; i++) {
        bool waits = order[i] >= 'a';
        bool passes = order[i] == 'P' || order[i] == 'p';
        bool answers = order[i] == 'A' || order[i] == 'a';
        script[i].outcome = passes ? AUTH_PASSED : answers ? AUTH_ANSWERED : AUTH_FAILED;
        script[i].later = script[i].outcome;
        if (waits)
            script[i].outcome = AUTH_WAITS;
        script[i].asks = script[i].cancels = 0;
    }
    *pass = (struct auth_pass){.done = done};
    verdict = auth_list_ask(list, pass, &question);
    while (verdict == AUTH_WAITS && pass->waits) {
        struct scripted *method = &script[pass->satisfy.next];
        say(method, method->asked);
        auth_waiter_done(method->waiter, method->later);
    }
    released = 0;
    auth_list_free(list);
    assert_int_equal(released, strlen(order));
    return verdict;
}

static int set_up(void **state)
{
    (void)state;
    memset(script, 0, sizeof(script));
    for (int i = 0; i < METHODS; i++)
        script[i].says.reason = (enum reason)(REASON_auth_required + i);
    replies = 0;
    return 0;
}

static void combines_verdicts(void **state)
{
    static const struct {
        const char *order;
        bool any, passes;
        int asked;
    } rows[] = {
        {"PPP", false, true, 3}, {"PFP", false, false, 2}, {"FPP", false, false, 1},
        {"FFP", true, true, 3},  {"PFF", true, true, 1},   {"FFF", true, false, 3},
        {"ppp", false, true, 3}, {"pfp", false, false, 2}, {"ffp", true, true, 3},
        {"fff", true, false, 3}, {"PpP", false, true, 3},  {"FpF", true, true, 2},
    };
    (void)state;
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct auth_pass pass;
        bool passed = run(&pass, rows[i].order, rows[i].any) == AUTH_PASSED;
        int asked = script[0].asks + script[1].asks + script[2].asks;
        assert_int_equal(passed, rows[i].passes);
        assert_int_equal(asked, rows[i].asked);
        auth_list_close(&pass);
    }
}

static void merges_identities(void **state)
{
    struct auth_pass pass;
    (void)state;
    script[0].says.expires_at = 300;
    snprintf(script[1].says.user, sizeof(script[1].says.user), "ann");
    script[1].says.expires_at = 200;
    snprintf(script[2].says.user, sizeof(script[2].says.user), "bob");
    assert_true(auth_set_target(&script[1].says, SLICE("a:1"), "ticket"));
    assert_true(auth_set_target(&script[2].says, SLICE("b:2"), "forward"));
    assert_int_equal(run(&pass, "PpP", false), AUTH_PASSED);
    assert_string_equal(pass.answer.user, "ann");
    assert_int_equal(pass.answer.expires_at, 200);
    assert_string_equal(pass.answer.target, "a:1");
    assert_string_equal(pass.answer.chosen_by, "ticket");
    auth_list_close(&pass);

    /* The one that fails contributes nothing. */
    assert_int_equal(run(&pass, "FfP", true), AUTH_PASSED);
    assert_string_equal(pass.answer.user, "bob");
    assert_int_equal(pass.answer.expires_at, 0);
    assert_string_equal(pass.answer.target, "b:2");
    assert_string_equal(pass.answer.chosen_by, "forward");
    auth_list_close(&pass);
}

static void keeps_the_most_helpful_failure(void **state)
{
    struct auth_reply marker;
    struct auth_pass pass;
    (void)state;
    script[1].says.reply = &marker;
    script[2].says.challenge = "Basic";
    assert_int_equal(run(&pass, "FfF", true), AUTH_FAILED);
    assert_int_equal(pass.answer.reason, REASON_auth_failed);
    assert_non_null(pass.answer.reply);
    assert_int_equal(replies, 1);
    auth_list_close(&pass);
    assert_int_equal(replies, 0);

    /* A page is released if another method lets the client in, or has a better answer. */
    assert_int_equal(run(&pass, "FFP", true), AUTH_PASSED);
    assert_int_equal(replies, 0);
    auth_list_close(&pass);
    script[0].says.reply = &marker;
    assert_int_equal(run(&pass, "FfF", true), AUTH_FAILED);
    assert_int_equal(pass.answer.reason, REASON_auth_required);
    auth_list_close(&pass);
    assert_int_equal(replies, 0);
}

/* A method's own request: with `any` it alone is asked, with `all` those before it as well. */
static void leaves_a_request_to_its_owner(void **state)
{
    static const struct {
        const char *order;
        bool any;
        enum auth_outcome outcome;
        int asked;
    } rows[] = {
        {"PAP", true, AUTH_ANSWERED, 1},  {"PaP", true, AUTH_ANSWERED, 1},
        {"PFP", true, AUTH_FAILED, 1},    {"PfP", true, AUTH_FAILED, 1},
        {"PAP", false, AUTH_ANSWERED, 2}, {"paP", false, AUTH_ANSWERED, 2},
        {"FAP", false, AUTH_FAILED, 1},   {"FFP", false, AUTH_FAILED, 1},
    };
    struct auth_reply marker;
    (void)state;
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct auth_pass pass;
        memset(script, 0, sizeof(script));
        script[1].owns = true;
        script[1].says.reply = &marker;
        assert_int_equal(run(&pass, rows[i].order, rows[i].any), rows[i].outcome);
        assert_int_equal(script[0].asks + script[1].asks + script[2].asks, rows[i].asked);
        assert_int_equal(pass.answer.reply != NULL, script[1].asks == 1);
        auth_list_close(&pass);
        assert_int_equal(replies, 0);
    }
}

static void cancels_what_waits(void **state)
{
    static const struct auth_question question;
    struct auth_list *list = list_of(2, false);
    struct auth_pass pass = {.done = done};
    (void)state;
    script[0].outcome = AUTH_PASSED;
    script[1].outcome = AUTH_WAITS;
    assert_int_equal(auth_list_ask(list, &pass, &question), AUTH_WAITS);
    auth_list_cancel(&pass);
    auth_list_cancel(&pass);
    assert_int_equal(script[0].cancels, 0);
    assert_int_equal(script[1].cancels, 1);
    auth_list_close(&pass);
    auth_list_free(list);
}

static void creates_the_methods_of_a_route(void **state)
{
    struct config_auth auth[2] = {{.header = {"X-User"}}, {.header = {"X-Other"}}};
    const struct config_auth_set set = {.methods = auth, .count = 2, .satisfy = CONFIG_SATISFY_ANY};
    char error[200];
    (void)state;
    struct auth_list *list = auth_list_create(&set, NULL, NULL, NULL, error, sizeof(error));
    assert_non_null(list);
    assert_int_equal(list->count, 2);
    assert_true(list->any);
    auth_list_free(list);
    auth_list_free(NULL);

    auth[1].header.name = NULL;
    assert_null(auth_list_create(&set, NULL, NULL, NULL, error, sizeof(error)));
    assert_string_equal(error, "an unknown method");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(combines_verdicts, set_up),
        cmocka_unit_test_setup(merges_identities, set_up),
        cmocka_unit_test_setup(keeps_the_most_helpful_failure, set_up),
        cmocka_unit_test_setup(leaves_a_request_to_its_owner, set_up),
        cmocka_unit_test_setup(cancels_what_waits, set_up),
        cmocka_unit_test_setup(creates_the_methods_of_a_route, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
