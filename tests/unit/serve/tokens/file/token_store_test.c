#include "serve/tokens/file/token_store.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/log_lab.h"
#include "lib/token_folder.h"

struct lab {
    char source[80];
    struct token_store *store;
    int log; /* the reading end of what is logged */
    char seen[16384];
};

static int set_up(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    int ends[2];
    assert_non_null(lab);
    assert_int_equal(token_folder_open(state), 0);
    snprintf(lab->source, sizeof(lab->source), "%s/tokens", token_folder_root());
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    lab->log = ends[0];
    log_lab_to(ends[1], REASON_WARN);
    close(ends[1]);
    *state = lab;
    return 0;
}

static int tear_down(void **state)
{
    struct lab *lab = *state;
    token_store_release(lab->store);
    close(lab->log);
    log_lab_restore();
    free(lab);
    return token_folder_close(state);
}

static void open_store(struct lab *lab)
{
    char error[256];
    token_store_release(lab->store);
    lab->store = token_store_create(lab->source, error, sizeof(error));
    assert_non_null(lab->store);
}

/* What was logged since the last time. */
static const char *logged(struct lab *lab)
{
    ssize_t n = read(lab->log, lab->seen, sizeof(lab->seen) - 1);
    lab->seen[n > 0 ? n : 0] = '\0';
    return lab->seen;
}

static enum reason look_up(struct lab *lab, struct slice token,
                           struct token_destination *destination)
{
    if (!token_store_is_current(lab->store))
        token_store_refresh(lab->store);
    return token_store_find(lab->store, token, destination);
}

static void assert_leads(struct lab *lab, const char *token, const char *host, unsigned port)
{
    struct token_destination destination;
    assert_int_equal(look_up(lab, slice_of(token), &destination), REASON_none);
    bool is_unix = destination.address.kind == CONFIG_ADDRESS_UNIX;
    assert_string_equal(is_unix ? destination.address.path : destination.address.host, host);
    assert_int_equal(destination.address.port, port);
}

static void assert_fails(struct lab *lab, const char *token, enum reason reason)
{
    struct token_destination destination;
    assert_int_equal(look_up(lab, slice_of(token), &destination), reason);
}

static void test_finds_what_is_in_a_file(void **state)
{
    struct lab *lab = *state;
    token_folder_write(
        "tokens",
        "one: h1:1\ntwo: [::1]:ssh\nthree: unix_socket:/run/x\none: h2:2\nfour: h:nosuchthing\n");
    open_store(lab);
    assert_leads(lab, "one", "h2", 2);
    assert_leads(lab, "two", "::1", 22);
    assert_leads(lab, "three", "/run/x", 0);
    assert_fails(lab, "four", REASON_token_unknown);
    assert_fails(lab, "on", REASON_token_unknown);
    assert_fails(lab, "one ", REASON_token_unknown);
    assert_non_null(strstr(logged(lab), "tokens:5: the target's port is no service"));
    assert_null(strstr(lab->seen, "four"));
    assert_string_equal(logged(lab), "");
}

static void test_sees_each_change_at_once(void **state)
{
    struct lab *lab = *state;
    char text[64], host[16];
    token_folder_write("tokens", "");
    open_store(lab);
    /* Always the same size, and many within one tick of the file system's clock. */
    for (unsigned i = 0; i < 500; i++) {
        snprintf(host, sizeof(host), "host%03u", i);
        snprintf(text, sizeof(text), "token: %s:1\n", host);
        token_folder_write("tokens", text);
        assert_leads(lab, "token", host, 1);
    }
    for (unsigned i = 0; i < 100; i++) {
        snprintf(host, sizeof(host), "name%03u", i);
        snprintf(text, sizeof(text), "token: %s:1\n", host);
        token_folder_write("next", text);
        token_folder_move("next", "tokens");
        assert_leads(lab, "token", host, 1);
    }
}

static void test_sees_a_change_of_a_stable_file(void **state)
{
    struct lab *lab = *state;
    token_folder_write("tokens", "token: old:1\n");
    open_store(lab);
    assert_int_equal(nanosleep(&(struct timespec){.tv_sec = 3, .tv_nsec = 100000000}, NULL), 0);
    assert_leads(lab, "token", "old", 1);
    assert_leads(lab, "token", "old", 1);
    token_folder_write("tokens", "token: new:1\n");
    assert_leads(lab, "token", "new", 1);
    assert_leads(lab, "token", "new", 1);
}

static void test_fails_closed(void **state)
{
    struct lab *lab = *state;
    struct token_destination destination;
    open_store(lab); /* there is nothing yet */
    assert_non_null(strstr(logged(lab), "No such file"));
    assert_int_equal(look_up(lab, SLICE("token"), &destination), REASON_token_source);
    assert_non_null(strstr(destination.detail, "tokens: No such file"));
    token_folder_write("tokens", "token: host:1\n");
    assert_leads(lab, "token", "host", 1);
    token_folder_remove("tokens");
    assert_fails(lab, "token", REASON_token_source);
    assert_fails(lab, "token", REASON_token_source);
    assert_non_null(strstr(logged(lab), "No such file"));
    assert_fails(lab, "token", REASON_token_source);
    assert_string_equal(logged(lab), "");
    assert_int_equal(mkfifo(lab->source, 0600), 0);
    assert_fails(lab, "token", REASON_token_source);
    token_folder_remove("tokens");
    token_folder_link("tokens", "tokens");
    assert_fails(lab, "token", REASON_token_source);
}

static void test_warns_once_for_each_change(void **state)
{
    struct lab *lab = *state;
    char text[512];
    token_folder_write("tokens", "token: host:1\nsecret host:1\n");
    open_store(lab);
    assert_non_null(strstr(logged(lab), "tokens:2: not TOKEN"));
    assert_null(strstr(lab->seen, "secret"));
    assert_leads(lab, "token", "host", 1);
    assert_leads(lab, "token", "host", 1);
    assert_string_equal(logged(lab), "");
    for (size_t i = 0, used = 0; i < 25; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "secret host:1\n");
    token_folder_write("tokens", text);
    assert_fails(lab, "token", REASON_token_unknown);
    assert_non_null(strstr(logged(lab), "tokens:10: "));
    assert_null(strstr(lab->seen, "tokens:11: "));
    assert_non_null(strstr(lab->seen, "15 more"));
}

static void test_reads_all_files_of_a_folder(void **state)
{
    struct lab *lab = *state;
    token_folder_make("tokens");
    token_folder_make("tokens/deeper");
    token_folder_write("tokens/b", "one: b:1\ntwo: b:2\n");
    token_folder_write("tokens/a", "one: a:1\nbad\n");
    token_folder_write("tokens/.hidden", "three: hidden:3");
    token_folder_write("tokens/deeper/c", "four: c:4\n");
    open_store(lab);
    assert_non_null(strstr(logged(lab), "tokens/a:2: "));
    assert_leads(lab, "one", "b", 1);
    assert_leads(lab, "two", "b", 2);
    assert_leads(lab, "three", "hidden", 3);
    assert_fails(lab, "four", REASON_token_unknown);
    token_folder_write("tokens/b", "two: x:2\ntwo: x:2\n");
    assert_leads(lab, "one", "a", 1);
    assert_leads(lab, "two", "x", 2);
    token_folder_write("tokens/c", "four: d:4");
    assert_leads(lab, "four", "d", 4);
    token_folder_remove("tokens/c");
    assert_fails(lab, "four", REASON_token_unknown);
    token_folder_move("tokens/a", "tokens/z");
    assert_leads(lab, "one", "a", 1);
}

/* With a scan that is recent, and with one that is not. */
static void test_sees_each_change_of_a_folder_at_once(void **state)
{
    struct lab *lab = *state;
    char text[64], host[16];
    token_folder_make("tokens");
    token_folder_make("other");
    token_folder_write("tokens/file", "");
    token_folder_write("other/file", "token: other:1\n");
    open_store(lab);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(host, sizeof(host), "host%03u", i);
        snprintf(text, sizeof(text), "token: %s:1\n", host);
        if (i % 3 == 0) {
            token_folder_write("tokens/file", text);
        } else {
            token_folder_write("next", text);
            token_folder_move("next", "tokens/file");
        }
        assert_leads(lab, "token", host, 1);
        assert_leads(lab, "token", host, 1);
    }
    /* The path leads to another folder, which is not watched. */
    token_folder_move("tokens", "old");
    token_folder_move("other", "tokens");
    assert_leads(lab, "token", "other", 1);
    token_folder_write("old/file", "token: old:1\n");
    assert_leads(lab, "token", "other", 1);
    token_folder_write("tokens/file", "token: again:1\n");
    assert_leads(lab, "token", "again", 1);
    /* A new folder may have the number of the one that was removed. */
    for (unsigned i = 0; i < 20; i++) {
        token_folder_clear("tokens");
        if (i % 2)
            assert_fails(lab, "token", REASON_token_source);
        token_folder_make("tokens");
        assert_fails(lab, "token", REASON_token_unknown);
        token_folder_write("tokens/file", "token: again:1\n");
        assert_leads(lab, "token", "again", 1);
    }
    /* A watch does not hear of a write by another name; that is seen later, but seen. */
    assert_int_equal(linkat(token_folder.fd, "tokens/file", token_folder.fd, "link", 0), 0);
    assert_leads(lab, "token", "again", 1);
    token_folder_write("link", "token: linked:1\n");
    assert_int_equal(nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 100000000}, NULL), 0);
    assert_leads(lab, "token", "linked", 1);
}

/* A change of a file behind a link is seen at once. */
static void test_follows_links_out_of_a_folder(void **state)
{
    struct lab *lab = *state;
    token_folder_make("tokens");
    token_folder_link("../elsewhere", "tokens/link");
    token_folder_write("elsewhere", "token: old:1\n");
    open_store(lab);
    assert_leads(lab, "token", "old", 1);
    token_folder_write("elsewhere", "token: new:1\n");
    assert_leads(lab, "token", "new", 1);
}

/* As Kubernetes mounts a Secret: links to a folder behind a link, which is replaced. */
static void test_follows_links_that_are_replaced(void **state)
{
    struct lab *lab = *state;
    token_folder_make("tokens");
    token_folder_make("tokens/..1");
    token_folder_make("tokens/..2");
    token_folder_write("tokens/..1/token", "token: old:1\n");
    token_folder_write("tokens/..2/token", "token: new:1\n");
    token_folder_link("..1", "tokens/..data");
    token_folder_link("..data/token", "tokens/token");
    open_store(lab);
    assert_leads(lab, "token", "old", 1);
    token_folder_link("..2", "tokens/..tmp");
    token_folder_move("tokens/..tmp", "tokens/..data");
    assert_leads(lab, "token", "new", 1);
}

#define NAMES 40

/* "..data" leads to the folder `..NUMBER` of so many files. */
static void mount_secret(unsigned number)
{
    char name[64], text[64];
    snprintf(name, sizeof(name), "tokens/..%u", number);
    token_folder_make(name);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "tokens/..%u/file%u", number, i);
        snprintf(text, sizeof(text), "token%u: version%u:1\n", i, number);
        token_folder_write(name, text);
    }
    snprintf(name, sizeof(name), "..%u", number);
    token_folder_link(name, "tokens/..tmp");
    token_folder_move("tokens/..tmp", "tokens/..data");
}

static void link_secret(void)
{
    char name[64], to[64];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "tokens/file%u", i);
        snprintf(to, sizeof(to), "..data/file%u", i);
        token_folder_link(to, name);
    }
}

/* A mounted Secret is not scanned for each request, and each update is seen at once. */
static void test_scans_a_secret_when_it_changes(void **state)
{
    struct lab *lab = *state;
    char host[32];
    token_folder_make("tokens");
    mount_secret(1);
    link_secret();
    open_store(lab);
    for (unsigned version = 2; version < 12; version++) {
        mount_secret(version);
        snprintf(host, sizeof(host), "version%u", version);
        assert_leads(lab, "token7", host, 1);
        assert_leads(lab, "token39", host, 1);
        uint64_t before = token_store_scans(lab->store);
        for (unsigned i = 0; i < 500; i++)
            assert_leads(lab, "token7", host, 1);
        /* One besides, should this take longer than a watch is believed. */
        assert_in_range(token_store_scans(lab->store) - before, 0, 1);
    }
    /* In place as well, which Kubernetes does not do. */
    token_folder_write("tokens/..11/file7", "token7: inplace:1\n");
    assert_leads(lab, "token7", "inplace", 1);
    token_folder_remove("tokens/file7");
    assert_fails(lab, "token7", REASON_token_unknown);
}

/* A link on the path of a link is replaced: no watch reports that. */
static void test_sees_a_link_on_the_path_that_is_replaced(void **state)
{
    struct lab *lab = *state;
    token_folder_make("tokens");
    token_folder_make("far");
    token_folder_make("far/1");
    token_folder_make("far/2");
    token_folder_write("far/1/file", "token: old:1\n");
    token_folder_write("far/2/file", "token: new:1\n");
    token_folder_link("1", "far/now");
    token_folder_link("../far/now/file", "tokens/file");
    open_store(lab);
    assert_leads(lab, "token", "old", 1);
    assert_leads(lab, "token", "old", 1);
    token_folder_link("2", "far/next");
    token_folder_move("far/next", "far/now");
    assert_leads(lab, "token", "new", 1);
}

/* Changes of links to links are not reported: a scan is good for a moment, for all requests. */
static void test_bounds_scans_of_links_to_links(void **state)
{
    struct lab *lab = *state;
    token_folder_make("tokens");
    token_folder_make("far");
    token_folder_write("far/old", "token: old:1\n");
    token_folder_write("far/new", "token: new:1\n");
    token_folder_link("old", "far/now");
    token_folder_link("../far/now", "tokens/file");
    open_store(lab);
    struct timespec began, now;
    uint64_t before = token_store_scans(lab->store);
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (unsigned i = 0; i < 2000; i++)
        assert_leads(lab, "token", "old", 1);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_in_range(token_store_scans(lab->store) - before, 0,
                    2 + (uint64_t)(now.tv_sec - began.tv_sec + 1) * 4);
    token_folder_move("far/new", "far/now");
    assert_int_equal(nanosleep(&(struct timespec){.tv_nsec = 260000000}, NULL), 0);
    assert_leads(lab, "token", "new", 1);
}

static void test_knows_many(void **state)
{
    struct lab *lab = *state;
    FILE *file = fopen(lab->source, "w");
    char token[32];
    assert_non_null(file);
    for (unsigned i = 0; i < 10000; i++)
        fprintf(file, "token-%u: 10.0.%u.%u:5900\n", i, i / 256, i % 256);
    assert_int_equal(fclose(file), 0);
    open_store(lab);
    for (unsigned i = 0; i < 10000; i += 499) {
        char host[32];
        snprintf(token, sizeof(token), "token-%u", i);
        snprintf(host, sizeof(host), "10.0.%u.%u", i / 256, i % 256);
        assert_leads(lab, token, host, 5900);
    }
    assert_fails(lab, "token-10000", REASON_token_unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finds_what_is_in_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sees_each_change_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sees_a_change_of_a_stable_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fails_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_warns_once_for_each_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reads_all_files_of_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sees_each_change_of_a_folder_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_follows_links_out_of_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_follows_links_that_are_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scans_a_secret_when_it_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sees_a_link_on_the_path_that_is_replaced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_bounds_scans_of_links_to_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_knows_many, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
