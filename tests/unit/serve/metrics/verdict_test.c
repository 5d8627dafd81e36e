/* The last verdict of a kind of change, and its number. */
#include "serve/metrics/verdict.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct verdict verdict;
static struct verdict_facts facts;

static int set_up(void **unused)
{
    return verdict_init(&verdict) ? 0 : -1;
}

static int tear_down(void **unused)
{
    verdict_free(&verdict);
    return 0;
}

static void test_changes_are_numbered(void **unused)
{
    verdict_read(&verdict, &facts);
    assert_true(facts.begun == 0 && facts.ended == 0 && !facts.failed && facts.text[0] == '\0');
    verdict_note_begin(&verdict);
    verdict_read(&verdict, &facts);
    assert_true(facts.begun == 1 && facts.ended == 0);
    verdict_note_end(&verdict, true, "it failed");
    verdict_read(&verdict, &facts);
    assert_true(facts.begun == 1 && facts.ended == 1 && facts.failed);
    assert_string_equal(facts.text, "it failed");
    verdict_note_begin(&verdict);
    verdict_note_end(&verdict, false, "done");
    verdict_read(&verdict, &facts);
    assert_true(facts.begun == 2 && facts.ended == 2 && !facts.failed);
    assert_string_equal(facts.text, "done");
}

/* The sentence at the end stays whole. */
static void test_a_long_text_loses_its_first_lines(void **unused)
{
    static char text[3 * VERDICT_TEXT];
    for (size_t size = VERDICT_TEXT - 30; size < VERDICT_TEXT + 30; size++) {
        memset(text, 'x', size);
        for (size_t i = 20; i < size; i += 20)
            text[i] = '\n';
        memcpy(text + size, "\nlast", sizeof("\nlast"));
        verdict_note_end(&verdict, true, text);
        verdict_read(&verdict, &facts);
        size_t length = strlen(facts.text);
        assert_true(length < VERDICT_TEXT);
        assert_string_equal(facts.text, text + size + 5 - length);
        assert_true(length == size + 5 || text[size + 5 - length - 1] == '\n');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes_are_numbered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_text_loses_its_first_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
