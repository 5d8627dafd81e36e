/* Threads that post, and a loop that runs what they post; made for ThreadSanitizer. */
#include "net/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SENDERS 4
#define POSTS   5000

struct inbox {
    uv_loop_t loop;
    struct mailbox mailbox;
    unsigned next[SENDERS]; /* the number that each sender's next post must have */
    unsigned total;
    struct mailbox_post counting, closing, again;
};

struct sender {
    struct inbox *inbox;
    unsigned number;
};

struct letter {
    struct mailbox_post post;
    unsigned sender, number;
};

static struct inbox inbox;

static int set_up(void **unused)
{
    inbox = (struct inbox){0};
    assert_int_equal(uv_loop_init(&inbox.loop), 0);
    assert_true(mailbox_open(&inbox.mailbox, &inbox.loop, &inbox));
    return 0;
}

static int tear_down(void **unused)
{
    mailbox_free(&inbox.mailbox);
    assert_int_equal(uv_loop_close(&inbox.loop), 0);
    return 0;
}

static void close_box(void *owner, void *argument)
{
    struct inbox *box = owner;
    (void)argument;
    mailbox_close(&box->mailbox);
}

static void take_letter(void *owner, void *argument)
{
    struct inbox *box = owner;
    struct letter *letter = argument;
    assert_int_equal(letter->number, box->next[letter->sender]);
    box->next[letter->sender]++;
    free(letter);
    if (++box->total == SENDERS * POSTS)
        mailbox_close(&box->mailbox);
}

static void send_letters(void *argument)
{
    struct sender *sender = argument;
    for (unsigned i = 0; i < POSTS; i++) {
        struct letter *letter = malloc(sizeof(*letter));
        *letter = (struct letter){.sender = sender->number, .number = i};
        mailbox_post(&sender->inbox->mailbox, &letter->post, take_letter, letter);
    }
}

/* Nothing is lost, and what one thread posts is run in its order. */
static void test_many_senders(void **unused)
{
    uv_thread_t threads[SENDERS];
    struct sender senders[SENDERS];
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&inbox, i};
        assert_int_equal(uv_thread_create(&threads[i], send_letters, &senders[i]), 0);
    }
    uv_run(&inbox.loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < SENDERS; i++)
        uv_thread_join(&threads[i]);
    assert_int_equal(inbox.total, SENDERS * POSTS);
}

static void count(void *owner, void *argument)
{
    (void)owner;
    ++*(unsigned *)argument;
}

static void post_again(void *owner, void *argument)
{
    struct inbox *box = owner;
    count(owner, argument);
    mailbox_post(&box->mailbox, &box->counting, count, argument);
    mailbox_post(&box->mailbox, &box->closing, close_box, NULL);
}

/* A post may post: that one runs later, not within. */
static void test_a_post_that_posts(void **unused)
{
    unsigned runs = 0;
    mailbox_post(&inbox.mailbox, &inbox.again, post_again, &runs);
    uv_run(&inbox.loop, UV_RUN_ONCE);
    assert_int_equal(runs, 1);
    uv_run(&inbox.loop, UV_RUN_DEFAULT);
    assert_int_equal(runs, 2);
}

static void test_closed(void **unused)
{
    unsigned runs = 0;
    mailbox_post(&inbox.mailbox, &inbox.closing, close_box, NULL);
    uv_run(&inbox.loop, UV_RUN_DEFAULT);
    mailbox_post(&inbox.mailbox, &inbox.counting, count, &runs);
    assert_int_equal(runs, 0);
}

/* What waits already is not posted twice; once it has run it may be. */
static void test_the_same_post_again(void **unused)
{
    unsigned runs = 0, ignored = 0;
    mailbox_post(&inbox.mailbox, &inbox.counting, count, &runs);
    mailbox_post(&inbox.mailbox, &inbox.counting, count, &ignored);
    uv_run(&inbox.loop, UV_RUN_ONCE);
    assert_int_equal(runs, 1);
    mailbox_post(&inbox.mailbox, &inbox.counting, count, &runs);
    mailbox_post(&inbox.mailbox, &inbox.closing, close_box, NULL);
    uv_run(&inbox.loop, UV_RUN_DEFAULT);
    assert_int_equal(runs, 2);
    assert_int_equal(ignored, 0);
}

static void withdraw_next(void *owner, void *argument)
{
    struct inbox *box = owner;
    *(bool *)argument = mailbox_withdraw(&box->mailbox, &box->counting);
}

/* Also one that this turn of the loop would run next; and others stay in their order. */
static void test_withdrawn(void **unused)
{
    unsigned runs = 0;
    bool withdrawn = false;
    assert_false(mailbox_withdraw(&inbox.mailbox, &inbox.counting));
    mailbox_post(&inbox.mailbox, &inbox.again, withdraw_next, &withdrawn);
    mailbox_post(&inbox.mailbox, &inbox.counting, count, &runs);
    uv_run(&inbox.loop, UV_RUN_ONCE);
    assert_true(withdrawn);
    mailbox_post(&inbox.mailbox, &inbox.counting, count, &runs);
    assert_true(mailbox_withdraw(&inbox.mailbox, &inbox.counting));
    assert_false(mailbox_withdraw(&inbox.mailbox, &inbox.counting));
    mailbox_post(&inbox.mailbox, &inbox.closing, close_box, NULL);
    uv_run(&inbox.loop, UV_RUN_DEFAULT);
    assert_int_equal(runs, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_many_senders),        TEST(test_a_post_that_posts), TEST(test_closed),
        TEST(test_the_same_post_again), TEST(test_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
