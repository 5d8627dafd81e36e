/* What a successor gets when it asks, and what a peer that misbehaves costs. */
#include "serve/status/link_server.h"

#include <fcntl.h>
#include <signal.h>

#include "serve/status/control_request.h"

#include "lib/emulator.h"
#include "lib/failing_alloc.h"
#include "lib/link_lab.h"

static char text[1 << 20];

static int open_server(void)
{
    int ends[2];
    open_pair(ends);
    assert_true(link_server_open(&envs[0], ends[0], end_cb));
    return ends[1];
}

static void send_text(int fd, const char *packet)
{
    assert_int_equal(send(fd, packet, strlen(packet), 0), strlen(packet));
}

/* The bodies of the packets of one answer. */
static const char *read_answer(int fd, uint64_t expected)
{
    static char packet[LINK_MESSAGE_PACKET];
    size_t used = 0;
    bool last = false;
    while (!last) {
        uint64_t nonce;
        struct slice body;
        run_a_while();
        ssize_t length = recv(fd, packet, sizeof(packet), 0);
        assert_true(length > 0);
        assert_true(
            link_message_answer((struct slice){packet, (size_t)length}, &nonce, &last, &body));
        assert_true(nonce == expected);
        memcpy(text + used, body.ptr, body.len);
        used += body.len;
    }
    text[used] = '\0';
    return text;
}

static void test_a_list(void **unused)
{
    struct link_message_facts facts;
    add(0, 5);
    add(2, 9);
    int fd = open_server();
    send_text(fd, "wsluice-link 1 7 list sort=up&limit=1");
    const char *answer = read_answer(fd, 7);
    link_message_facts_parse(slice_of(answer), &facts);
    link_message_facts_parse((struct slice){answer, strcspn(answer, "\n")}, &facts);
    assert_true(facts.pid == (uint64_t)getpid() && facts.sessions == 2 && facts.matched == 2);
    assert_string_equal(facts.version, WSLUICE_VERSION);
    assert_string_equal(facts.state, "serving");
    assert_non_null(strstr(answer, "\n&id=2-1&"));
    assert_null(strstr(answer, "\n&id=0-1&"));
    close(fd);
}

/* More than the socket takes at once, by a reader that begins late. */
static void test_a_long_list(void **unused)
{
    size_t lines = 0;
    for (int i = 0; i < 1000; i++)
        add(1, (uint64_t)i);
    int fd = open_server(), small = 4096;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    send_text(fd, "wsluice-link 1 8 list limit=1000");
    for (const char *c = read_answer(fd, 8); *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1001);
    send_text(fd, "wsluice-link 1 9 list limit=1");
    (void)read_answer(fd, 9);
    close(fd);
}

static void test_ends(void **unused)
{
    add(1, 0);
    int fd = open_server();
    send_text(fd, "wsluice-link 1 1 kill &kill=1-9&by=user%207");
    assert_non_null(strstr(read_answer(fd, 1), "&killed=0"));
    send_text(fd, "wsluice-link 1 2 kill &kill=1-1&by=user%207");
    assert_non_null(strstr(read_answer(fd, 2), "&killed=1"));
    assert_int_equal(ended, 1);
    send_text(fd, "wsluice-link 1 3 kill by=nobody");
    assert_string_equal(read_answer(fd, 3), "");
    close(fd);
}

static void test_orders(void **unused)
{
    int fd = open_server();
    static const enum control_verb verbs[] = {CONTROL_DRAIN, CONTROL_END};
    static const char *const packets[] = {"wsluice-link 1 1 drain ", "wsluice-link 1 2 end "};
    for (size_t i = 0; i < WSL_COUNT(verbs); i++) {
        send_text(fd, packets[i]);
        run_a_while();
        struct list *link = orders.next;
        list_remove(link);
        assert_int_equal(control_request_verb(control_request_of(link)), verbs[i]);
        control_request_answer(control_request_of(link),
                               &(struct control_verdict){CONTROL_DONE, ""});
        assert_string_equal(read_answer(fd, i + 1), "");
    }
    close(fd);
}

/* Out of memory, an answer is empty: until neither side's socket takes more. */
static void test_answers_without_memory_that_nobody_reads(void **unused)
{
    int fd = open_server();
    char packet[LINK_MESSAGE_PACKET];
    uint64_t asked = 0, answered = 0;
    for (bool goes_on = true; goes_on;) {
        snprintf(packet, sizeof(packet), "wsluice-link 1 %llu kill by=nobody",
                 (unsigned long long)asked + 1);
        goes_on = send(fd, packet, strlen(packet), MSG_DONTWAIT) > 0;
        asked += goes_on;
        failing_alloc_arm(1);
        run_a_while();
    }
    failing_alloc_disarm();
    while (answered < asked)
        assert_string_equal(read_answer(fd, ++answered), "");
    close(fd);
}

#define PASSED_MAX 3

/* A packet with descriptors. */
static void send_with(int fd, const char *packet, const int *passed, size_t count)
{
    union {
        char bytes[CMSG_SPACE(PASSED_MAX * sizeof(int))];
        struct cmsghdr header;
    } room = {.bytes = {0}};
    struct iovec part = {without_const(packet), strlen(packet)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &room,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    room.header.cmsg_level = SOL_SOCKET;
    room.header.cmsg_type = SCM_RIGHTS;
    room.header.cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(&room.header), passed, count * sizeof(int));
    assert_true(sendmsg(fd, &message, 0) >= 0);
}

static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) == 0;
}

/* A link for the successor's successor, and descriptors that nobody asked for. */
static void test_another_link(void **unused)
{
    int fd = open_server(), other[2], stray[2];
    open_pair(other);
    open_pair(stray);
    send_with(fd, "wsluice-link 1 1 link ", &other[0], 1);
    close(other[0]);
    (void)read_answer(fd, 1);
    send_text(other[1], "wsluice-link 1 5 list ");
    assert_non_null(strstr(read_answer(other[1], 5), "&pid="));
    send_with(fd, "wsluice-link 1 2 list ", &stray[0], 1);
    close(stray[0]);
    (void)read_answer(fd, 2);
    assert_true(is_closed(stray[1]));
    close(stray[1]);
    close(fd);
    run_a_while();
    send_text(other[1], "wsluice-link 1 6 list ");
    (void)read_answer(other[1], 6);
    close(other[1]);
}

/* Several in one packet, and one with no byte: none is left open. */
static void test_many_descriptors(void **unused)
{
    static const char *const packets[] = {"wsluice-link 1 1 link ", "wsluice-link 1 1 list ", "x",
                                          ""};
    if (is_emulated_by_qemu())
        skip(); /* it leaves open what does not fit */
    for (size_t i = 0; i < WSL_COUNT(packets); i++)
        for (size_t count = 1 + (i == 0); count <= PASSED_MAX; count++) {
            int fd = open_server(), stray[2];
            open_pair(stray);
            const int passed[PASSED_MAX] = {stray[0], stray[0], stray[0]};
            send_with(fd, packets[i], passed, count);
            close(stray[0]);
            run_a_while();
            assert_true(is_closed(stray[1]));
            close(stray[1]);
            close(fd);
            run_a_while();
        }
}

/*
 * The peer asks for much, hands a link over to its successor and goes: the link arrives, whether or
 * not the peer has read an answer.
 */
static void test_a_link_of_a_peer_that_goes(void **unused)
{
    for (int answered = 0; answered < 2; answered++) {
        int fd = open_server(), other[2];
        open_pair(other);
        send_text(fd, "wsluice-link 1 1 list ");
        if (answered)
            run_a_while();
        send_text(fd, "wsluice-link 1 2 list ");
        send_with(fd, "wsluice-link 1 3 link ", &other[0], 1);
        close(other[0]);
        close(fd);
        run_a_while();
        send_text(other[1], "wsluice-link 1 5 list ");
        assert_non_null(strstr(read_answer(other[1], 5), "&pid="));
        close(other[1]);
        run_a_while();
        assert_true(list_empty(&envs[0].links));
    }
}

static void test_what_is_no_request(void **unused)
{
    int fd = open_server();
    send_text(fd, "hello");
    send_text(fd, "wsluice-link 2 1 list ");
    send_text(fd, "wsluice-link 1 3 dance x=y");
    assert_string_equal(read_answer(fd, 3), "");
    send_text(fd, "wsluice-link 1 4 list sort=colour");
    assert_string_equal(read_answer(fd, 4), "");
    close(fd);
}

/* It goes in the middle of its request; at the end of the process nothing waits for it. */
static void test_a_peer_that_goes(void **unused)
{
    add(1, 0);
    int fd = open_server();
    send_text(fd, "wsluice-link 1 1 list ");
    uv_run(&loop, UV_RUN_NOWAIT);
    close(fd);
    run_a_while();
    assert_true(list_empty(&envs[0].links));
    fd = open_server();
    send_text(fd, "wsluice-link 1 1 list ");
    uv_run(&loop, UV_RUN_NOWAIT);
    link_server_close_all(&envs[0]);
    run_a_while();
    assert_true(is_closed(fd));
    close(fd);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
#define TEST(test) cmocka_unit_test_setup_teardown(test, link_set_up, link_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_list),
        TEST(test_a_long_list),
        TEST(test_ends),
        TEST(test_orders),
        TEST(test_answers_without_memory_that_nobody_reads),
        TEST(test_another_link),
        TEST(test_many_descriptors),
        TEST(test_a_link_of_a_peer_that_goes),
        TEST(test_what_is_no_request),
        TEST(test_a_peer_that_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
