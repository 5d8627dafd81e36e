#include "run/sandbox/sandbox_paths.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/wsluice-paths-XXXXXX";

/* "d/" makes a folder, "f" a file, "l>t" a link; with spaces between them. Below the root. */
static void make(const char *names)
{
    char name[256];
    for (size_t length; *names; names += length + (names[length] == ' ')) {
        length = strcspn(names, " ");
        snprintf(name, sizeof(name), "%.*s", (int)length, names);
        char *target = strchr(name, '>');
        if (target) {
            *target = '\0';
            assert_int_equal(symlink(target + 1, name), 0);
        } else if (name[length - 1] == '/') {
            assert_int_equal(mkdir(name, 0700), 0);
        } else {
            int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            assert_true(fd >= 0);
            close(fd);
        }
    }
}

static int set_up(void **state)
{
    return mkdtemp(root) ? chdir(root) : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    return remove(path);
}

static int tear_down(void **state)
{
    return chdir("/") == 0 ? nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS) : -1;
}

static const char *below(char path[static 256], const char *name)
{
    snprintf(path, 256, "%s/%s", root, name);
    return path;
}

static struct sandbox_grants grants_of(const char *name, enum options_use use, bool only_within)
{
    char path[256];
    struct sandbox_grants grants = {0};
    const struct sandbox_file file = {
        .path = name[0] == '/' ? name : below(path, name), .use = use, .only_within = only_within};
    sandbox_paths_add_file(&grants, &file);
    assert_false(grants.failed);
    return grants;
}

/* The rights of exactly this path; 0: none. */
static unsigned rights_of(const struct sandbox_grants *grants, const char *name)
{
    char path[256];
    below(path, name);
    if (strcmp(name, ".") == 0)
        snprintf(path, sizeof(path), "%s", root);
    for (size_t i = 0; i < grants->count; i++)
        if (strcmp(grants->items[i].path, path) == 0)
            return grants->items[i].rights;
    return 0;
}

static void a_file_is_in_its_folder(void **state)
{
    make("tls/ tls/a.pem");
    struct sandbox_grants grants = grants_of("tls/a.pem", OPTIONS_READS, false);
    assert_int_equal(rights_of(&grants, "tls"), SANDBOX_READ);
    assert_int_equal(rights_of(&grants, "tls/a.pem"), SANDBOX_READ);
    assert_int_equal(grants.count, 2);
    sandbox_grants_free(&grants);
}

/* live/cert.pem -> ../archive/cert1.pem, which cert2.pem will follow. */
static void a_link_leads_into_another_folder(void **state)
{
    make("live/ archive/ archive/cert1.pem live/cert.pem>../archive/cert1.pem");
    struct sandbox_grants grants = grants_of("live/cert.pem", OPTIONS_READS, false);
    assert_int_equal(rights_of(&grants, "live"), SANDBOX_READ);
    assert_int_equal(rights_of(&grants, "archive"), SANDBOX_READ);
    sandbox_grants_free(&grants);
}

/* secret/tokens -> ..data/tokens, ..data -> ..1, which another folder will replace. */
static void a_mounted_secret_is_swapped(void **state)
{
    make("secret/ secret/..1/ secret/..1/tokens secret/..data>..1 secret/tokens>..data/tokens");
    struct sandbox_grants grants = grants_of("secret/tokens", OPTIONS_READS, false);
    assert_int_equal(rights_of(&grants, "secret"), SANDBOX_READ);
    sandbox_grants_free(&grants);
}

static void a_folder_that_is_a_link_may_move(void **state)
{
    make("www/ www/1/ www/now>1");
    struct sandbox_grants grants = grants_of("www/now", OPTIONS_READS, true);
    assert_int_equal(rights_of(&grants, "www/1"), SANDBOX_READ);
    assert_int_equal(rights_of(&grants, "www"), SANDBOX_READ);
    sandbox_grants_free(&grants);
    grants = grants_of("www/1", OPTIONS_READS, true);
    assert_int_equal(rights_of(&grants, "www/1"), SANDBOX_READ);
    assert_int_equal(grants.count, 1);
    sandbox_grants_free(&grants);
}

static void links_in_a_folder_are_followed_unless_they_must_stay_within(void **state)
{
    make("tokens/ other/ other/a tokens/a>../other/a tokens/b");
    struct sandbox_grants grants = grants_of("tokens", OPTIONS_READS, false);
    assert_int_equal(rights_of(&grants, "other"), SANDBOX_READ);
    sandbox_grants_free(&grants);
    grants = grants_of("tokens", OPTIONS_READS, true);
    assert_int_equal(rights_of(&grants, "other"), 0);
    assert_int_equal(rights_of(&grants, "other/a"), 0);
    sandbox_grants_free(&grants);
}

static void a_file_in_a_wide_folder_is_granted_alone(void **state)
{
    struct sandbox_grants grants = grants_of("/etc/passwd", OPTIONS_READS, false);
    assert_int_equal(grants.count, 1);
    assert_string_equal(grants.items[0].path, "/etc/passwd");
    assert_true(grants.items[0].is_file);
    sandbox_grants_free(&grants);
}

static void what_is_not_there_yet_is_in_the_nearest_folder(void **state)
{
    make("soon/");
    struct sandbox_grants grants = grants_of("soon/not/yet/tokens", OPTIONS_READS, false);
    assert_int_equal(rights_of(&grants, "soon"), SANDBOX_READ);
    sandbox_grants_free(&grants);
    grants = grants_of("/no-such-folder/x", OPTIONS_READS, false);
    assert_int_equal(grants.count, 0); /* "/" is too much */
    sandbox_grants_free(&grants);
}

static void each_use_has_its_rights(void **state)
{
    make("made/");
    static const struct {
        enum options_use use;
        unsigned rights;
    } rows[] = {
        {OPTIONS_APPENDS, SANDBOX_WRITE | SANDBOX_MAKE_FILE},
        {OPTIONS_CREATES, SANDBOX_WRITE | SANDBOX_MAKE_FILE},
        {OPTIONS_BINDS, SANDBOX_MAKE_SOCKET | SANDBOX_REMOVE},
        {OPTIONS_REPLACES,
         SANDBOX_READ | SANDBOX_WRITE | SANDBOX_TRUNCATE | SANDBOX_MAKE_FILE | SANDBOX_REMOVE},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct sandbox_grants grants = grants_of("made/x", rows[i].use, false);
        assert_int_equal(grants.count, 1);
        assert_int_equal(rights_of(&grants, "made"), rows[i].rights);
        sandbox_grants_free(&grants);
    }
}

/* A log follows a link; a socket, a pid file and a recording do not: another user may have made it.
 */
static void only_a_log_follows_a_link_at_its_name(void **state)
{
    make("real/ links/ real/log links/log>../real/log");
    static const enum options_use others[] = {OPTIONS_BINDS, OPTIONS_REPLACES, OPTIONS_CREATES};
    struct sandbox_grants grants = grants_of("links/log", OPTIONS_APPENDS, false);
    assert_int_equal(rights_of(&grants, "real"), SANDBOX_WRITE | SANDBOX_MAKE_FILE);
    sandbox_grants_free(&grants);
    for (size_t i = 0; i < WSL_COUNT(others); i++) {
        grants = grants_of("links/log", others[i], false);
        assert_int_equal(rights_of(&grants, "real"), 0);
        assert_int_equal(rights_of(&grants, "real/log"), 0);
        assert_int_not_equal(rights_of(&grants, "links"), 0);
        sandbox_grants_free(&grants);
    }
}

static void a_device_is_granted_without_its_folder(void **state)
{
    struct sandbox_grants grants = grants_of("/dev/null", OPTIONS_APPENDS, false);
    assert_int_equal(grants.count, 1);
    assert_string_equal(grants.items[0].path, "/dev/null");
    assert_int_equal(grants.items[0].rights, SANDBOX_WRITE);
    sandbox_grants_free(&grants);
}

/* A folder whose name only begins like that of the devices is one as others. */
static void a_folder_beside_the_devices_is_granted(void **state)
{
    char folder[] = "/dev-XXXXXX", log[32];
    if (!mkdtemp(folder))
        skip(); /* only root may */
    snprintf(log, sizeof(log), "%s/log", folder);
    int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    close(fd);
    assert_int_equal(symlink(log, "beside"), 0);
    struct sandbox_grants grants = grants_of("beside", OPTIONS_APPENDS, false);
    bool granted = false;
    for (size_t i = 0; i < grants.count; i++)
        granted = granted || strcmp(grants.items[i].path, folder) == 0;
    sandbox_grants_free(&grants);
    assert_int_equal(remove(log), 0);
    assert_int_equal(remove(folder), 0);
    assert_true(granted);
}

static void a_relative_path_is_one_from_here(void **state)
{
    char folder[256], before[256];
    struct sandbox_grants grants = {0};
    make("here/");
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(below(folder, "here")), 0);
    sandbox_paths_add_file(&grants, &(struct sandbox_file){.path = "rec", .use = OPTIONS_CREATES});
    assert_int_equal(rights_of(&grants, "here"), SANDBOX_WRITE | SANDBOX_MAKE_FILE);
    sandbox_grants_free(&grants);
    assert_int_equal(chdir(before), 0);
}

static void the_system_is_in_every_plan(void **state)
{
    struct sandbox_grants grants = {0};
    const struct sandbox_plan plan = {.command = true};
    sandbox_paths_add(&grants, &plan);
    bool usr = false, null = false, processes = false, all = false;
    for (size_t i = 0; i < grants.count; i++) {
        const struct sandbox_grant *grant = &grants.items[i];
        usr |= strcmp(grant->path, "/usr") == 0 && grant->rights == SANDBOX_READ;
        null |= strcmp(grant->path, "/dev/null") == 0 && (grant->rights & SANDBOX_WRITE);
        processes |= strcmp(grant->path, "/proc") == 0;
        all |= strcmp(grant->path, "/") == 0 || strcmp(grant->path, "/etc/shadow") == 0;
        if (geteuid() == 0)
            assert_string_not_equal(grant->path, "/etc");
    }
    assert_true(usr && null && processes);
    assert_false(all);
    sandbox_grants_free(&grants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_in_its_folder),
        cmocka_unit_test(a_link_leads_into_another_folder),
        cmocka_unit_test(a_mounted_secret_is_swapped),
        cmocka_unit_test(a_folder_that_is_a_link_may_move),
        cmocka_unit_test(links_in_a_folder_are_followed_unless_they_must_stay_within),
        cmocka_unit_test(a_file_in_a_wide_folder_is_granted_alone),
        cmocka_unit_test(what_is_not_there_yet_is_in_the_nearest_folder),
        cmocka_unit_test(each_use_has_its_rights),
        cmocka_unit_test(only_a_log_follows_a_link_at_its_name),
        cmocka_unit_test(a_device_is_granted_without_its_folder),
        cmocka_unit_test(a_folder_beside_the_devices_is_granted),
        cmocka_unit_test(a_relative_path_is_one_from_here),
        cmocka_unit_test(the_system_is_in_every_plan),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
