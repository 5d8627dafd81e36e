#include "serve/files/files.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/files_test_XXXXXX";
static struct files *files;
static struct files_reply answer;

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int make_tree(void **state)
{
    assert_non_null(mkdtemp(base));
    assert_int_equal(chdir(base), 0);
    assert_int_equal(mkdir("web", 0700) | mkdir("web/core", 0700), 0);
    write_file("web/index.html", "home");
    write_file("web/core/rfb.js", "script");
    write_file("web/core/rfb.js.gz", "packed");
    assert_int_equal(mkfifo("web/fifo", 0600), 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
    return remove(path);
}

static int remove_tree(void **state)
{
    return chdir("/") || nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct config_route route_of(const char *path)
{
    return (struct config_route){
        .path = path,
        .files = {.root = "web", .cache_control = "no-cache", .precompressed = true},
    };
}

static void open_files(const struct config_route *route)
{
    char error[256] = "";
    files = files_create(route, error, sizeof(error));
    if (!files)
        fail_msg("%s", error);
}

/* A request with one further field; `name` NULL: none. */
static bool ask(const char *path, bool wait, const char *name, const char *value)
{
    static const char query[] = "?a=1";
    struct http_head head = {.method = SLICE("GET"), .query = {query + 1, 3}};
    if (name)
        head.fields[head.field_count++] = (struct http_field){slice_of(name), slice_of(value)};
    return files_reply(files, &head, slice_of(path), 0, wait, &answer);
}

static void done(void)
{
    reply_release(&answer.reply);
    files_reply_free(&answer);
}

static const char *field(const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < answer.reply.field_count; i++)
        if (strcmp(answer.reply.fields[i].name, name) == 0) {
            assert_null(found);
            found = answer.reply.fields[i].value;
        }
    return found;
}

static void assert_status(const char *path, unsigned status)
{
    assert_true(ask(path, true, NULL, NULL));
    if (answer.reply.status != status)
        fail_msg("%s: %u", path, answer.reply.status);
}

static void test_a_file(void **state)
{
    struct config_route route = route_of("/*");
    open_files(&route);
    assert_status("/core/rfb.js", 200);
    assert_string_equal(answer.reply.content_type, "text/javascript; charset=utf-8");
    assert_int_equal(answer.reply.body.source, REPLY_FILE);
    assert_int_equal(answer.reply.body.length, strlen("script"));
    assert_string_equal(field("X-Content-Type-Options"), "nosniff");
    assert_string_equal(field("Cache-Control"), "no-cache");
    assert_string_equal(field("Vary"), "Accept-Encoding");
    assert_non_null(field("ETag"));
    assert_non_null(field("Last-Modified"));
    done();
    assert_true(ask("/core/rfb.js", true, "Range", "bytes=1-2"));
    assert_int_equal(answer.reply.status, 206);
    assert_int_equal(answer.reply.body.offset, 1);
    assert_int_equal(answer.reply.body.length, 2);
    done();
    assert_true(ask("/core/rfb.js", true, "If-None-Match", "*"));
    assert_int_equal(answer.reply.status, 304);
    assert_int_equal(answer.reply.body.source, REPLY_EMPTY);
    done();
    assert_true(ask("/core/rfb.js", true, "Accept-Encoding", "gzip"));
    assert_string_equal(field("Content-Encoding"), "gzip");
    done();
    files_free(files);
}

static void test_folders(void **state)
{
    struct config_route route = route_of("/web/*");
    open_files(&route);
    assert_status("/web/", 200);
    done();
    assert_status("/web", 301);
    assert_string_equal(answer.reply.location, "./web/?a=1");
    done();
    assert_status("/web/core", 301);
    assert_string_equal(answer.reply.location, "./core/?a=1");
    done();
    assert_status("/web/core/", 404);
    done();
    files_free(files);

    route.files.listing = true;
    open_files(&route);
    assert_false(ask("/web/core/", false, NULL, NULL)); /* folders are read in the pool */
    assert_status("/web/core/", 200);
    assert_int_equal(answer.reply.body.source, REPLY_OWNED);
    assert_non_null(field("Content-Security-Policy"));
    done();
    files_free(files);
}

static void test_what_is_no_file(void **state)
{
    static const char *const paths[] = {"/nothing", "/fifo", "/index.html/", "/.hidden",
                                        "/core/%2E%2E/index.html"};
    struct config_route route = route_of("/*");
    open_files(&route);
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        assert_status(paths[i], 404);
        assert_int_equal(answer.reply.body.source, REPLY_STATIC);
        done();
    }
    files_free(files);
}

static void test_the_fields_of_the_route_win(void **state)
{
    struct config_header headers[] = {{"cache-control", "max-age=1"}, {"ETAG", "\"mine\""}};
    struct config_route route = route_of("/*");
    route.headers = headers;
    route.header_count = WSL_COUNT(headers);
    open_files(&route);
    assert_status("/core/rfb.js", 200);
    assert_null(field("Cache-Control"));
    assert_null(field("ETag"));
    assert_non_null(field("Last-Modified"));
    done();
    files_free(files);
}

static void test_one_file_alone(void **state)
{
    struct config_route route = route_of("/page");
    route.files.root = "web/index.html";
    open_files(&route);
    assert_status("/page", 200);
    assert_int_equal(answer.reply.body.length, strlen("home"));
    done();
    files_free(files);
}

static void test_without_descriptors(void **state)
{
    struct rlimit before, none;
    struct config_route route = route_of("/*");
    open_files(&route);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool answered = ask("/core/rfb.js", true, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(answered);
    assert_int_equal(answer.reply.status, 503);
    assert_int_equal(answer.reply.reason, REASON_out_of_descriptors);
    done();
    files_free(files);
}

static void test_says_what_is_wrong_with_a_root(void **state)
{
    static const struct {
        const char *path, *root, *wanted;
    } rows[] = {
        {"/*", "nothing", "a.yaml:3:5: files.root of /*: nothing: No such file or directory"},
        {"/*", "web/index.html", "a.yaml:3:5: files.root of /*: web/index.html: Not a directory"},
        {"/a", "nothing", "a.yaml:3:5: files.root of /a: nothing: No such file or directory"},
        {"/a", "web",
         "a.yaml:3:5: files.root of /a: web: Is a directory; to serve a folder the path must end "
         "with /*"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct config_route route = route_of(rows[i].path);
        char error[256];
        route.files.root = rows[i].root;
        route.place = (struct config_place){"a.yaml", 3, 5};
        assert_null(files_create(&route, error, sizeof(error)));
        assert_string_equal(error, rows[i].wanted);
    }
}

static void test_says_whether_it_is_readable(void **state)
{
    char error[256];
    struct config_route route = route_of("/page");
    route.files.root = "web/index.html";
    open_files(&route);
    assert_true(files_are_readable(files, error, sizeof(error)));
    assert_int_equal(rename("web/index.html", "web/kept"), 0);
    assert_false(files_are_readable(files, error, sizeof(error)));
    assert_string_equal(error, "--web web/index.html: No such file or directory");
    assert_int_equal(rename("web/kept", "web/index.html"), 0);
    files_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_what_is_no_file),
        cmocka_unit_test(test_the_fields_of_the_route_win),
        cmocka_unit_test(test_one_file_alone),
        cmocka_unit_test(test_without_descriptors),
        cmocka_unit_test(test_says_what_is_wrong_with_a_root),
        cmocka_unit_test(test_says_whether_it_is_readable),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
