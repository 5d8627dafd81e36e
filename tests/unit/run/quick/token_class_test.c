#include "run/quick/token_class.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void finds_classes_by_their_names(void **state)
{
    assert_string_equal(token_class_short_name("websockify.token_plugins.TokenFile"), "TokenFile");
    assert_string_equal(token_class_short_name("websockify.TokenFile"), "websockify.TokenFile");
    assert_string_equal(token_class_short_name("TokenFile"), "TokenFile");
    assert_string_equal(token_class_find("TokenFileName")->key, "directory");
    assert_null(token_class_find("tokenfile"));
    assert_null(token_class_find(""));
}

static void each_class_has_an_option(void **state)
{
    struct text names = {0};
    token_class_list(&names);
    char *list = text_take(&names, &(size_t){0});
    assert_non_null(list);
    for (int source = CONFIG_TOKENS_FILE; source < CONFIG_TOKEN_SOURCES; source++) {
        const struct token_class *class = token_class_of((enum config_token_source)source);
        if (!class)
            continue;
        assert_non_null(options_find(class->section, class->key));
        assert_int_equal(class->more_key != NULL, class->convert_more != NULL);
        assert_true(!class->more_key || options_find(class->section, class->more_key));
        assert_ptr_equal(token_class_find(class->name), class);
        assert_non_null(strstr(list, class->name));
    }
    assert_null(token_class_of(CONFIG_TOKENS_NONE));
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_classes_by_their_names),
        cmocka_unit_test(each_class_has_an_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
