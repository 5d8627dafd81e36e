/*
 * Loads a configuration from a text: its snapshot and its findings. The environment has one
 * variable, SET, and the only file that can be read is /etc/wsluice/secret.
 *
 * Owns: everything, until text_config_free. Thread: one. Errors: none but findings.
 */
#ifndef WSLUICE_TESTS_LIB_TEXT_CONFIG_H
#define WSLUICE_TESTS_LIB_TEXT_CONFIG_H

#include "config/implied.h"
#include "config/options/snapshot.h"
#include "config/rules/rules.h"
#include "config/schema.h"
#include "config/yaml/yaml_parse.h"

struct text_config {
    struct config *config;
    struct diag diag;
    struct yaml_tree *tree;
    struct schema schema;
};

static inline const char *text_config_environment(void *owner, const char *name)
{
    return strcmp(name, "SET") == 0 ? "value" : NULL;
}

static inline char *text_config_file(void *owner, const char *path, size_t most, size_t *length,
                                     const char **why)
{
    *why = "No such file";
    *length = strlen("content\n");
    return strcmp(path, "/etc/wsluice/secret") == 0 ? strdup("content\n") : NULL;
}

static inline char *text_config_command(void *owner, const char *const *words, size_t count,
                                        size_t *length, char *why, size_t why_size)
{
    snprintf(why, why_size, "it has ended with status 1");
    if (strcmp(words[0], "pass") != 0)
        return NULL;
    char *text;
    int printed = asprintf(&text, "%s-%zu\n", words[count - 1], count);
    *length = (size_t)printed;
    return text;
}

/* Reads with implied options, without the rules. */
static inline void text_config_read(struct text_config *loaded, const char *text)
{
    static const struct scalar_inputs world = {text_config_environment, text_config_file,
                                               text_config_command, NULL};
    diag_init(&loaded->diag);
    loaded->config = snapshot_begin();
    loaded->tree = yaml_parse_text("f", text, strlen(text), &loaded->diag);
    schema_begin(&loaded->schema, loaded->config, &world, &loaded->diag);
    if (!loaded->tree)
        return;
    schema_read(&loaded->schema, loaded->tree, "/etc/wsluice/");
    implied_apply(loaded->config, &loaded->schema.map, &loaded->diag);
}

static inline void text_config_load(struct text_config *loaded, const char *text)
{
    text_config_read(loaded, text);
    rules_check(loaded->config, &loaded->schema.map.names, &loaded->diag);
    diag_sort(&loaded->diag);
}

static inline void text_config_free(struct text_config *loaded)
{
    schema_end(&loaded->schema);
    yaml_tree_free(loaded->tree);
    diag_free(&loaded->diag);
    config_release(loaded->config);
}

/* Expects one finding; "": none. */
static inline void text_config_expect(const char *text, const char *expected)
{
    struct text_config loaded;
    char line[500] = "";
    text_config_load(&loaded, text);
    if (loaded.diag.count > 0)
        diag_format(&loaded.diag.findings[0], line, sizeof(line));
    if (loaded.diag.count != (*expected ? 1 : 0) || !strstr(line, expected))
        fail_msg("%s\nexpected '%s', has %zu: '%s'", text, expected, loaded.diag.count, line);
    text_config_free(&loaded);
}

#endif
