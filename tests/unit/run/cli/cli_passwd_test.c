#include "run/cli/cli_passwd.h"

#include <fcntl.h>

#include "core/auth/password.h"
#include "lib/cli_run.h"

#define HASH "$5$rounds=1000$abcdefgh$ErG1rn0GpODYQsD0nq3v3MbXT2boicTUhjw4zQRk1//" /* sesame */

/* The standard input of what follows. */
static void type(const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

static void assert_file(const char *wanted)
{
    char text[1024];
    FILE *stream = fopen("users", "r");
    assert_non_null(stream);
    text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
    fclose(stream);
    assert_string_equal(text, wanted);
}

static void test_usage(void **state)
{
    refuses("passwd", 2, "FILE USER is missing");
    refuses("passwd users", 2, "FILE USER is missing");
    refuses("passwd users ann secret", 2, "too many arguments");
    refuses("passwd users a:b", 2, "USER: a colon");
    refuses("passwd users ~", 2, "USER: no name");
    refuses("passwd --method=md5 users ann", 2, "must be yescrypt, bcrypt or sha512");
    refuses("passwd --delete --verify users ann", 2, "exclude each other");
    refuses("passwd --delete --method=bcrypt users ann", 2, "exclude each other");
    assert_true(access("users", F_OK) < 0);
}

static void test_sets_and_verifies(void **state)
{
    static const char *const methods[] = {"", "--method=sha512 "};
    if (!password_supports(USERS_HASH_sha512))
        skip();
    for (size_t i = 0; i < WSL_COUNT(methods); i++) {
        char line[80];
        snprintf(line, sizeof(line), "passwd %susers ann", methods[i]);
        type("open sesame\n");
        says(line, 0, i == 0 ? "users: ann added (" : "users: ann changed (sha512)", "");
        type("open sesame\r\nmore");
        says("passwd --verify users ann", 0, "the password of ann is right", "");
        type("sesame\n");
        says("passwd --verify users ann", 1, "", "the password is wrong");
    }
    says("passwd --verify users bob", 1, "", "users: there is no user bob");
    says("passwd --delete users bob", 1, "", "users: there is no user bob");
    says("passwd --delete users ann", 0, "users: ann deleted", "");
    assert_file("");
    unlink("users");
}

static void test_verifies_the_hash_of_another_tool(void **state)
{
    if (!password_supports(USERS_HASH_sha256))
        skip();
    write_file("users", "ann:" HASH "\n");
    type("sesame");
    says("passwd --verify users ann", 0, "is right", "");
    unlink("users");
}

static void test_refuses_passwords_that_no_client_sends(void **state)
{
    char longest[PASSWORD_MAX + 3], bcrypt[75];
    if (!password_supports(USERS_HASH_sha512))
        skip();
    type("\n");
    refuses("passwd users ann", 1, "no password was given");
    type("a\tb\n");
    refuses("passwd users ann", 1, "control character");
    type("a\xFF\n");
    refuses("passwd users ann", 1, "not UTF-8");
    memset(longest, 'p', sizeof(longest));
    longest[PASSWORD_MAX + 2] = '\0';
    type(longest);
    refuses("passwd users ann", 1, "longer than 511 bytes");
    memset(bcrypt, 'p', sizeof(bcrypt));
    bcrypt[73] = '\0';
    type(bcrypt);
    refuses("passwd --method=bcrypt users ann", 1, "bcrypt takes 72 bytes");
    assert_true(access("users", F_OK) < 0);
}

/* Before it asks: the input stays unread. */
static void test_judges_the_file_first(void **state)
{
    char left[8] = "";
    if (!password_supports(USERS_HASH_sha512))
        skip();
    write_file("users", "ann:" HASH "\nno users file\n");
    type("sesame\n");
    refuses("passwd users ann", 1, "users:2: not USER:HASH");
    refuses("passwd --verify users ann", 1, "users:2: not USER:HASH");
    refuses("passwd --delete users ann", 1, "users:2: not USER:HASH");
    assert_int_equal(read(STDIN_FILENO, left, 7), 7);
    assert_string_equal(left, "sesame\n");
    assert_file("ann:" HASH "\nno users file\n");
    unlink("users");
}

static void test_mends_one_line_and_warns_of_others(void **state)
{
    if (!password_supports(USERS_HASH_sha512))
        skip();
    write_file("users", "ann:sesame\nbob:sesame\n");
    type("sesame\n");
    says("passwd users ann", 0, "users: ann changed",
         "wsluice: warning: users:2: no password hash");
    refuses("passwd users carol", 1, "users:2: no password hash");
    unlink("users");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(test_usage),
        IN_DIRECTORY(test_sets_and_verifies),
        IN_DIRECTORY(test_verifies_the_hash_of_another_tool),
        IN_DIRECTORY(test_refuses_passwords_that_no_client_sends),
        IN_DIRECTORY(test_judges_the_file_first),
        IN_DIRECTORY(test_mends_one_line_and_warns_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
