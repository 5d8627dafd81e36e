#include "run/check/check_path.h"

#include <fcntl.h>

#include "lib/check_lab.h"

static const struct option_ref option = {.section = OPTIONS_PROCESS, .key = "pid_file"};

static bool reads(const char *path, enum check_kind kind)
{
    bool good = check_path_reads(check_lab_open(NULL), option, "file", path, kind);
    check_lab_close();
    assert_true(!good || lab.findings[0] == '\0');
    return good;
}

static void makes(const char *path, enum check_making making)
{
    check_path_makes(check_lab_open(NULL), option, "file", path, making);
    check_lab_close();
}

static void test_what_is_read(void **unused)
{
    check_lab_write("a", "text");
    assert_int_equal(mkdir("folder", 0755), 0);
    assert_int_equal(mkfifo("fifo", 0644), 0);
    assert_true(reads("a", CHECK_FILE));
    assert_true(reads("a", CHECK_FILE_OR_FOLDER));
    assert_true(reads("folder", CHECK_FOLDER));
    assert_true(check_path_is_readable("a"));
    assert_false(check_path_is_readable("none"));
    assert_false(reads("a", CHECK_FOLDER));
    check_lab_finds("error: pid_file: file 'a': it is not a folder\n");
    assert_false(reads("folder", CHECK_FILE));
    check_lab_finds("error: pid_file: file 'folder': it is a folder\n");
    assert_false(reads("none", CHECK_FILE));
    check_lab_finds("error: pid_file: file 'none': No such file or directory\n");
    assert_false(reads("a/b", CHECK_FILE));
    check_lab_finds("Not a directory\n");
    assert_int_equal(symlink("loop", "loop"), 0); /* no link of another user, also for root */
    assert_false(reads("loop", CHECK_FILE));
    check_lab_finds("error: pid_file: file 'loop': Too many levels of symbolic links\n");
    assert_false(reads("fifo", CHECK_FILE)); /* reading it would wait for ever */
    check_lab_finds("warning: pid_file: file 'fifo': it is not a regular file, so ");
}

/* Root may read everything: the rest is seen by another user. */
static void test_permissions(void **unused)
{
    char closed[64], key[80], user[160];
    snprintf(closed, sizeof(closed), "%s/closed", lab.folder);
    snprintf(key, sizeof(key), "%s/key", closed);
    assert_int_equal(mkdir(closed, 0700), 0);
    check_lab_write(key, "");
    check_lab_write("secret", "");
    assert_int_equal(chmod("secret", 0600), 0);
    if (geteuid() != 0)
        skip();
    assert_int_equal(seteuid(65534), 0);
    assert_false(reads(key, CHECK_FILE));
    snprintf(user, sizeof(user), "may not enter the folder '%s'; give it access, or ", closed);
    check_lab_finds("file '");
    check_lab_finds("(uid 65534)");
    check_lab_finds(user);
    assert_false(reads("secret", CHECK_FILE));
    check_lab_finds("(uid 65534) may not read it; give it access, or check as the user that ");
    makes("pid", CHECK_REPLACES);
    check_lab_finds("(uid 65534) may not create it");
    check_lab_open(NULL)->user = "www";
    assert_string_equal(check_path_user(&lab.check, user, sizeof(user)), "user www (uid 65534)");
    check_lab_close();
    assert_int_equal(seteuid(0), 0);
}

static void test_what_is_made(void **unused)
{
    check_lab_write("old", "");
    assert_int_equal(mkdir("folder", 0755), 0);
    static const enum check_making all[] = {CHECK_APPENDS, CHECK_REPLACES, CHECK_SOCKET, CHECK_NEW};
    for (size_t i = 0; i < WSL_COUNT(all); i++) {
        makes("new", all[i]);
        check_lab_finds_nothing();
        makes("missing/new", all[i]);
        check_lab_finds("error: pid_file: file 'missing/new': its folder does not exist; create ");
        assert_int_equal(access("new", F_OK), -1);
    }
    makes("/run/no-such-service/new", CHECK_SOCKET);
    check_lab_finds("warning: pid_file: file '/run/no-such-service/new': its folder does not exist;"
                    " let the service make it");
    makes("old", CHECK_APPENDS);
    check_lab_finds_nothing();
    makes("old", CHECK_REPLACES);
    check_lab_finds_nothing();
    makes("old", CHECK_SOCKET);
    check_lab_finds("something that is not a socket is there");
    makes("folder", CHECK_APPENDS);
    check_lab_finds("it is a folder");
    makes("folder", CHECK_REPLACES);
    check_lab_finds("something that is not a regular file is there");
}

/* Where another user could make root follow a link, the process refuses, and so does the check. */
static void test_hostile_folders(void **unused)
{
    if (geteuid() != 0)
        skip();
    char path[64];
    assert_int_equal(mkdir("theirs", 0755), 0);
    assert_int_equal(chown("theirs", 65534, 65534), 0);
    assert_int_equal(symlink("/etc", "theirs/link"), 0);
    snprintf(path, sizeof(path), "%s/theirs/link/pid", lab.folder);
    makes(path, CHECK_REPLACES);
    check_lab_finds("a link on this path lies where another user may change it");
    check_lab_write("theirs/log", "");
    assert_int_equal(link("theirs/log", "second"), 0);
    makes("theirs/log", CHECK_APPENDS);
    check_lab_finds("it has hard links");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_LAB(test_what_is_read),
        IN_LAB(test_permissions),
        IN_LAB(test_what_is_made),
        IN_LAB(test_hostile_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
