#include "config/yaml/yaml_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

/* The tree as one line: mappings {k: v}, sequences [a], texts in quotes, null as ~. */
static void print(const struct yaml_tree_node *node, FILE *stream)
{
    switch (node->kind) {
    case YAML_TREE_SCALAR:
        fprintf(stream, node->is_null ? "~" : "'%s'", node->text);
        break;
    case YAML_TREE_SEQUENCE:
        fputc('[', stream);
        for (size_t i = 0; i < node->count; i++) {
            fputs(i ? ", " : "", stream);
            print(node->items[i], stream);
        }
        fputc(']', stream);
        break;
    case YAML_TREE_MAPPING:
        fputc('{', stream);
        for (size_t i = 0; i < node->count; i++) {
            fprintf(stream, "%s%s%s: ", i ? ", " : "", node->pairs[i].first ? "!" : "",
                    node->pairs[i].key->text);
            print(node->pairs[i].value, stream);
        }
        fputc('}', stream);
        break;
    }
}

static struct yaml_tree *parse(const char *text, struct diag *diag)
{
    diag_init(diag);
    return yaml_parse_text("test.yaml", text, strlen(text), diag);
}

static void gives(const char *text, const char *expected)
{
    struct diag diag;
    struct yaml_tree *tree = parse(text, &diag);
    if (!tree)
        fail_msg("%s: %s", text, diag.findings[0].message);
    char *line;
    size_t size;
    FILE *stream = open_memstream(&line, &size);
    if (yaml_tree_root(tree))
        print(yaml_tree_root(tree), stream);
    fclose(stream);
    assert_string_equal(line, expected);
    free(line);
    yaml_tree_free(tree);
    diag_free(&diag);
}

static void refuses(const char *text, unsigned line, unsigned column, const char *message)
{
    struct diag diag;
    assert_null(parse(text, &diag));
    assert_int_equal(diag.errors, 1);
    if (!strstr(diag.findings[0].message, message))
        fail_msg("expected '%s': %s", message, diag.findings[0].message);
    assert_int_equal(diag.findings[0].where.line, line);
    assert_int_equal(diag.findings[0].where.column, column);
    diag_free(&diag);
}

static void keeps_scalars_as_written(void **state)
{
    gives("", "");
    gives("# nothing\n", "");
    gives("a", "'a'");
    gives("a: 1\nb: [x, 'y z', \"\\t\"]\nc: {d: on}\n",
          "{a: '1', b: ['x', 'y z', '\t'], c: {d: 'on'}}");
    gives("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", "{a: ~, b: ~, c: ~, d: '', e: 'null'}");
    gives("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a: 'x\ny\n', b: 'x y'}");
    gives("\xef\xbb\xbf"
          "a: \xc3\xa9\n",
          "{a: '\xc3\xa9'}");
    gives("!!str a", "'a'");
    gives("[]", "[]");
    gives("{}", "{}");
}

static void records_positions(void **state)
{
    struct diag diag;
    struct yaml_tree *tree = parse("a: 1\nb:\n  - \xc3\xa9\xc3\xa9: x\n", &diag);
    const struct yaml_tree_node *root = yaml_tree_root(tree);
    assert_string_equal(root->where.file, "test.yaml");
    const struct yaml_tree_pair *pair = yaml_tree_find(root, "b");
    assert_int_equal(pair->key->where.line, 2);
    assert_int_equal(pair->key->where.column, 1);
    const struct yaml_tree_node *value = pair->value->items[0]->pairs[0].value;
    assert_int_equal(value->where.line, 3);
    assert_int_equal(value->where.column, 9); /* characters, not bytes */
    assert_int_equal(value->end.column, 10);
    assert_null(yaml_tree_find(root, "c"));
    assert_null(yaml_tree_find(value, "c"));
    assert_null(yaml_tree_find(NULL, "c"));
    yaml_tree_free(tree);
    diag_free(&diag);
}

static void marks_repeated_keys(void **state)
{
    gives("{a: 1, b: 2, a: 3, a: 4}", "{a: '1', b: '2', !a: '3', !a: '4'}");
}

static void unfolds_aliases(void **state)
{
    gives("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n",
          "{a: ['1', '2'], b: ['1', '2'], c: '3', d: '3'}");
    refuses("a: *x\n", 1, 4, "there is no anchor");
    refuses("a: &x [1, *x]\n", 1, 11, "contains it");
    refuses("&x {a: {b: *x}}", 1, 12, "contains it");
}

static void merges_mappings(void **state)
{
    gives("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: {c: 4, <<: *x}\n",
          "{a: {b: '1', c: '2'}, d: {c: '3', b: '1'}, e: {c: '4', b: '1'}}");
    gives("- &x {a: 1}\n- &y {a: 2, b: 3}\n- {<<: [*x, *y]}\n",
          "[{a: '1'}, {a: '2', b: '3'}, {a: '1', b: '3'}]");
    refuses("a: {<<: 3}", 1, 5, "can only merge mappings");
    refuses("a: {<<: [3]}", 1, 5, "can only merge mappings");
}

static void limits_the_cost_of_a_text(void **state)
{
    char text[1000] = "";
    size_t used = 0;
    for (int i = 0; i < 32; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "[");
    for (int i = 0; i < 32; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "]");
    char *line = strdup(text);
    gives(text, line);
    snprintf(text, sizeof(text), "[%s]", line);
    refuses(text, 1, 33, "deeper than 32");
    free(line);

    /* Nine levels of nine: 387 million values in 300 bytes. */
    used = (size_t)snprintf(text, sizeof(text), "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c <= 'i'; c++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1,
                                 c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    struct diag diag;
    assert_null(parse(text, &diag));
    assert_string_equal(diag.findings[0].message,
                        "more than 2000000 values, counting those that each alias stands for");
    diag_free(&diag);
}

/* The phrases of libyaml are those of somebody who writes a parser. */
static void usual_mistakes_have_a_remedy(void **state)
{
    const char *const cases[][2] = {
        {"a:\n\tb: 1\n", "indent with spaces, not with tabs"},
        {"a:\n  \t@b: 1", "indent with spaces, not with tabs"},
        {"a: @b\n", "quote texts that begin with '@'"},
        {"a: *.example.com\n", "quote texts that begin with '*'"},
        {"a: b: c\n", "write a space after the ':'"},
        {"a: [:443]\n", "quote texts that begin with '['"},
        {"a: [1\nb: 2\n", "close each bracket"},
        {"a:\n  - b: 1\n   c: 2\n", "indent this line like the others"},
        {"a:\n  b: 1\n c: 2\n", "indent this line like the others"},
        {"a: 1\nb\nc: 2\n", "write NAME: VALUE"},
        {"[a]\nb = 1\n", "write NAME: VALUE"},
        {"a: \"b\n", "close the quote"},
        {"a: \1\n", "remove the character"},
        {"a: \xff\n", "write the file in UTF-8"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct diag diag;
        assert_null(parse(cases[i][0], &diag));
        if (!diag.findings[0].remedy || !strstr(diag.findings[0].remedy, cases[i][1]))
            fail_msg("%s: %s; %s", cases[i][0], diag.findings[0].message,
                     diag.findings[0].remedy ? diag.findings[0].remedy : "nothing");
        if (strstr(diag.findings[0].remedy, "tabs") && strstr(diag.findings[0].remedy, "quote"))
            fail_msg("%s: two remedies: %s", cases[i][0], diag.findings[0].remedy);
        diag_free(&diag);
    }
}

static void refuses_large_texts(void **state)
{
    size_t length = YAML_PARSE_SIZE_MAX + 1;
    char *text = malloc(length);
    struct diag diag;
    memset(text, ' ', length);
    diag_init(&diag);
    assert_null(yaml_parse_text("test.yaml", text, length, &diag));
    assert_string_equal(diag.findings[0].message, "the file is larger than 16 MiB");
    diag_free(&diag);
    free(text);
}

static void refuses_other_yaml(void **state)
{
    refuses("a: [1\n", 2, 1, "not YAML: ");
    refuses("a: 1\n---\nb: 2\n", 2, 1, "second document");
    refuses("a: !x 1\n", 1, 4, "tags are not");
    refuses("!x {a: 1}\n", 1, 1, "tags are not");
    refuses("? {a: 1}\n: 2\n", 1, 3, "a key must be a name");
    refuses("\"\\0\"", 1, 1, "NUL");
    refuses("a: \xff\xfe\n", 1, 4, "not text: ");
    refuses("a: 1\nb: \xc3\xa9\xff\n", 2, 5, "not text: invalid leading UTF-8 octet, at byte 10");
    refuses("a: 1\n\nb: \1\n", 3, 4, "not text: control characters");
    refuses("a: 1\nb\nc: 2\n", 2, 1, "not YAML: could not find expected ':'");
}

/* Every beginning of a text is a tree or a finding. */
static void parses_every_prefix(void **state)
{
    const char text[] = "a: &x {b: [1, \"\xc3\xa9\\n\"], <<: {c: d}}\ne: *x\n? f\n: |\n  g\n--- \n";
    for (size_t length = 0; length < sizeof(text); length++) {
        struct diag diag;
        diag_init(&diag);
        struct yaml_tree *tree = yaml_parse_text("test.yaml", text, length, &diag);
        assert_int_equal(tree == NULL, diag.errors == 1);
        yaml_tree_free(tree);
        diag_free(&diag);
    }
}

static void survives_without_memory(void **state)
{
    const char *text = "a: &x {b: [1, 2, 3], c: {d: e}}\nf: {<<: *x}\ng: *x\n";
    bool failed = true;
    for (unsigned call = 1; failed; call++) {
        struct diag diag;
        failing_alloc_arm(call);
        struct yaml_tree *tree = parse(text, &diag);
        failed = failing_alloc_disarm();
        assert_true(failed ? tree == NULL && diag.errors > 0 : tree != NULL);
        yaml_tree_free(tree);
        diag_free(&diag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_scalars_as_written),
        cmocka_unit_test(records_positions),
        cmocka_unit_test(marks_repeated_keys),
        cmocka_unit_test(unfolds_aliases),
        cmocka_unit_test(merges_mappings),
        cmocka_unit_test(limits_the_cost_of_a_text),
        cmocka_unit_test(usual_mistakes_have_a_remedy),
        cmocka_unit_test(refuses_large_texts),
        cmocka_unit_test(refuses_other_yaml),
        cmocka_unit_test(parses_every_prefix),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
