#include "config/options/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Invariants of every row of the table: they apply to new rows as well. */

static size_t stored_size(const struct options_row *row)
{
    if (row->list)
        return sizeof(struct config_texts);
    switch (row->value.type) {
    case VALUE_BOOL:
        return sizeof(bool);
    case VALUE_TEXT:
    case VALUE_PATH:
        return sizeof(const char *);
    case VALUE_LISTEN:
    case VALUE_TARGET:
        return sizeof(struct config_address);
    default:
        return sizeof(uint32_t);
    }
}

static void fields_fit_their_types_and_structs(void **state)
{
    for (size_t i = 0; i < options_count(); i++) {
        const struct options_row *row = options_at(i);
        assert_int_equal(row->size, stored_size(row));
        assert_true(row->offset + row->size <= options_section(row->section)->size);
        assert_ptr_equal(options_find(row->section, row->key), row);
        for (size_t j = 0; j < i; j++)
            assert_false(options_at(j)->section == row->section &&
                         options_at(j)->offset == row->offset);
        assert_true(row->value.type != VALUE_CIDR || row->list);
        assert_true(row->value.type != VALUE_TARGET || row->section == OPTIONS_TARGET);
    }
    assert_null(options_find(OPTIONS_LOG, "no_such_option"));
}

static void limits_fit_the_field(void **state)
{
    for (size_t i = 0; i < options_count(); i++) {
        const struct value_spec *spec = &options_at(i)->value;
        bool number = spec->type == VALUE_COUNT || spec->type == VALUE_DURATION ||
                      spec->type == VALUE_SIZE || spec->type == VALUE_MODE;
        assert_true(spec->max <= UINT32_MAX);
        assert_true(number ? spec->min < spec->max : spec->max == 0);
        assert_true((spec->type == VALUE_ENUM) == (spec->names != NULL));
        if (spec->zero)
            assert_true(spec->min > 0);
    }
}

static void parses(const struct options_row *row, const char *text)
{
    struct value value;
    char why[128] = "";
    if (value_parse(&row->value, text, &value, why, sizeof(why)) != VALUE_OK)
        fail_msg("%s: '%s' %s", row->key, text, why);
    char printed[64];
    value_print(&row->value, &value, printed, sizeof(printed));
    assert_string_equal(printed, text);
}

static void defaults_parse_and_are_written_as_printed(void **state)
{
    for (size_t i = 0; i < options_count(); i++) {
        const struct options_row *row = options_at(i);
        if (row->initial)
            parses(row, row->initial);
        if (row->quick)
            parses(row, row->quick);
        bool text = row->value.type == VALUE_TEXT || row->value.type == VALUE_PATH;
        bool address = row->value.type == VALUE_LISTEN || row->value.type == VALUE_TARGET;
        assert_true(row->initial || text || address || row->list);
    }
}

static void flags_are_unique_and_whole(void **state)
{
    for (size_t i = 0; i < options_count() * OPTIONS_FLAGS_MAX; i++) {
        const struct options_row *row = options_at(i / OPTIONS_FLAGS_MAX);
        const struct options_flag *flag = &row->flags[i % OPTIONS_FLAGS_MAX];
        if (!flag->name)
            continue;
        assert_true((flag->argument != NULL) != (flag->sets != NULL));
        assert_false(flag->letter && flag->argument); /* -vD is two letters, never one and text */
        if (flag->sets)
            parses(row, flag->sets);
        for (size_t j = 0; j < i; j++) {
            const struct options_flag *other =
                &options_at(j / OPTIONS_FLAGS_MAX)->flags[j % OPTIONS_FLAGS_MAX];
            if (!other->name)
                continue;
            assert_string_not_equal(flag->name, other->name);
            assert_false(flag->letter && flag->letter == other->letter);
        }
    }
}

static void help_has_one_style(void **state)
{
    for (size_t i = 0; i < options_count(); i++) {
        const char *help = options_at(i)->help;
        assert_non_null(help);
        assert_int_not_equal(help[strlen(help) - 1], '.');
    }
}

static void sections_lead_to_the_root(void **state)
{
    assert_int_equal(options_section(OPTIONS_PROCESS)->parent, OPTIONS_PROCESS);
    for (int i = 0; i < OPTIONS_SECTION_COUNT; i++) {
        const struct options_section_row *row = options_section((enum options_section)i);
        assert_true(i == OPTIONS_PROCESS || row->key != NULL);
        assert_true(i == OPTIONS_PROCESS || (int)row->parent < i); /* options_next_child needs it */
        int depth = 0;
        while (row->key && depth < OPTIONS_SECTION_COUNT) {
            row = options_section(row->parent);
            depth++;
        }
        assert_ptr_equal(row, options_section(OPTIONS_PROCESS));
    }
}

/* A section that is like another one has its contents: sections, and no options. */
static void sections_that_are_alike(void **state)
{
    const struct options_row *row;
    int alike = 0;
    for (int i = 0; i < OPTIONS_SECTION_COUNT; i++) {
        enum options_section section = (enum options_section)i;
        enum options_section like = options_section(section)->like;
        assert_int_equal(options_contents(section), like == OPTIONS_PROCESS ? section : like);
        if (like == OPTIONS_PROCESS)
            continue;
        alike++;
        assert_int_equal(options_section(section)->size, options_section(like)->size);
        assert_int_equal(options_section(section)->shape, options_section(like)->shape);
        assert_string_equal(options_section(section)->key, options_section(like)->key);
        for (size_t j = 0; (row = options_at(j)); j++)
            assert_true(row->section != section && row->section != like);
        enum options_section mine = section, its = like;
        while (options_next_child(like, &its)) {
            assert_true(options_next_child(section, &mine));
            assert_int_equal(mine, its);
        }
        assert_false(options_next_child(section, &mine));
    }
    assert_int_equal(alike, 1);
}

static bool is_key(enum options_section section, const char *key)
{
    enum options_section child;
    return options_find(section, key) || options_child(section, key, &child);
}

static void rules_name_options_of_their_section(void **state)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        assert_true(!row->needs || is_key(row->section, row->needs));
        assert_true(!row->excludes || is_key(row->section, row->excludes));
        assert_true(row->purpose == OPTIONS_NO_PURPOSE ||
                    row->section ==
                        (row->purpose == OPTIONS_PURPOSE_SOURCE ? OPTIONS_TOKENS : OPTIONS_ROUTE));
        assert_true(!row->scalar || options_scalar_form(row->section) == row);
        bool named = false;
        for (const struct value_name *name = row->value.names; name && name->name; name++)
            named = named || options_find(row->section, name->name);
        /* The banner of a probe may also be the route's `expect`. */
        if (row != options_find(OPTIONS_TARGET, "probe"))
            assert_int_equal(named, row->names_option);
    }
    for (int i = 0; i < OPTIONS_SECTION_COUNT; i++) {
        const struct options_section_row *section = options_section((enum options_section)i);
        assert_true(
            section->purpose == OPTIONS_NO_PURPOSE ||
            section->parent ==
                (section->purpose == OPTIONS_PURPOSE_SOURCE ? OPTIONS_TOKENS : OPTIONS_ROUTE));
        assert_true(!section->required || section->shape != OPTIONS_MAP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_fit_their_types_and_structs),
        cmocka_unit_test(limits_fit_the_field),
        cmocka_unit_test(defaults_parse_and_are_written_as_printed),
        cmocka_unit_test(flags_are_unique_and_whole),
        cmocka_unit_test(help_has_one_style),
        cmocka_unit_test(sections_lead_to_the_root),
        cmocka_unit_test(sections_that_are_alike),
        cmocka_unit_test(rules_name_options_of_their_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
