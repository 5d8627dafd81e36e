#include "core/auth/users_file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DIGITS43 "ErG1rn0GpODYQsD0nq3v3MbXT2boicTUhjw4zQRk1//"
#define DIGITS53 "abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"
#define YESCRYPT "$y$j9T$abcdefghijklmnopqrstu/$" DIGITS43
#define BCRYPT   "$2b$12$" DIGITS53
#define SHA512                                                                                     \
    "$6$salt$14r3nF05sTyFT6Az9BZiefcxxdriB1dtvMNuQlud3vnILbBU4O2UmqOCZ7Uvskulee0."                 \
    "2lRLq3wyq7GYJOdU80"
#define SHA256 "$5$rounds=1000$abcdefgh$" DIGITS43

/* From memory of exactly that size, so that a sanitizer reports a read behind it. */
static const char *check(const char *text, size_t length, enum users_hash *kind)
{
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text, length);
    const char *fault = users_file_hash((struct slice){copy + 1, length}, kind);
    free(copy);
    return fault;
}

static void assert_hash(const char *text, enum users_hash wanted)
{
    enum users_hash kind = USERS_HASHES;
    const char *fault = check(text, strlen(text), &kind);
    if (fault)
        fail_msg("%s: %s", text, fault);
    assert_int_equal(kind, wanted);
}

static void assert_fault(const char *text, const char *part)
{
    enum users_hash kind;
    const char *fault = check(text, strlen(text), &kind);
    if (!fault || !strstr(fault, part))
        fail_msg("%s: %s", text, fault ? fault : "accepted");
}

static void test_accepts_strong_hashes(void **state)
{
    assert_hash(YESCRYPT, USERS_HASH_yescrypt);
    assert_hash("$y$j75$$" DIGITS43, USERS_HASH_yescrypt);
    assert_hash("$y$jDT$abcdefghijklmnopqrstu/$" DIGITS43, USERS_HASH_yescrypt);
    assert_hash(BCRYPT, USERS_HASH_bcrypt);
    assert_hash("$2y$04$" DIGITS53, USERS_HASH_bcrypt);
    assert_hash("$2a$16$" DIGITS53, USERS_HASH_bcrypt);
    assert_hash(SHA512, USERS_HASH_sha512);
    assert_hash(SHA256, USERS_HASH_sha256);
    assert_hash("$5$rounds=5000000$$" DIGITS43, USERS_HASH_sha256);
}

static void test_refuses_passwords_and_weak_hashes(void **state)
{
    assert_fault("", "no hash");
    assert_fault("sesame", "perhaps the password itself");
    assert_fault("0W846m0Lgwt/s", "perhaps the password itself"); /* DES */
    assert_fault("$1$L.c1YFCn$EDRXTF8x80w0f6QPSJHHn.", "MD5");
    assert_fault("$apr1$L.c1YFCn$EDRXTF8x80w0f6QPSJHHn.", "Apache");
    assert_fault("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "LDAP");
    assert_fault("$2x$12$" DIGITS53, "$2x$");
    assert_fault("$7$unknown", "unknown kind");
    assert_fault("!" SHA512, "delete the line");
    assert_fault("*", "delete the line");
    assert_fault(SHA512 ":19000:0:99999:7:::", "damaged");
}

static void test_refuses_costs_that_would_take_too_long(void **state)
{
    assert_fault("$2b$03$" DIGITS53, "cost");
    assert_fault("$2b$17$" DIGITS53, "cost");
    assert_fault("$2b$31$" DIGITS53, "cost");
    assert_fault("$5$rounds=999$salt$" DIGITS43, "rounds");
    assert_fault("$5$rounds=5000001$salt$" DIGITS43, "rounds");
    assert_fault("$5$rounds=4294967297$salt$" DIGITS43, "damaged");
    assert_fault("$5$rounds=01000$salt$" DIGITS43, "damaged");
    assert_fault("$5$rounds=$salt$" DIGITS43, "damaged");
    assert_fault("$y$jET$abcdefghijklmnopqrstu/$" DIGITS43, "256 MiB");
    assert_fault("$y$jzT$abcdefghijklmnopqrstu/$" DIGITS43, "256 MiB");
    assert_fault("$y$j9z$abcdefghijklmnopqrstu/$" DIGITS43, "256 MiB");
    assert_fault("$y$k9T$abcdefghijklmnopqrstu/$" DIGITS43, "unusual");
    assert_fault("$y$j9T5$abcdefghijklmnopqrstu/$" DIGITS43, "unusual");
}

/* No prefix of a hash is a hash, and nothing may stand behind one. */
static void test_refuses_hashes_that_are_cut_off_or_longer(void **state)
{
    static const char *const hashes[] = {YESCRYPT, BCRYPT, SHA512, SHA256};
    for (size_t i = 0; i < WSL_COUNT(hashes); i++) {
        enum users_hash kind;
        size_t length = strlen(hashes[i]);
        for (size_t n = 0; n < length; n++)
            assert_non_null(check(hashes[i], n, &kind));
        char longer[300];
        snprintf(longer, sizeof(longer), "%sa", hashes[i]);
        assert_non_null(check(longer, length + 1, &kind));
        for (size_t n = 3; n < length; n++) {
            snprintf(longer, sizeof(longer), "%s", hashes[i]);
            longer[n] = '\xE9';
            assert_non_null(check(longer, length, &kind));
        }
    }
    char endless[USERS_HASH_MAX + 2];
    memset(endless, 'a', sizeof(endless));
    memcpy(endless, "$6$", 3);
    endless[sizeof(endless) - 1] = '\0';
    assert_fault(endless, "too long");
}

static void assert_name(const char *name, const char *part)
{
    const char *fault = users_file_name(slice_of(name));
    const char *said = fault ? fault : "accepted";
    if (!strstr(said, part ? part : "accepted"))
        fail_msg("%s: %s", name, said);
}

static void test_names(void **state)
{
    char name[USERS_NAME_MAX + 2];
    assert_name("ann", NULL);
    assert_name("ann.lee@example.com", NULL);
    assert_name("J\xC3\xBCrgen M\xC3\xBCller", NULL);
    assert_name("", "no name");
    assert_name("a:b", "colon");
    assert_name(" ann", "white space");
    assert_name("ann ", "white space");
    assert_name("#ann", "begin with");
    assert_name("\xEF\xBB\xBF"
                "ann",
                "byte order mark");
    assert_name("a\tb", "control");
    assert_name("a\x7F", "control");
    assert_name("J\xFCrgen", "UTF-8");
    assert_name("J\xC3", "UTF-8");
    memset(name, 'n', sizeof(name));
    name[USERS_NAME_MAX + 1] = '\0';
    assert_name(name, "longer");
    name[USERS_NAME_MAX] = '\0';
    assert_name(name, NULL);
}

static const char file[] = "\xEF\xBB\xBF"
                           "ann:" BCRYPT "\r\n"
                           "# bob:" BCRYPT "\n"
                           "\n"
                           " \t\r\n"
                           "carol:" SHA256 " \t\n"
                           "dave:sesame\n"
                           "eve\n"
                           "\xC3\xA9lo\xC3\xAFse:" SHA512 "\n"
                           ":" SHA256 "\n"
                           "frank:\n"
                           "gr\0ace:" SHA256 "\n"
                           " heidi:" SHA256 "\n"
                           "root:x:0:0\n"
                           "last one:" YESCRYPT;

static const struct seen {
    enum users_file_verdict verdict;
    unsigned line;
    const char *name, *hash; /* a name without a hash: a fault of the hash alone */
} wanted[] = {
    {USERS_FILE_LINE, 1, "ann", BCRYPT},
    {USERS_FILE_LINE, 5, "carol", SHA256},
    {USERS_FILE_FAULT, 6, "dave", NULL},
    {USERS_FILE_FAULT, 7, NULL, NULL},
    {USERS_FILE_LINE, 8, "\xC3\xA9lo\xC3\xAFse", SHA512},
    {USERS_FILE_FAULT, 9, NULL, NULL},
    {USERS_FILE_FAULT, 10, "frank", NULL},
    {USERS_FILE_FAULT, 11, NULL, NULL},
    {USERS_FILE_FAULT, 12, NULL, NULL},
    {USERS_FILE_FAULT, 13, NULL, NULL},
    {USERS_FILE_LINE, 14, "last one", YESCRYPT},
};

static void test_reads_lines(void **state)
{
    struct users_cursor cursor = {SLICE(file), 0};
    struct users_line line;
    const char *fault;
    for (size_t i = 0; i < WSL_COUNT(wanted); i++) {
        assert_int_equal(users_file_next(&cursor, &line, &fault), wanted[i].verdict);
        assert_int_equal(cursor.line, wanted[i].line);
        if (wanted[i].verdict == USERS_FILE_FAULT) {
            assert_non_null(fault);
            assert_null(strstr(fault, "sesame"));
            assert_int_equal(line.named, wanted[i].name != NULL);
            if (line.named)
                assert_true(slice_equal(line.name, slice_of(wanted[i].name)));
            continue;
        }
        assert_true(slice_equal(line.name, slice_of(wanted[i].name)));
        assert_true(slice_equal(line.hash, slice_of(wanted[i].hash)));
        assert_true(line.whole.ptr == line.name.ptr);
        assert_true(line.whole.ptr + line.whole.len == cursor.rest.ptr);
    }
    assert_int_equal(users_file_next(&cursor, &line, &fault), USERS_FILE_END);
    assert_int_equal(users_file_next(&cursor, &line, &fault), USERS_FILE_END);
}

/* A file that is cut off has the same lines up to the cut, and nothing behind it is read. */
static void test_reads_a_file_that_is_cut_off(void **state)
{
    for (size_t length = 0; length < sizeof(file); length++) {
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, file, length);
        struct users_cursor cursor = {{copy, length}, 0};
        struct users_line line;
        const char *fault;
        size_t count = 0;
        enum users_file_verdict verdict;
        while ((verdict = users_file_next(&cursor, &line, &fault)) != USERS_FILE_END) {
            assert_true(count < WSL_COUNT(wanted));
            assert_int_equal(cursor.line, wanted[count].line);
            if (cursor.rest.len > 0)
                assert_int_equal(verdict, wanted[count].verdict);
            else if (verdict == USERS_FILE_LINE) /* a hash that is cut off is none */
                assert_true(slice_equal(line.hash, slice_of(wanted[count].hash)));
            count++;
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts_strong_hashes),
        cmocka_unit_test(test_refuses_passwords_and_weak_hashes),
        cmocka_unit_test(test_refuses_costs_that_would_take_too_long),
        cmocka_unit_test(test_refuses_hashes_that_are_cut_off_or_longer),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_reads_lines),
        cmocka_unit_test(test_reads_a_file_that_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
