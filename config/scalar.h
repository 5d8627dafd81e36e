/*
 * One value of a file to one option of the snapshot: variables, texts that are kept in files of
 * their own, and paths that are relative to the file that names them.
 *
 * Owns: nothing. Thread: one. Errors: findings. Lifetime: a reader serves one file.
 */
#ifndef WSLUICE_CONFIG_SCALAR_H
#define WSLUICE_CONFIG_SCALAR_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/options.h"
#include "config/yaml/yaml_path.h"
#include "config/yaml/yaml_tree.h"

enum { SCALAR_FILE_MAX = 64 << 10 }; /* of a text in a file of its own */

/* What values may refer to outside of the text. */
struct scalar_world {
    const char *(*environment)(void *owner, const char *name); /* NULL: it is not set */
    /* The content of a file, to be freed; NULL: *why is a phrase such as "Permission denied". */
    char *(*read_file)(void *owner, const char *path, size_t most, size_t *length,
                       const char **why);
    void *owner;
};

struct scalar_reader {
    struct config *config;
    const struct scalar_world *world;
    struct diag *diag;
    const char *folder; /* of the file; absolute, ends with '/' */
};

/* The text of a node with its variables put in, to be freed. NULL: there is a finding. */
char *scalar_text(const struct scalar_reader *reader, const struct yaml_path *at,
                  const struct yaml_tree_node *node);

/* Sets one option, or adds one value to a list. False: there is a finding. */
bool scalar_set(const struct scalar_reader *reader, const struct yaml_path *at,
                const struct options_row *row, void *object, const struct yaml_tree_node *node);

/* The path from the root directory, to be freed. NULL: memory is out, and there is a finding. */
char *scalar_absolute(const struct scalar_reader *reader, const char *path);

#endif
