#include "serve/tokens/token_lines.h"

#include "lib/token_folder.h"
#include "lib/work_lab.h"

static uv_loop_t loop;
static struct work_lab work;
static struct token_source *source;
static struct token_destination destination;
static unsigned answers;
static enum reason answer;

static int set_up(void **state)
{
    char error[256];
    assert_int_equal(token_folder_open(state), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&work, &loop);
    uv_ref((uv_handle_t *)&work.mailbox.wake);
    token_folder_write("tokens", "token: old:1\n");
    const struct config_tokens tokens = {.file = token_folder_path("tokens")};
    source = token_lines_create(&tokens, error, sizeof(error));
    assert_non_null(source);
    answers = 0;
    return 0;
}

static int tear_down(void **state)
{
    token_source_release(source);
    work_lab_close(&work);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&work);
    return token_folder_close(state);
}

static void answered_cb(struct token_wait *wait, enum reason reason)
{
    assert_ptr_equal(wait->destination, &destination);
    answer = reason;
    answers++;
}

/* The question's text is gone once the source has been asked. */
static bool ask(const char *token, struct token_wait *wait)
{
    char *text = strdup(token);
    const struct token_question question = {.token = slice_of(text)};
    *wait = (struct token_wait){
        .loop.lane = &work.lane, .destination = &destination, .answered = answered_cb};
    bool answered = token_source_find(source, &question, wait, &answer);
    memset(text, 'x', strlen(text));
    free(text);
    return answered;
}

static void await_answer(void)
{
    while (answers == 0)
        uv_run(&loop, UV_RUN_ONCE);
    answers = 0;
}

/* The file is younger than three seconds, so that each question reads it again. */
static void test_waits_while_the_file_may_change(void **state)
{
    struct token_wait wait;
    assert_false(ask("token", &wait));
    await_answer();
    assert_int_equal(answer, REASON_none);
    assert_string_equal(destination.address.host, "old");
    token_folder_write("tokens", "token: new:1\n");
    assert_false(ask("token", &wait));
    await_answer();
    assert_string_equal(destination.address.host, "new");
    assert_false(ask("other", &wait));
    await_answer();
    assert_int_equal(answer, REASON_token_unknown);
    token_folder_remove("tokens");
    assert_false(ask("token", &wait));
    await_answer();
    assert_int_equal(answer, REASON_token_source);
    assert_non_null(strstr(destination.detail, "No such file"));
}

static void test_a_question_that_is_left_gets_no_answer(void **state)
{
    struct token_wait left, other;
    assert_false(ask("token", &left));
    assert_false(ask("token", &other));
    token_source_leave(source, &left);
    await_answer();
    assert_int_equal(uv_run(&loop, UV_RUN_NOWAIT) != 0, true);
    assert_int_equal(answers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits_while_the_file_may_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_question_that_is_left_gets_no_answer, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
