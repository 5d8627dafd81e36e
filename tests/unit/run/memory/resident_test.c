/* Code that was given back still works, and fewer pages are resident. */
#include "run/memory/resident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>

static long resident_pages(void)
{
    char line[128], *end;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)strtol(line, &end, 10); /* the size */
    fclose(file);
    return strtol(end, NULL, 10);
}

static void digest(unsigned char out[static EVP_MAX_MD_SIZE])
{
    assert_int_equal(EVP_Digest("bytes", 5, out, NULL, EVP_sha256(), NULL), 1);
}

static void test_fewer_pages_and_the_same_result(void **unused)
{
    unsigned char before[EVP_MAX_MD_SIZE], after[EVP_MAX_MD_SIZE];
    digest(before);
    long pages = resident_pages();
    resident_release_code();
    assert_true(resident_pages() < pages);
    digest(after);
    assert_memory_equal(before, after, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fewer_pages_and_the_same_result)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
