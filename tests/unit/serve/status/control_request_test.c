/* Requests to the main thread, which answers them later, in any order. */
#include "serve/status/control_request.h"

#include "lib/status_lab.h"

static struct mailbox supervisor;
static struct list asked;
static unsigned answers;
static enum control_outcome outcome;
static char text[2 * CONTROL_REQUEST_TEXT];

static void run_cb(void *owner, void *argument)
{
    assert_ptr_equal(owner, &supervisor);
    list_append(&asked, control_request_link(argument));
}

static const struct control control = {&supervisor, run_cb};

static void done_cb(void *owner, const struct control_verdict *verdict)
{
    assert_ptr_equal(owner, &answers);
    answers++;
    outcome = verdict->outcome;
    snprintf(text, sizeof(text), "%s", verdict->text);
}

static int set_up_control(void **state)
{
    answers = 0;
    list_init(&asked);
    if (set_up(state) != 0 || !mailbox_open(&supervisor, &loop, &supervisor))
        return -1;
    for (unsigned i = 0; i < WORKERS; i++)
        envs[i].control = &control;
    return 0;
}

static int tear_down_control(void **state)
{
    mailbox_close(&supervisor);
    int status = tear_down(state);
    mailbox_free(&supervisor);
    return status;
}

static void ask(unsigned worker, enum control_verb verb, const char *by)
{
    assert_true(control_request_start(&envs[worker], verb, by, done_cb, &answers));
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void answer_first(const struct control_verdict *verdict)
{
    struct list *link = asked.next;
    list_remove(link);
    control_request_answer(control_request_of(link), verdict);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void test_each_gets_its_answer(void **unused)
{
    ask(1, CONTROL_RELOAD, "user 7");
    ask(2, CONTROL_UPGRADE, "user 8");
    assert_int_equal(answers, 0);
    assert_true(envs[1].live == 1 && envs[2].live == 1);
    struct control_request *first = control_request_of(asked.next);
    assert_int_equal(control_request_verb(first), CONTROL_RELOAD);
    assert_string_equal(control_request_by(first), "user 7");
    answer_first(&(struct control_verdict){CONTROL_FAILED, "warning: w\nno"});
    assert_int_equal(answers, 1);
    assert_int_equal(outcome, CONTROL_FAILED);
    assert_string_equal(text, "warning: w\nno");
    assert_true(envs[1].live == 0 && envs[2].live == 1);
    answer_first(&(struct control_verdict){CONTROL_MOVED, "elsewhere"});
    assert_int_equal(outcome, CONTROL_MOVED);
    assert_int_equal(answers, 2);
}

static void test_texts_are_bounded(void **unused)
{
    static char many[300], longest[CONTROL_REQUEST_TEXT + 100];
    memset(many, 'x', sizeof(many) - 1);
    memset(longest, 'y', sizeof(longest) - 1);
    ask(0, CONTROL_RELOAD, many);
    assert_true(strlen(control_request_by(control_request_of(asked.next))) < sizeof(many) - 1);
    answer_first(&(struct control_verdict){CONTROL_DONE, longest});
    assert_int_equal(strlen(text), CONTROL_REQUEST_TEXT);
}

/* The sentence that says how it went is last, and stays. */
static void test_many_findings_leave_the_sentence(void **unused)
{
    static char findings[2 * CONTROL_REQUEST_TEXT];
    static const char line[] = "warning: this certificate has expired\n",
                      sentence[] = "it is in use";
    size_t used = 0;
    while (used < CONTROL_REQUEST_TEXT + 1000)
        used += (size_t)snprintf(findings + used, sizeof(findings) - used, "%s", line);
    snprintf(findings + used, sizeof(findings) - used, "%s", sentence);
    ask(0, CONTROL_RELOAD, "user 7");
    answer_first(&(struct control_verdict){CONTROL_DONE, findings});
    assert_true(strlen(text) <= CONTROL_REQUEST_TEXT);
    assert_true(strlen(text) > CONTROL_REQUEST_TEXT - sizeof(line));
    assert_string_equal(strrchr(text, '\n') + 1, sentence);
    assert_int_equal((strlen(text) - strlen(sentence)) % strlen(line), 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up_control, tear_down_control)
    const struct CMUnitTest tests[] = {
        TEST(test_each_gets_its_answer),
        TEST(test_texts_are_bounded),
        TEST(test_many_findings_leave_the_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
