#include "serve/auth/ticket/ticket_key_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

#define SECRET(letter) letter "123456789abcdef0123456789abcdef\n"

static char path[64], error[300];
static uint64_t now = 100000;
static const struct config_ticket_key config = {.file = path, .algorithm = CONFIG_TICKET_HS256};

static void write_text(const char *text)
{
    char fresh[80];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, path), 0);
}

static int setup(void **state)
{
    snprintf(path, sizeof(path), "/tmp/ticket_key_file_XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    write_text(SECRET("a"));
    return fd < 0;
}

static int teardown(void **state)
{
    unlink(path);
    rmdir(path);
    return 0;
}

static struct ticket_key_file *open_file(void)
{
    struct ticket_key_file *file = ticket_key_file_create(&config, error, sizeof(error));
    if (!file)
        fail_msg("%s", error);
    return file;
}

/* Is the key in use the secret that begins with this letter? 0: there is none. */
static bool has_key(struct ticket_key_file *file, char letter)
{
    char secret[] = SECRET("?");
    uint8_t one[TICKET_KEY_SIGNATURE_MAX], other[TICKET_KEY_SIGNATURE_MAX];
    struct ticket_key wanted;
    struct ticket_keys *keys = ticket_key_file_get(file, now);
    if (!keys || letter == 0) {
        ticket_keys_release(keys);
        return !keys && letter == 0;
    }
    secret[0] = letter;
    assert_true(ticket_key_from_secret(&wanted, ticket_alg_find(SLICE("HS256")),
                                       (struct slice){secret, sizeof(secret) - 2}, error,
                                       sizeof(error)));
    assert_int_equal(ticket_key_sign(&wanted, SLICE("x"), one), 32);
    assert_int_equal(ticket_key_sign(ticket_keys_at(keys, 0), SLICE("x"), other), 32);
    ticket_key_free(&wanted);
    ticket_keys_release(keys);
    return memcmp(one, other, 32) == 0;
}

static void test_a_change_is_taken_up_at_once(void **state)
{
    struct ticket_key_file *file = open_file();
    assert_true(has_key(file, 'a'));
    write_text(SECRET("b"));
    assert_true(has_key(file, 'b'));
    now += 10000;
    assert_true(has_key(file, 'b'));
    write_text(SECRET("c"));
    assert_true(has_key(file, 'c'));
    ticket_key_file_free(file);
}

/* A change within one step of the file system's clock: the same size, inode and times. */
static void test_a_change_that_stat_does_not_show(void **state)
{
    struct stat before;
    const struct timespec *times;
    struct ticket_key_file *file = open_file();
    assert_true(has_key(file, 'a'));
    assert_int_equal(stat(path, &before), 0);
    FILE *same = fopen(path, "r+");
    fputc('b', same);
    fclose(same);
    times = (const struct timespec[]){before.st_atim, before.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    now += 300; /* it is read again as long as it is young, although ctime tells here */
    assert_true(has_key(file, 'b'));
    ticket_key_file_free(file);
}

static void test_a_file_that_is_gone_has_no_keys(void **state)
{
    struct ticket_key_file *file = open_file();
    assert_true(has_key(file, 'a'));
    struct ticket_keys *held = ticket_key_file_get(file, now);
    unlink(path);
    assert_true(has_key(file, 0));
    assert_int_equal(ticket_keys_count(held), 1); /* a verification that runs keeps them */
    ticket_keys_release(held);
    write_text(SECRET("a"));
    assert_true(has_key(file, 'a'));
    ticket_key_file_free(file);
}

static void test_what_cannot_be_used_changes_nothing(void **state)
{
    struct ticket_key_file *file = open_file();
    assert_true(has_key(file, 'a'));
    write_text("too short\n");
    assert_true(has_key(file, 'a'));
    write_text("");
    assert_true(has_key(file, 'a'));
    write_text("{\"keys\":[");
    assert_true(has_key(file, 'a'));
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(has_key(file, 'a'));
    rmdir(path);
    write_text(SECRET("b"));
    assert_true(has_key(file, 'b'));
    ticket_key_file_free(file);
}

static void refuse(const char *why)
{
    assert_null(ticket_key_file_create(&config, error, sizeof(error)));
    if (!strstr(error, why) || !strstr(error, path))
        fail_msg("%s, not: %s", error, why);
}

static void test_it_must_be_good_at_first(void **state)
{
    write_text("short\n");
    refuse("the secret has 5 bytes");
    unlink(path);
    refuse("No such file or directory");
    assert_int_equal(mkdir(path, 0700), 0);
    refuse("not a regular file");
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(test_a_change_is_taken_up_at_once),
        WITH_FILE(test_a_change_that_stat_does_not_show),
        WITH_FILE(test_a_file_that_is_gone_has_no_keys),
        WITH_FILE(test_what_cannot_be_used_changes_nothing),
        WITH_FILE(test_it_must_be_good_at_first),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
