/*
 * Sets one option of the snapshot from one value of a file: replaces variables, reads texts from
 * their own files and from programs, and makes relative paths absolute.
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

/* The environment and files that values may refer to. */
struct scalar_inputs {
    const char *(*environment)(void *owner, const char *name); /* NULL: not set */
    /* The content of a file, for the caller to free; NULL: *why is text such as strerror's. */
    char *(*read_file)(void *owner, const char *path, size_t most, size_t *length,
                       const char **why);
    /* What a program prints, likewise; `why` gets a text. */
    char *(*run_command)(void *owner, const char *const *words, size_t count, size_t *length,
                         char *why, size_t why_size);
    void *owner;
};

struct scalar_reader {
    struct config *config;
    const struct scalar_inputs *world;
    struct diag *diag;
    const char *folder; /* of the file; absolute, ends with '/' */
};

/* The text of a node with its variables replaced, for the caller to free. NULL: a finding. */
char *scalar_text(const struct scalar_reader *reader, const struct yaml_path *at,
                  const struct yaml_tree_node *node);

/* Sets one option, or adds one value to a list. False: there is a finding. */
bool scalar_set(const struct scalar_reader *reader, const struct yaml_path *at,
                const struct options_row *row, void *object, const struct yaml_tree_node *node);

/* The absolute path, for the caller to free. NULL: memory is out, with a finding. */
char *scalar_absolute(const struct scalar_reader *reader, const char *path);

#endif
