/*
 * A configuration yields findings or a snapshot. A snapshot that is printed and loaded again is
 * equal, and prints the same bytes again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "config/implied.h"
#include "config/options/snapshot.h"
#include "config/print/dump.h"
#include "config/rules/rules.h"
#include "config/schema.h"
#include "config/yaml/yaml_parse.h"
#include "lib/config_equal.h"

static const char *environment(void *owner, const char *name)
{
    if (strcmp(name, "A") == 0)
        return "/a";
    if (strcmp(name, "B") == 0)
        return "tcp://${A}$$:1";
    return strcmp(name, "C") == 0 ? "" : NULL;
}

static char *read_file(void *owner, const char *path, size_t most, size_t *length, const char **why)
{
    *why = "No such file or directory";
    *length = 0;
    if (strlen(path) % 4 == 0)
        return NULL;
    *length = strlen(path) % 64;
    char *text = strndup(path, *length);
    *length = text ? strlen(text) : 0;
    return text;
}

static char *run_command(void *owner, const char *const *words, size_t count, size_t *length,
                         char *why, size_t why_size)
{
    *length = 2;
    snprintf(why, why_size, "out of memory");
    return strdup("x\n");
}

static const struct scalar_inputs world = {environment, read_file, run_command, NULL};

static struct config *load(const char *text, size_t length, struct diag *diag)
{
    struct schema schema;
    struct config *config = snapshot_begin();
    struct yaml_tree *tree = yaml_parse_text("fuzz", text, length, diag);
    wsl_assert(config);
    if (tree) {
        schema_begin(&schema, config, &world, diag);
        schema_read(&schema, tree, "/etc/wsluice/");
        implied_apply(config, &schema.map, diag);
        rules_check(config, &schema.map.names, diag);
        schema_end(&schema);
    }
    yaml_tree_free(tree);
    diag_sort(diag);
    return config;
}

static void check_findings(struct diag *diag)
{
    char line[4096];
    for (size_t i = 0; i < diag->count && i < 100; i++) {
        const struct diag_finding *finding = &diag->findings[i];
        wsl_assert(i == 0 || finding[-1].where.line <= finding->where.line);
        wsl_assert(finding->where.line > 0 && finding->where.column > 0);
        wsl_assert(diag_format(finding, line, sizeof(line)) > 0);
        wsl_assert(!strchr(line, '\n'));
        struct text excerpt = {0};
        diag_excerpt(diag, finding, &excerpt);
        text_free(&excerpt);
    }
}

static char *print(const struct config *config, size_t *length)
{
    char *text;
    FILE *stream = open_memstream(&text, length);
    wsl_assert(stream);
    dump_config(config, stream);
    fclose(stream);
    return text;
}

static void check_round_trip(const struct config *config)
{
    size_t length, again_length;
    char *text = print(config, &length);
    /* A literal secret is printed as a variable, which `environment` does not have. */
    if (!strstr(text, "# not shown")) {
        struct diag diag;
        diag_init(&diag);
        struct config *again = load(text, length, &diag);
        wsl_assert(diag.errors == 0);
        wsl_assert(config_equal(config, again));
        char *twice = print(again, &again_length);
        wsl_assert(length == again_length && memcmp(text, twice, length) == 0);
        free(twice);
        config_release(again);
        diag_free(&diag);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag diag;
    diag_init(&diag);
    struct config *config = load((const char *)data, size, &diag);
    wsl_assert(!diag.starved);
    check_findings(&diag);
    if (diag.errors == 0)
        check_round_trip(config);
    config_release(config);
    diag_free(&diag);
    return 0;
}
