#include "config/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/secret.h"
#include "base/text/text.h"
#include "config/model/url.h"
#include "config/options/snapshot.h"
#include "config/source_text.h"
#include "config/yaml/variables.h"

enum { QUOTED_MAX = 60 };

static const char unix_prefix[] = "unix:";

char *scalar_text(const struct scalar_reader *reader, const struct yaml_path *at,
                  const struct yaml_tree_node *node)
{
    const char *problem = NULL, *remedy = NULL;
    char why[160];
    if (node->kind != YAML_TREE_SCALAR) {
        problem = node->kind == YAML_TREE_MAPPING ? "must be one value, not a mapping"
                                                  : "must be one value, not a list";
    } else if (node->is_null) {
        problem = "has no value";
        remedy = "remove it to use the default";
    } else {
        char *text = variables_expand(node->text, reader->world->environment, reader->world->owner,
                                      why, sizeof(why), &remedy);
        if (text)
            return text;
        problem = why;
    }
    yaml_path_report(at, reader->diag, node->where, remedy, "%s", problem);
    return NULL;
}

char *scalar_absolute(const struct scalar_reader *reader, const char *path)
{
    char *absolute;
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    if (asprintf(&absolute, "%s%s", *path == '/' ? "" : reader->folder, path) >= 0)
        return absolute;
    diag_out_of_memory(reader->diag);
    return NULL;
}

/* The value with an absolute path. Takes `text`. */
static char *with_absolute_path(const struct scalar_reader *reader, const struct options_row *row,
                                char *text)
{
    enum value_type type = row->value.type;
    char *path = NULL, *result = text;
    if (type == VALUE_PATH && *text) {
        result = scalar_absolute(reader, text);
        secret_free_text(text);
        return result;
    }
    if ((type != VALUE_LISTEN && type != VALUE_TARGET) ||
        strncmp(text, unix_prefix, strlen(unix_prefix)) != 0)
        return text;
    const char *name = text + strlen(unix_prefix);
    if (*name == '\0' || *name == '@' || *name == '/')
        return text;
    path = scalar_absolute(reader, name);
    if (!path) {
        result = NULL;
    } else if (asprintf(&result, "%s%s", unix_prefix, path) < 0) {
        result = NULL;
        diag_out_of_memory(reader->diag);
    }
    free(path);
    secret_free_text(text);
    return result;
}

/* Excerpts below findings must not show secrets. */
static void hide(const struct scalar_reader *reader, const struct options_row *row,
                 const struct yaml_tree_node *node)
{
    bool secret =
        row->secret || (node->kind == YAML_TREE_SCALAR && url_may_have_password(node->text));
    if (secret && !(node->kind == YAML_TREE_SCALAR && strstr(node->text, "${")))
        diag_hide(reader->diag, node->where, node->end);
}

static bool set_text(const struct scalar_reader *reader, const struct yaml_path *at,
                     const struct options_row *row, void *object, const struct yaml_tree_node *node,
                     const char *text)
{
    char why[256];
    size_t length = strlen(text);
    switch (snapshot_set(reader->config, row, object, text, why, sizeof(why))) {
    case VALUE_OK:
        return true;
    case VALUE_NO_MEMORY:
        diag_out_of_memory(reader->diag);
        return false;
    case VALUE_MALFORMED:
    case VALUE_BAD_PORT:
    case VALUE_OUT_OF_RANGE:
        break;
    }
    if (row->secret || length == 0 || url_may_have_password(text))
        yaml_path_report(at, reader->diag, node->where, NULL, "%s", why);
    else
        yaml_path_report(at, reader->diag, node->where, NULL, "%s%s '%.*s%s'", why,
                         strstr(why, "must be") ? ", not" : ":", QUOTED_MAX, text,
                         length > QUOTED_MAX ? "..." : "");
    return false;
}

static bool note(const struct scalar_reader *reader, const struct options_row *row,
                 const void *object, enum config_secret_source origin, const char *reference)
{
    const char *stored;
    if (!row->secret)
        return true;
    memcpy(&stored, (const char *)object + row->offset, sizeof(stored));
    if (config_note_secret_source(reader->config, stored, origin, reference))
        return true;
    diag_out_of_memory(reader->diag);
    return false;
}

/* ---- texts from files ---- */

/* Takes the newline off its end; `source` is what it is from. False: it is reported, and wiped. */
static bool trim(const struct scalar_reader *reader, const struct yaml_path *at,
                 const struct yaml_tree_node *node, const char *source, char *text, size_t length)
{
    const char *fault = source_text_trim(text, length);
    if (!fault)
        return true;
    yaml_path_report(at, reader->diag, node->where, NULL, "'%s' %s", source, fault);
    secret_free(text, length);
    return false;
}

/* `name` is the path as it was written, for findings. */
static char *read_text(const struct scalar_reader *reader, const struct yaml_path *at,
                       const struct yaml_tree_node *node, const char *path, const char *name)
{
    size_t length;
    const char *why;
    char *text =
        reader->world->read_file(reader->world->owner, path, SOURCE_TEXT_MAX, &length, &why);
    if (text)
        return trim(reader, at, node, name, text, length) ? text : NULL;
    yaml_path_report(at, reader->diag, node->where, NULL, "cannot read '%s': %s", name, why);
    return NULL;
}

static bool set_from_file(const struct scalar_reader *reader, const struct yaml_path *at,
                          const struct options_row *row, void *object,
                          const struct yaml_tree_node *node)
{
    const struct yaml_tree_node *value = node->pairs[0].value;
    char *name = scalar_text(reader, at, value);
    char *path = name ? scalar_absolute(reader, name) : NULL;
    char *text = path ? read_text(reader, at, value, path, name) : NULL;
    bool ok = text && set_text(reader, at, row, object, value, text) &&
              note(reader, row, object, CONFIG_ORIGIN_FILE, path);
    secret_free_text(text);
    free(path);
    free(name);
    return ok;
}

/* Is it {KEY: ...}? */
static bool has_only(const struct yaml_tree_node *node, const char *key)
{
    return node->kind == YAML_TREE_MAPPING && node->count == 1 &&
           strcmp(node->pairs[0].key->text, key) == 0;
}

/* ---- texts from programs ---- */

static void free_words(char **words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(words[i]);
    free(words);
}

/* One word, or a list of them. *count: those that there are, even if it returns NULL. */
static char **read_words(const struct scalar_reader *reader, const struct yaml_path *at,
                         const struct yaml_tree_node *node, size_t *count)
{
    bool list = node->kind == YAML_TREE_SEQUENCE;
    size_t wanted = list ? node->count : 1;
    char **words = calloc(wanted + 1, sizeof(*words));
    *count = 0;
    if (!words)
        diag_out_of_memory(reader->diag);
    while (words && *count < wanted) {
        words[*count] = scalar_text(reader, at, list ? node->items[*count] : node);
        if (!words[*count])
            break;
        ++*count;
    }
    if (words && *count == wanted && wanted > 0 && *words[0])
        return words;
    if (words && *count == wanted)
        yaml_path_report(at, reader->diag, node->where, "write [PROGRAM, ARGUMENT, ...]",
                         "has no program");
    free_words(words, *count);
    return NULL;
}

/* The words, each with CONFIG_WORD_END behind it; NULL: memory is out. */
static char *join_words(char *const *words, size_t count)
{
    struct text joined = {0};
    size_t length;
    for (size_t i = 0; i < count; i++) {
        text_add_string(&joined, words[i]);
        text_add_byte(&joined, CONFIG_WORD_END);
    }
    return text_take(&joined, &length);
}

static char *run_words(const struct scalar_reader *reader, const struct yaml_path *at,
                       const struct yaml_tree_node *node, char *const *words, size_t count)
{
    size_t length;
    char why[160];
    char *text = reader->world->run_command(reader->world->owner, (const char *const *)words, count,
                                            &length, why, sizeof(why));
    if (text)
        return trim(reader, at, node, words[0], text, length) ? text : NULL;
    yaml_path_report(at, reader->diag, node->where, NULL, "cannot run '%s': %s", words[0], why);
    return NULL;
}

static bool set_from_command(const struct scalar_reader *reader, const struct yaml_path *at,
                             const struct options_row *row, void *object,
                             const struct yaml_tree_node *node)
{
    const struct yaml_tree_node *value = node->pairs[0].value;
    size_t count;
    char **words = read_words(reader, at, value, &count);
    if (!words)
        return false;
    char *reference = join_words(words, count);
    char *text = reference ? run_words(reader, at, value, words, count) : NULL;
    if (!reference)
        diag_out_of_memory(reader->diag);
    bool ok = text && set_text(reader, at, row, object, value, text) &&
              note(reader, row, object, CONFIG_ORIGIN_COMMAND, reference);
    secret_free_text(text);
    free(reference);
    free_words(words, count);
    return ok;
}

bool scalar_set(const struct scalar_reader *reader, const struct yaml_path *at,
                const struct options_row *row, void *object, const struct yaml_tree_node *node)
{
    if (row->value.type == VALUE_TEXT && has_only(node, "file"))
        return set_from_file(reader, at, row, object, node);
    if (row->value.type == VALUE_TEXT && row->secret && has_only(node, "command"))
        return set_from_command(reader, at, row, object, node);
    hide(reader, row, node);
    char *text = scalar_text(reader, at, node);
    if (text)
        text = with_absolute_path(reader, row, text);
    bool ok = text && set_text(reader, at, row, object, node, text);
    if (ok && variables_is_one(node->text))
        ok = note(reader, row, object, CONFIG_ORIGIN_ENVIRONMENT, node->text);
    secret_free_text(text);
    return ok;
}
