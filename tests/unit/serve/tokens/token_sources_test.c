#include "serve/tokens/token_sources.h"

#include "lib/token_folder.h"
#include "lib/token_source_lab.h"

/* The same token in each kind of source. */
static void test_opens_the_source_that_is_configured(void **state)
{
    char lines[80], files[80], error[256];
    token_folder_write("lines", "token: lines:1\n");
    token_folder_make("files");
    token_folder_write("files/token", "directory:1\n");
    snprintf(lines, sizeof(lines), "%s/lines", token_folder_root());
    snprintf(files, sizeof(files), "%s/files", token_folder_root());
    const struct {
        struct config_tokens tokens;
        const char *described;
    } cases[] = {
        {{.directory = files}, ": a file for each token"},
        {{.file = files, .format = CONFIG_TOKENS_NAMES}, ": a file for each token"},
        {{.sockets = files}, ": a socket for each token"},
        {{.file = lines}, ": 1 known"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        char text[256];
        struct token_source *source =
            token_sources_create(&cases[i].tokens, &(struct token_shared){0}, error, sizeof(error));
        assert_non_null(source);
        assert_true(token_source_describe(source, text, sizeof(text)));
        assert_non_null(strstr(text, cases[i].described));
        token_source_release(source);
    }
    token_source_release(NULL);
}

/* What the administrator writes is permitted unless a permit narrows it. */
static void test_permits_what_is_configured(void **state)
{
    static const char *const rule = "10.0.0.0/8:*", *const any = "any";
    const struct {
        struct config_texts permit;
        bool narrows;
    } cases[] = {{{NULL, 0}, false}, {{&any, 1}, false}, {{&rule, 1}, true}};
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        char error[256];
        struct config_tokens tokens = {.directory = token_folder_root()};
        tokens.permit = cases[i].permit;
        struct token_source *source =
            token_sources_create(&tokens, &(struct token_shared){0}, error, sizeof(error));
        assert_non_null(source);
        assert_int_equal(source->permit != NULL, cases[i].narrows);
        assert_int_equal(permit_has_host(source->permit, SLICE("desk"), 22), true);
        assert_int_equal(permit_has_path(source->permit, SLICE("/run/x")), !cases[i].narrows);
        token_source_release(source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_opens_the_source_that_is_configured, token_folder_open,
                                        token_folder_close),
        cmocka_unit_test_setup_teardown(test_permits_what_is_configured, token_folder_open,
                                        token_folder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
