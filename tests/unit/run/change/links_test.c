/* Links as a successor inherits them: by the environment, which anybody may have written. */
#include "run/change/links.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/process/loop.h"

static uv_loop_t loop;
static struct watch_set watches;
static struct mailbox mailbox;
static struct process_facts process;
static struct predecessors *predecessors;

static void emptied_cb(void *owner)
{
    (void)owner;
}

static int set_up(void **unused)
{
    process = (struct process_facts){0};
    if (uv_loop_init(&loop) != 0 || !watch_set_open(&watches, &loop) ||
        !mailbox_open(&mailbox, &loop, NULL))
        return -1;
    predecessors = predecessors_create(&watches, &mailbox, &process, emptied_cb, NULL);
    return predecessors ? 0 : -1;
}

static int tear_down(void **unused)
{
    predecessors_close(predecessors);
    watch_set_close(&watches);
    mailbox_close(&mailbox);
    bool done = loop_finish(&loop);
    mailbox_free(&mailbox);
    predecessors_free(predecessors);
    return done ? 0 : -1;
}

/* What was offered is what is inherited, by the same numbers. */
static void test_an_offer(void **unused)
{
    struct links_offer offer;
    links_offer(&offer, predecessors, 41);
    assert_string_equal(offer.generation, "WSLUICE_GENERATION=42");
    assert_int_equal(offer.count, 1);
    assert_int_equal(strncmp(offer.list, "WSLUICE_LINKS=", 14), 0);
    setenv("WSLUICE_LINKS", offer.list + 14, 1);
    setenv("WSLUICE_GENERATION", "42", 1);
    assert_int_equal(links_generation(true), 42);
    links_inherit(predecessors, true);
    assert_null(getenv("WSLUICE_LINKS"));
    assert_null(getenv("WSLUICE_GENERATION"));
    assert_int_equal(predecessors_count(predecessors), 1);
    assert_true(atomic_load(&process.predecessors[0].pid) == (uint64_t)getpid());
    assert_true(fcntl(offer.given[0], F_GETFD) & FD_CLOEXEC);
    offer.count = 0; /* in another process these are other descriptors */
    links_close_given(&offer);
    int own = links_take(&offer);
    assert_true(own >= 0);
    links_withdraw(&offer);
    assert_true(fcntl(own, F_GETFD) >= 0);
    close(own);
}

static void test_an_upgrade_that_fails(void **unused)
{
    struct links_offer offer;
    links_offer(&offer, predecessors, 0);
    int own = offer.own, given = offer.given[0];
    links_withdraw(&offer);
    assert_int_equal(fcntl(own, F_GETFD), -1);
    assert_int_equal(fcntl(given, F_GETFD), -1);
    links_withdraw(&offer);
}

static void test_lines_that_are_wrong(void **unused)
{
    int pipe_ends[2];
    char line[64];
    static const char *const wrong[] = {"",      "\n\n",        "x 1 2\n",        "7\n",
                                        "0 1 a", "99999 1 a",   "-1 1 a",         "4294967297 1 a",
                                        "1 1 a", "2 1 0.2.0\n", "99999999999 1 a"};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        setenv("WSLUICE_LINKS", wrong[i], 1);
        links_inherit(predecessors, true);
        assert_int_equal(predecessors_count(predecessors), 0);
    }
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    snprintf(line, sizeof(line), "%d 1 0.2.0\n", pipe_ends[0]);
    setenv("WSLUICE_LINKS", line, 1);
    links_inherit(predecessors, true);
    assert_int_equal(predecessors_count(predecessors), 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

/* Not a successor: the variable goes, and what it names stays as it is. */
static void test_links_of_nobody(void **unused)
{
    int ends[2];
    char line[64];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    snprintf(line, sizeof(line), "%d 1 0.2.0\n", ends[0]);
    setenv("WSLUICE_LINKS", line, 1);
    links_inherit(predecessors, false);
    assert_null(getenv("WSLUICE_LINKS"));
    assert_int_equal(predecessors_count(predecessors), 0);
    assert_int_equal(fcntl(ends[0], F_GETFD), 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_generations(void **unused)
{
    static const struct {
        const char *text;
        unsigned successor;
    } cases[] = {{"1", 1}, {"4095", 4095}, {"4096", 1}, {"0", 1}, {"x", 1}, {"", 1}};
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        setenv("WSLUICE_GENERATION", cases[i].text, 1);
        assert_int_equal(links_generation(true), cases[i].successor);
        assert_int_equal(links_generation(true), 1); /* of an older predecessor, which says none */
        setenv("WSLUICE_GENERATION", cases[i].text, 1);
        assert_int_equal(links_generation(false), 0);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_offer),
        TEST(test_an_upgrade_that_fails),
        TEST(test_lines_that_are_wrong),
        TEST(test_links_of_nobody),
        TEST(test_generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
