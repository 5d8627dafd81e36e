#include "serve/tokens/token_directory.h"

#include <sys/stat.h>

#include "lib/token_folder.h"
#include "lib/token_source_lab.h"

static char folder[80];
static struct token_source *source;

static int set_up(void **state)
{
    assert_int_equal(token_folder_open(state), 0);
    snprintf(folder, sizeof(folder), "%s/tokens", token_folder_root());
    token_folder_make("tokens");
    return 0;
}

static int tear_down(void **state)
{
    token_source_release(source);
    source = NULL;
    return token_folder_close(state);
}

static void open_source(void)
{
    char error[256];
    const struct config_tokens tokens = {.directory = folder};
    source = token_directory_create(&tokens, error, sizeof(error));
    assert_non_null(source);
}

static enum reason find(struct slice token)
{
    struct token_destination destination;
    return token_source_lab_find(source, token, &destination);
}

static void assert_leads(const char *token, const char *where, unsigned port)
{
    struct token_destination destination;
    assert_int_equal(token_source_lab_find(source, slice_of(token), &destination), REASON_none);
    bool is_unix = destination.address.kind == CONFIG_ADDRESS_UNIX;
    assert_string_equal(is_unix ? destination.address.path : destination.address.host, where);
    assert_int_equal(destination.address.port, port);
}

static void test_reads_the_file_of_a_token(void **state)
{
    struct token_destination destination;
    token_folder_write("tokens/one", "  host:1\n");
    token_folder_write("tokens/bad", "host\n");
    token_folder_write("tokens/service", "host:no-such-service-here\n");
    token_folder_link("one", "tokens/inside");
    open_source();
    assert_leads("one", "host", 1);
    assert_leads("inside", "host", 1);
    token_folder_write("tokens/one", "unix:@name");
    assert_leads("one", "@name", 0);
    assert_int_equal(token_source_lab_find(source, SLICE("bad"), &destination),
                     REASON_token_source);
    assert_string_equal(destination.detail, "the file of the token: the target is not HOST:PORT");
    assert_int_equal(token_source_lab_find(source, SLICE("service"), &destination),
                     REASON_token_source);
    assert_non_null(strstr(destination.detail, "no service of this machine"));
    token_folder_clear("tokens");
    assert_int_equal(token_source_lab_find(source, SLICE("one"), &destination),
                     REASON_token_source);
    assert_non_null(strstr(destination.detail, folder));
}

static void test_refuses_what_is_no_name_in_the_folder(void **state)
{
    token_folder_make("tokens/folder");
    token_folder_link("../outside", "tokens/link");
    assert_int_equal(mkfifoat(token_folder.fd, "tokens/fifo", 0600), 0);
    token_folder_link("loop", "tokens/loop");
    token_folder_write("outside", "host:1\n");
    token_folder_write("tokens/one", "host:1\n");
    token_folder_write("tokens/.hidden", "host:1\n");
    open_source();
    static const char *const others[] = {
        "two",        "",        ".",
        "..",         "link",    "../outside",
        "folder",     "fifo",    "loop",
        "one/",       ".hidden", "/etc/passwd",
        "./one",      "\n",      "../tokens/one",
        "one\\",      "%6fne",   "folder/../one",
        "one/../one",
    };
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_int_equal(find(slice_of(others[i])), REASON_token_unknown);
    assert_int_equal(find(SLICE("one\0x")), REASON_token_unknown);
    static char name[4096];
    memset(name, 'n', sizeof(name));
    assert_int_equal(find((struct slice){name, 255}), REASON_token_unknown);
    assert_int_equal(find((struct slice){name, sizeof(name)}), REASON_token_unknown);
}

/* As Kubernetes mounts a Secret: links to a folder behind a link, which is replaced. */
static void test_follows_links_that_are_replaced(void **state)
{
    token_folder_make("tokens/..1");
    token_folder_make("tokens/..2");
    token_folder_write("tokens/..1/token", "old:1\n");
    token_folder_write("tokens/..2/token", "new:1\n");
    token_folder_link("..1", "tokens/..data");
    token_folder_link("..data/token", "tokens/token");
    open_source();
    assert_leads("token", "old", 1);
    token_folder_link("..2", "tokens/..tmp");
    token_folder_move("tokens/..tmp", "tokens/..data");
    assert_leads("token", "new", 1);
}

static void test_wants_a_folder(void **state)
{
    char error[256];
    const char *path = token_folder_path("file");
    const struct config_tokens named = {.file = path, .format = CONFIG_TOKENS_NAMES};
    token_folder_write("file", "token: host:1\n");
    path = token_folder_path("file");
    assert_null(token_directory_create(&named, error, sizeof(error)));
    assert_non_null(strstr(error, "not a folder"));
}

static void test_describes_the_folder(void **state)
{
    char text[256];
    open_source();
    assert_true(token_source_describe(source, text, sizeof(text)));
    assert_non_null(strstr(text, ": a file for each token"));
    token_folder_clear("tokens");
    assert_false(token_source_describe(source, text, sizeof(text)));
    assert_non_null(strstr(text, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_the_file_of_a_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_name_in_the_folder, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_follows_links_that_are_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wants_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_describes_the_folder, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
