#include "codec/rfb/rfb_watch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/rfb_reference.h"

#define CORPUS WSLUICE_SOURCE "/tests/fuzz/corpus/rfb_watch/"

/* ---- conversations that were recorded ---- */

static void read_recording(const char *name, struct rfb_talk *talk)
{
    uint8_t bytes[RFB_TALK_MAX];
    char path[512];
    snprintf(path, sizeof(path), CORPUS "%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_in_range(size, 1, sizeof(bytes) - 1);
    rfb_talk_read(talk, bytes + 1, size - 1);
}

struct cut {
    size_t at;
};

static size_t cut_once(void *owner, size_t at)
{
    const struct cut *cut = owner;
    return at < cut->at ? cut->at : SIZE_MAX;
}

static size_t cut_everywhere(void *owner, size_t at)
{
    return at + 1;
}

static void expect_every_cut(const struct rfb_talk *talk, const struct rfb_verdict *verdict)
{
    struct cut cut = {0};
    assert_true(rfb_differs(talk, verdict, cut_everywhere, NULL) == SIZE_MAX);
    for (; cut.at <= talk->client_length; cut.at++)
        assert_true(rfb_differs(talk, verdict, cut_once, &cut) == SIZE_MAX);
}

/* `inputs`: the messages of its user, counted by hand; 0: from `opaque_at` on every byte counts. */
static void expect_recording(const char *name, size_t inputs, size_t opaque_at)
{
    static struct rfb_talk talk;
    static struct rfb_verdict verdict;
    read_recording(name, &talk);
    rfb_reference(&talk, &verdict);
    assert_true(verdict.opaque_at == opaque_at);
    size_t counted = 0;
    for (size_t i = 0; i < talk.client_length; i++)
        counted += verdict.input[i] && (i == 0 || !verdict.input[i - 1]);
    if (inputs > 0)
        assert_int_equal(counted, inputs);
    expect_every_cut(&talk, &verdict);
}

static void test_recordings(void **unused)
{
    expect_recording("novnc-1.3-none", 8, SIZE_MAX);
    expect_recording("novnc-1.3-vncauth", 8, SIZE_MAX);
    expect_recording("novnc-1.7-none", 10, SIZE_MAX);
    expect_recording("novnc-1.7-vncauth", 10, SIZE_MAX);
    expect_recording("tigervnc-none-3.3", 18, SIZE_MAX);
    expect_recording("tigervnc-none-3.7", 19, SIZE_MAX);
    expect_recording("tigervnc-none-3.8", 19, SIZE_MAX);
    expect_recording("tigervnc-vncauth-3.3", 19, SIZE_MAX);
    expect_recording("tigervnc-vncauth-3.7", 19, SIZE_MAX);
    expect_recording("tigervnc-vncauth-3.8", 18, SIZE_MAX);
    expect_recording("tigervnc-vencrypt", 0, 12);
}

/* ---- one message at a time ---- */

static struct rfb_watch watch;

static void server(struct slice bytes)
{
    rfb_watch_server(&watch, bytes);
}

static bool client(struct slice bytes)
{
    return rfb_watch_client(&watch, bytes);
}

static int set_up(void **unused)
{
    rfb_watch_init(&watch);
    return 0;
}

static void greet(void)
{
    rfb_watch_init(&watch);
    server(SLICE("RFB 003.008\n\1\1"));
    assert_false(client(SLICE("RFB 003.008\n\1\1")));
}

/* Each message twice: the second shows that the first was as long as it should be. */
static void expect_message(struct slice message, bool input)
{
    greet();
    for (int i = 0; i < 2; i++)
        assert_int_equal(client(message), input);
    for (size_t cut = 1; cut < message.len; cut++) {
        greet();
        bool early = client((struct slice){message.ptr, cut});
        assert_true(early ? input : true);
        bool late = client(slice_from(message, cut));
        assert_int_equal(early || late, input);
        assert_false(client(SLICE("\3\0\0\0\0\0\0\0\0\0")));
        assert_true(client(SLICE("\4\1\0\0\0\0\0a")));
    }
    assert_int_equal(watch.opaque, RFB_WATCH_FOLLOWED);
}

static void test_input(void **unused)
{
    expect_message(SLICE("\4\1\0\0\0\0\0a"), true);
    expect_message(SLICE("\5\0\0\1\0\1"), true);
    expect_message(SLICE("\5\377\0\1\0\1"), true);
    expect_message(SLICE("\6\0\0\0\0\0\0\0"), true);
    expect_message(SLICE("\6\0\0\0\0\0\0\5hello"), true);
    expect_message(SLICE("\6\0\0\0\377\377\377\374\10\0\0\1"), true);   /* notify */
    expect_message(SLICE("\6\0\0\0\377\377\377\372\20\0\0\1zz"), true); /* provide */
    expect_message(SLICE("\377\0\0\1\0\0\0a\0\0\0\36"), true);          /* QEMU's key */
    expect_message(SLICE("\375\200\0\4\0\0\0\0"), true);                /* gii, big endian */
    expect_message(SLICE("\375\0\4\0\0\0\0\0"), true);                  /* little endian */
}

static void test_no_input(void **unused)
{
    expect_message(SLICE("\0\0\0\0\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0"), false);
    expect_message(SLICE("\2\0\0\0"), false);
    expect_message(SLICE("\2\0\0\2\0\0\0\7\0\0\0\0"), false);
    expect_message(SLICE("\3\1\0\0\0\0\0\1\0\1"), false);
    expect_message(SLICE("\226\1\0\0\0\0\0\1\0\1"), false); /* continuous updates */
    expect_message(SLICE("\370\0\0\0\200\0\0\0\0"), false); /* fence */
    expect_message(SLICE("\370\0\0\0\200\0\0\0\3abc"), false);
    expect_message(SLICE("\372\0\1\2"), false);         /* xvp */
    expect_message(SLICE("\373\0\0\1\0\1\0\0"), false); /* desktop size */
    expect_message(SLICE("\373\0\0\1\0\1\1\0"
                         "0123456789abcdef"),
                   false);
    expect_message(SLICE("\375\201\0\4\0\1\0\1"), false);             /* gii: its version */
    expect_message(SLICE("\377\1\0\0"), false);                       /* QEMU's audio: on */
    expect_message(SLICE("\377\1\0\2\0\2\0\0\254\104"), false);       /* its format */
    expect_message(SLICE("\6\0\0\0\377\377\377\374\2\0\0\1"), false); /* request */
    expect_message(SLICE("\6\0\0\0\377\377\377\374\4\0\0\0"), false); /* peek */
    expect_message(SLICE("\6\0\0\0\377\377\377\370\37\0\0\1\0\0\0\0"), false); /* abilities */
    expect_message(SLICE("\6\0\0\0\377\377\377\375zzz"), false); /* no room for flags */
}

/* Only a client that has asked for it sends a byte more. */
static void test_extended_mouse(void **unused)
{
    greet();
    assert_false(client(SLICE("\2\0\0\2\0\0\0\7\377\377\376\304")));
    assert_false(client(SLICE("\5\200\0\1\0\1")));
    assert_true(client(SLICE("\1")));
    assert_true(client(SLICE("\5\1\0\1\0\1")));
    assert_false(client(SLICE("\2\0\0\1\0\0\0\7")));
    assert_true(client(SLICE("\5\200\0\1\0\1")));
    assert_false(client(SLICE("\3\0\0\0\0\0\0\0\0\0")));
}

/* The longest lengths that fit: nothing is kept, and nothing overflows. */
static void test_long_messages(void **unused)
{
    static const char piece[1 << 20];
    greet();
    assert_true(client(SLICE("\6\0\0\0\177\377\377\377")));
    for (uint64_t left = INT32_MAX; left > 0;) {
        size_t length = size_min(left, sizeof(piece));
        assert_true(client((struct slice){piece, length}));
        left -= length;
    }
    assert_false(client(SLICE("\3\0\0\0\0\0\0\0\0\0")));
    assert_false(client(SLICE("\6\0\0\0\200\0\0\0\2\0\0\0")));
    for (uint64_t left = (uint64_t)INT32_MAX + 1 - 4; left > 0;) {
        size_t length = size_min(left, sizeof(piece));
        assert_false(client((struct slice){piece, length}));
        left -= length;
    }
    assert_true(client(SLICE("\4\1\0\0\0\0\0a")));
}

/* ---- versions and security ---- */

static void expect_opaque(enum rfb_watch_opaque why, const char *text)
{
    char explained[64];
    rfb_watch_explain(&watch, explained, sizeof(explained));
    assert_int_equal(watch.opaque, why);
    assert_string_equal(explained, text);
    assert_true(client(SLICE("\3")));
    rfb_watch_init(&watch);
}

static void test_versions(void **unused)
{
    const struct {
        struct slice server, client, choice;
    } rows[] = {
        {SLICE("RFB 003.889\n\1\1"), SLICE("RFB 003.008\n"), SLICE("\1\1")},
        {SLICE("RFB 005.000\n\1\1"), SLICE("RFB 003.008\n"), SLICE("\1\1")},
        {SLICE("RFB 003.008\n\1\1"), SLICE("RFB 004.000\n"), SLICE("\1\1")},
        {SLICE("RFB 003.007\n\1\1"), SLICE("RFB 003.008\n"), SLICE("\1\1")},
        {SLICE("RFB 003.008\n\0\0\0\1"), SLICE("RFB 003.003\n"), SLICE("\1")},
        {SLICE("RFB 003.006\n\0\0\0\1"), SLICE("RFB 003.006\n"), SLICE("\1")},
        {SLICE("RFB 003.003\n\0\0\0\2"), SLICE("RFB 003.003\n"), SLICE("0123456789abcdef\1")},
        {SLICE("RFB 003.008\n\1\2"), SLICE("RFB 003.008\n"),
         SLICE("\2"
               "0123456789abcdef\1")},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        rfb_watch_init(&watch);
        server(rows[i].server);
        assert_false(client(rows[i].client));
        assert_false(client(rows[i].choice));
        assert_false(client(SLICE("\3\0\0\0\0\0\0\0\0\0")));
        assert_true(client(SLICE("\5\1\0\1\0\1")));
        assert_false(client(SLICE("\3\0\0\0\0\0\0\0\0\0")));
        assert_int_equal(watch.opaque, RFB_WATCH_FOLLOWED);
    }
}

static void test_opaque_versions(void **unused)
{
    server(SLICE("RFB 003.008\n"));
    assert_true(client(SLICE("GET / HTTP/1.1\r\n")));
    expect_opaque(RFB_WATCH_VERSION, "an unknown version");
    server(SLICE("RFB 000.000\n"));
    assert_true(client(SLICE("RFB 003.008\n")));
    expect_opaque(RFB_WATCH_VERSION, "an unknown version");
    server(SLICE("RFB 003.008\n"));
    assert_true(client(SLICE("RFB 002.008\n")));
    expect_opaque(RFB_WATCH_VERSION, "an unknown version");
}

static void test_opaque_security(void **unused)
{
    server(SLICE("RFB 003.008\n\2\23\1"));
    assert_true(client(SLICE("RFB 003.008\n\23")));
    expect_opaque(RFB_WATCH_SECURITY, "security type 19 (VeNCrypt)");
    server(SLICE("RFB 003.007\n\1\20"));
    assert_true(client(SLICE("RFB 003.007\n\20")));
    expect_opaque(RFB_WATCH_SECURITY, "security type 16 (Tight)");
    server(SLICE("RFB 003.008\n\1\161"));
    assert_true(client(SLICE("RFB 003.008\n\161")));
    expect_opaque(RFB_WATCH_SECURITY, "security type 113");
    server(SLICE("RFB 003.003\n\0\0\0\0"));
    assert_true(client(SLICE("RFB 003.003\n\1")));
    expect_opaque(RFB_WATCH_SECURITY, "security type 0");
    server(SLICE("RFB 003.003\n\0\0\1\1"));
    assert_true(client(SLICE("RFB 003.003\n\1")));
    expect_opaque(RFB_WATCH_SECURITY, "security type 0");
}

static void test_opaque_messages(void **unused)
{
    const struct {
        struct slice message;
        const char *text;
    } rows[] = {{SLICE("\1"), "message type 1"},
                {SLICE("\7"), "message type 7"},
                {SLICE("\374"), "message type 252"},
                {SLICE("\377\2"), "message type 255"},
                {SLICE("\377\1\0\3"), "message type 255"}};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        greet();
        assert_true(client(rows[i].message));
        expect_opaque(RFB_WATCH_MESSAGE, rows[i].text);
    }
}

static void test_clients_that_do_not_wait(void **unused)
{
    static const char *const text = "a client that does not wait for its server";
    assert_true(client(SLICE("RFB 003.008\n")));
    expect_opaque(RFB_WATCH_ORDER, text);
    server(SLICE("RFB 003.008"));
    assert_true(client(SLICE("RFB 003.008\n")));
    expect_opaque(RFB_WATCH_ORDER, text);
    server(SLICE("RFB 003.003\n\0\0\0"));
    assert_false(client(SLICE("RFB 003.003\n")));
    assert_true(client(SLICE("\1")));
    expect_opaque(RFB_WATCH_ORDER, text);
}

static void test_the_server_is_not_needed_for_long(void **unused)
{
    static const char frames[100000];
    greet();
    server((struct slice){frames, sizeof(frames)});
    server((struct slice){NULL, 0});
    assert_int_equal(watch.server_have, RFB_WATCH_SERVER);
    assert_true(client(SLICE("\5\1\0\1\0\1")));
    assert_false(client((struct slice){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_recordings, set_up),
        cmocka_unit_test_setup(test_input, set_up),
        cmocka_unit_test_setup(test_no_input, set_up),
        cmocka_unit_test_setup(test_extended_mouse, set_up),
        cmocka_unit_test_setup(test_long_messages, set_up),
        cmocka_unit_test_setup(test_versions, set_up),
        cmocka_unit_test_setup(test_opaque_versions, set_up),
        cmocka_unit_test_setup(test_opaque_security, set_up),
        cmocka_unit_test_setup(test_opaque_messages, set_up),
        cmocka_unit_test_setup(test_clients_that_do_not_wait, set_up),
        cmocka_unit_test_setup(test_the_server_is_not_needed_for_long, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
