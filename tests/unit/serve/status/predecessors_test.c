/* Predecessors that answer, late, wrongly, in another version, or not at all. */
#include "serve/status/predecessors.h"

#include <signal.h>

#include "serve/status/control_request.h"

#include "lib/link_lab.h"
#include "lib/log_lab.h"

static struct predecessors_answer answers[PROCESS_FACTS_PREDECESSORS];
static char rows[PROCESS_FACTS_PREDECESSORS][256];
static size_t count;
static unsigned calls;

static void done_cb(void *owner, const struct predecessors_answer *given, size_t given_count)
{
    assert_ptr_equal(owner, &calls);
    calls++;
    count = given_count;
    for (size_t i = 0; i < count; i++) {
        answers[i] = given[i];
        snprintf(rows[i], sizeof(rows[i]), "%.*s", (int)given[i].rows.len,
                 given[i].rows.len ? given[i].rows.ptr : "");
    }
}

static int set_up_asker(void **state)
{
    calls = 0;
    return link_set_up(state);
}

/* The end of a predecessor that the test plays. */
static int add_peer(uint64_t pid)
{
    int ends[2];
    open_pair(ends);
    assert_true(predecessors_add(envs[0].predecessors, ends[0], pid, "0.1.9"));
    return ends[1];
}

static void ask(void)
{
    assert_true(predecessors_ask(&envs[1], LINK_MESSAGE_LIST, "limit=5", done_cb, &calls));
    run_a_while();
}

static uint64_t read_request(int fd, enum link_message_verb verb)
{
    static char packet[LINK_MESSAGE_REQUEST];
    struct link_message_request request;
    ssize_t length = recv(fd, packet, sizeof(packet), 0);
    assert_true(length > 0);
    assert_true(link_message_parse((struct slice){packet, (size_t)length}, &request));
    assert_int_equal(request.verb, verb);
    return request.nonce;
}

static void reply(int fd, uint64_t nonce, bool last, const char *body)
{
    char packet[LINK_MESSAGE_HEAD + 512];
    size_t length = link_message_head(nonce, last, packet);
    length += (size_t)snprintf(packet + length, 512, "%s", body);
    assert_int_equal(send(fd, packet, length, 0), length);
    run_a_while();
}

static void wait_for_calls(unsigned wanted)
{
    while (calls < wanted)
        uv_run(&loop, UV_RUN_ONCE);
}

static void test_nobody(void **unused)
{
    ask();
    assert_int_equal(calls, 1);
    assert_int_equal(count, 0);
}

static void test_two_answers(void **unused)
{
    int first = add_peer(11), second = add_peer(12);
    assert_int_equal(atomic_load(&process.predecessor_count), 2);
    ask();
    uint64_t nonce = read_request(first, LINK_MESSAGE_LIST);
    reply(first, nonce, false, "&pid=99&version=0.3&state=retiring&ses");
    reply(first, nonce, true, "sions=4\nrow one\nrow two\n");
    assert_int_equal(calls, 0);
    reply(second, read_request(second, LINK_MESSAGE_LIST), true, "&pid=12&sessions=1\n");
    assert_int_equal(calls, 1);
    assert_true(answers[0].answering && answers[0].facts.pid == 11 &&
                answers[0].facts.sessions == 4);
    assert_string_equal(answers[0].facts.version, "0.3");
    assert_string_equal(rows[0], "row one\nrow two\n");
    assert_true(answers[1].answering && answers[1].facts.pid == 12);
    assert_string_equal(rows[1], "");
    assert_true(atomic_load(&process.predecessors[0].sessions) == 4);
    close(first);
    run_a_while();
    assert_int_equal(predecessors_count(envs[0].predecessors), 1);
    assert_int_equal(emptied, 0);
    close(second);
    run_a_while();
    assert_int_equal(emptied, 1);
    assert_int_equal(atomic_load(&process.predecessor_count), 0);
}

/* It costs one wait; after that it is passed over until it answers. */
static void test_one_that_is_silent(void **unused)
{
    int fd = add_peer(11);
    uint64_t began = uv_hrtime();
    ask();
    uint64_t nonce = read_request(fd, LINK_MESSAGE_LIST);
    wait_for_calls(1);
    assert_true(uv_hrtime() - began >= 400 * (uint64_t)1000000);
    assert_true(count == 1 && !answers[0].answering && answers[0].facts.pid == 11);
    assert_string_equal(answers[0].facts.version, "0.1.9");
    ask();
    assert_int_equal(calls, 2);
    assert_false(answers[0].answering);
    reply(fd, nonce, true, "&pid=11&sessions=9\n"); /* too late, but a sign of life */
    ask();
    assert_int_equal(calls, 2);
    reply(fd, read_request(fd, LINK_MESSAGE_LIST), true, "&pid=11&sessions=7\n");
    assert_int_equal(calls, 3);
    assert_true(answers[0].answering && answers[0].facts.sessions == 7);
    close(fd);
}

static bool has_packet(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK) >= 0;
}

/* What it has not read yet is all that waits for it: there is room for an order to end. */
static void test_the_queue_of_a_silent_one(void **unused)
{
    int fd = add_peer(11);
    ask();
    wait_for_calls(1);
    uint64_t nonce = read_request(fd, LINK_MESSAGE_LIST);
    for (int i = 0; i < 3; i++) {
        predecessors_refresh(envs[0].predecessors);
        run_a_while();
        assert_false(has_packet(fd));
    }
    predecessors_tell(envs[0].predecessors, LINK_MESSAGE_DRAIN);
    uint64_t drain = read_request(fd, LINK_MESSAGE_DRAIN);
    reply(fd, nonce, true, "&pid=11&sessions=9\n");
    reply(fd, drain, true, "");
    predecessors_refresh(envs[0].predecessors);
    reply(fd, read_request(fd, LINK_MESSAGE_LIST), true, "&pid=11&sessions=8\n");
    assert_true(atomic_load(&process.predecessors[0].sessions) == 8);
    close(fd);
}

static void test_wrong_answers(void **unused)
{
    int fd = add_peer(11);
    ask();
    uint64_t nonce = read_request(fd, LINK_MESSAGE_LIST);
    assert_int_equal(send(fd, "hello", 5, 0), 5);
    reply(fd, nonce + 1, true, "&pid=11&sessions=9\n");
    reply(fd, nonce - 1, true, "&pid=11&sessions=9\n");
    assert_int_equal(calls, 0);
    reply(fd, nonce, true, "");
    assert_int_equal(calls, 1);
    assert_true(count == 1 && !answers[0].answering && answers[0].facts.pid == 11);
    close(fd);
}

/* It ends before its answer: nobody waits for it. */
static void test_one_that_ends(void **unused)
{
    int fd = add_peer(11);
    ask();
    ask();
    (void)read_request(fd, LINK_MESSAGE_LIST);
    close(fd);
    run_a_while();
    assert_int_equal(calls, 2);
    assert_false(answers[0].answering);
    assert_int_equal(emptied, 1);
}

/* It has ended, and this process has not seen that yet: the log has one line about it, that one. */
static void test_one_that_has_ended(void **unused)
{
    char said[1024];
    int log[2], fd = add_peer(11);
    assert_int_equal(pipe(log), 0);
    log_lab_to(log[1], REASON_INFO);
    close(fd);
    predecessors_refresh(envs[0].predecessors);
    ask();
    assert_int_equal(calls, 1);
    log_lab_restore();
    close(log[1]);
    ssize_t length = read(log[0], said, sizeof(said) - 1);
    assert_true(length > 0);
    said[length] = '\0';
    assert_null(strstr(said, "does not answer"));
    assert_non_null(strstr(said, "has ended"));
    close(log[0]);
}

/* Each gets its own answer, one after the other; a look between them is for the numbers only. */
static void test_several_askers(void **unused)
{
    int fd = add_peer(11);
    predecessors_refresh(envs[0].predecessors);
    ask();
    ask();
    reply(fd, read_request(fd, LINK_MESSAGE_LIST), true, "&pid=11&sessions=1\n");
    assert_int_equal(calls, 0);
    reply(fd, read_request(fd, LINK_MESSAGE_LIST), true, "&pid=11&sessions=2\n");
    assert_int_equal(calls, 1);
    assert_true(answers[0].facts.sessions == 2);
    predecessors_tell(envs[0].predecessors, LINK_MESSAGE_DRAIN);
    uint64_t nonce = read_request(fd, LINK_MESSAGE_LIST);
    (void)read_request(fd, LINK_MESSAGE_DRAIN);
    reply(fd, nonce, true, "&pid=11&sessions=3\n");
    assert_int_equal(calls, 2);
    assert_true(answers[0].facts.sessions == 3);
    close(fd);
}

/* A predecessor serves the new link like the first one. */
static void test_a_link_for_a_successor(void **unused)
{
    struct predecessors_link links[PROCESS_FACTS_PREDECESSORS];
    int ends[2];
    open_pair(ends);
    assert_true(link_server_open(&envs[0], ends[1], end_cb));
    assert_true(predecessors_add(envs[0].predecessors, ends[0], 11, "0.1.9"));
    assert_int_equal(predecessors_link_on(envs[0].predecessors, links), 1);
    assert_true(links[0].pid == 11);
    assert_string_equal(links[0].version, "0.1.9");
    run_a_while();
    predecessors_close(envs[0].predecessors);
    run_a_while();
    assert_true(predecessors_add(envs[0].predecessors, links[0].fd, 11, "0.1.9"));
    add(2, 3);
    ask();
    assert_int_equal(calls, 1);
    assert_true(answers[0].answering && answers[0].facts.sessions == 1);
    assert_non_null(strstr(rows[0], "&id=2-1&"));
}

static void test_there_is_a_most(void **unused)
{
    int ends[2];
    for (int i = 0; i < PROCESS_FACTS_PREDECESSORS; i++)
        close(add_peer((uint64_t)i));
    open_pair(ends);
    assert_false(predecessors_add(envs[0].predecessors, ends[0], 1, ""));
    char byte;
    assert_int_equal(recv(ends[1], &byte, 1, 0), 0);
    close(ends[1]);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up_asker, link_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody),
        TEST(test_two_answers),
        TEST(test_one_that_is_silent),
        TEST(test_the_queue_of_a_silent_one),
        TEST(test_wrong_answers),
        TEST(test_one_that_ends),
        TEST(test_one_that_has_ended),
        TEST(test_several_askers),
        TEST(test_a_link_for_a_successor),
        TEST(test_there_is_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
