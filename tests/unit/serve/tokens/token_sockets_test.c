#include "serve/tokens/token_sockets.h"

#include <sys/socket.h>

#include "lib/token_folder.h"
#include "lib/token_source_lab.h"
#include "net/addr.h"

static char folder[80];
static struct token_source *source;

static void open_source(const char *path)
{
    char error[256];
    const struct config_tokens tokens = {.sockets = path};
    source = token_sockets_create(&tokens, error, sizeof(error));
    assert_non_null(source);
}

static int set_up(void **state)
{
    assert_int_equal(token_folder_open(state), 0);
    token_folder_make("desks");
    snprintf(folder, sizeof(folder), "%s/desks", token_folder_root());
    open_source(folder);
    return 0;
}

static int tear_down(void **state)
{
    token_source_release(source);
    source = NULL;
    return token_folder_close(state);
}

static void make_socket(const char *name)
{
    struct sockaddr_un address;
    socklen_t length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(addr_unix(&address, &length, token_folder_path(name)));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    close(fd);
}

static enum reason find(struct slice token)
{
    struct token_destination destination;
    return token_source_lab_find(source, token, &destination);
}

static void test_finds_a_socket(void **state)
{
    struct token_destination destination;
    char path[128];
    make_socket("desks/desk one");
    assert_int_equal(token_source_lab_find(source, SLICE("desk one"), &destination), REASON_none);
    snprintf(path, sizeof(path), "%s/desk one", folder);
    assert_int_equal(destination.address.kind, CONFIG_ADDRESS_UNIX);
    assert_string_equal(destination.address.path, path);
    assert_true(destination.no_link);
    snprintf(path, sizeof(path), "unix:%s/*", folder);
    assert_string_equal(destination.shown, path);
    token_folder_remove("desks/desk one");
    assert_int_equal(find(SLICE("desk one")), REASON_token_unknown);
    make_socket("desks/new");
    assert_int_equal(find(SLICE("new")), REASON_none);
}

static void test_refuses_what_is_no_socket_of_the_folder(void **state)
{
    make_socket("outside");
    make_socket("desks/desk");
    make_socket("desks/.hidden");
    make_socket("desks/twice");
    token_folder_make("desks/folder");
    make_socket("desks/folder/deep");
    token_folder_write("desks/file", "host:1");
    token_folder_link("../outside", "desks/link");
    token_folder_link("desk", "desks/inside");
    token_folder_link("loop", "desks/loop");
    assert_int_equal(mkfifoat(token_folder.fd, "desks/fifo", 0600), 0);
    assert_int_equal(linkat(token_folder.fd, "desks/twice", token_folder.fd, "other", 0), 0);
    assert_int_equal(find(SLICE("desk")), REASON_none);
    static const char *const others[] = {
        "",
        ".",
        "..",
        "nobody",
        "../outside",
        "link",
        "inside",
        "loop",
        "file",
        "folder",
        "fifo",
        "folder/deep",
        "desk/",
        "./desk",
        ".hidden",
        "twice",
        "desk\n",
        "desk ",
        "folder/../desk",
        "%64esk",
        "/run/docker.sock",
        "*",
        "desk*",
        "Desk",
        "\\desk",
        "..\\outside",
        "../desks/desk",
        "desk/..",
    };
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        if (find(slice_of(others[i])) != REASON_token_unknown)
            fail_msg("'%s'", others[i]);
    assert_int_equal(find(SLICE("desk\0x")), REASON_token_unknown);
    static char name[4096];
    memset(name, 'n', sizeof(name));
    assert_int_equal(find((struct slice){name, 255}), REASON_token_unknown);
    assert_int_equal(find((struct slice){name, 256}), REASON_token_unknown);
    assert_int_equal(find((struct slice){name, sizeof(name)}), REASON_token_unknown);
}

static void test_a_folder_that_goes(void **state)
{
    struct token_destination destination;
    make_socket("desks/desk");
    token_folder_move("desks", "elsewhere");
    assert_int_equal(token_source_lab_find(source, SLICE("desk"), &destination),
                     REASON_token_source);
    assert_non_null(strstr(destination.detail, "/desks: No such file"));
    assert_null(strstr(destination.detail, "desk:"));
    token_folder_write("desks", "");
    assert_int_equal(find(SLICE("desk")), REASON_token_source);
    token_folder_remove("desks");
    token_folder_move("elsewhere", "desks");
    assert_int_equal(find(SLICE("desk")), REASON_none);
}

static void test_the_path_of_the_folder(void **state)
{
    struct token_destination destination;
    char slashes[96], error[256], expected[128];
    static char longest[256];
    make_socket("desks/desk");
    token_source_release(source);
    snprintf(slashes, sizeof(slashes), "%s///", folder);
    open_source(slashes);
    assert_int_equal(token_source_lab_find(source, SLICE("desk"), &destination), REASON_none);
    snprintf(expected, sizeof(expected), "%s/desk", folder);
    assert_string_equal(destination.address.path, expected);

    memset(longest, '/', 201);
    struct config_tokens tokens = {.sockets = longest};
    assert_null(token_sockets_create(&tokens, error, sizeof(error)));
    assert_non_null(strstr(error, "longer than 200 bytes"));
    longest[200] = '\0';
    struct token_source *root = token_sockets_create(&tokens, error, sizeof(error));
    assert_non_null(root);
    token_source_release(root);
    token_folder_write("file", "");
    tokens.sockets = token_folder_path("file");
    assert_null(token_sockets_create(&tokens, error, sizeof(error)));
    assert_non_null(strstr(error, "not a folder with a socket for each token"));
}

static void test_describes_the_folder(void **state)
{
    char text[256];
    assert_true(token_source_describe(source, text, sizeof(text)));
    assert_non_null(strstr(text, "/desks: a socket for each token"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_finds_a_socket),       TEST(test_refuses_what_is_no_socket_of_the_folder),
        TEST(test_a_folder_that_goes),   TEST(test_the_path_of_the_folder),
        TEST(test_describes_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
