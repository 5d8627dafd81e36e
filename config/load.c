#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/implied.h"
#include "config/options/snapshot.h"
#include "config/rules/admin.h"
#include "config/rules/rules.h"
#include "config/schema.h"
#include "config/source_text.h"
#include "config/yaml/yaml_parse.h"

/* A file that was read; device and inode tell whether it is included twice. */
struct loaded {
    struct yaml_tree *tree;
    dev_t device;
    ino_t inode;
};

struct loader {
    struct schema schema;
    struct diag *diag;
    struct config *config;
    char *here;         /* the current directory, with '/' at the end */
    bool show_absolute; /* the main file was given as an absolute path: show all paths so */
    struct loaded *files;
    size_t file_count;
};

static const char *get_environment(void *owner, const char *name)
{
    return getenv(name);
}

/* ---- reading ---- */

static char *read_file(void *owner, const char *path, size_t most, size_t *length, const char **why)
{
    struct stat info;
    struct loader *loader = owner;
    if (!config_note_file(loader->config, path)) {
        *why = "out of memory";
        return NULL;
    }
    return source_text_read(path, most, length, &info, why);
}

static char *run_command(void *owner, const char *const *words, size_t count, size_t *length,
                         char *why, size_t why_size)
{
    return source_text_run(words, count, SOURCE_TEXT_TIMEOUT_MS, length, why, why_size);
}

/* Stands for a secret that is not read. */
static char *run_nothing(void *owner, const char *const *words, size_t count, size_t *length,
                         char *why, size_t why_size)
{
    char *text = strdup("x");
    *length = 1;
    snprintf(why, why_size, "out of memory");
    return text;
}

static char *read_nothing(void *owner, const char *path, size_t most, size_t *length,
                          const char **why)
{
    char *text = strdup("x");
    *length = 1;
    *why = "out of memory";
    return text;
}

/* ---- files ---- */

/* The folder of an absolute path, with '/' at the end. */
static char *folder_of(const char *path)
{
    return strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
}

/* The path for findings: relative to the current directory, unless the main file is absolute. */
static const char *shown_path(const struct loader *loader, const char *path)
{
    size_t length = strlen(loader->here);
    return !loader->show_absolute && strncmp(path, loader->here, length) == 0 ? path + length
                                                                              : path;
}

static bool is_known(const struct loader *loader, const struct stat *info)
{
    for (size_t i = 0; i < loader->file_count; i++)
        if (loader->files[i].device == info->st_dev && loader->files[i].inode == info->st_ino)
            return true;
    return false;
}

/* Reads the file of an absolute path into the snapshot; `where`: the include that names it. */
static bool load_file(struct loader *loader, const char *path, struct config_place where)
{
    size_t length;
    const char *why, *name = shown_path(loader, path);
    struct stat info;
    struct loaded *file = &loader->files[loader->file_count];
    char *text = source_text_read(path, YAML_PARSE_SIZE_MAX, &length, &info, &why);
    if (!text) {
        diag_add(loader->diag, DIAG_ERROR, where, where.line ? "include" : NULL, NULL,
                 "cannot read '%s': %s", name, why);
        return false;
    }
    if (is_known(loader, &info)) {
        diag_add(loader->diag, DIAG_ERROR, where, "include", "include each file once",
                 "'%s' is included twice, or includes itself", name);
        explicit_bzero(text, length);
        free(text);
        return false;
    }
    *file = (struct loaded){.device = info.st_dev, .inode = info.st_ino};
    file->tree = yaml_parse_text(name, text, length, loader->diag);
    explicit_bzero(text, length);
    free(text);
    if (!file->tree)
        return false;
    loader->file_count++;
    char *folder = folder_of(path);
    if (folder)
        schema_read(&loader->schema, file->tree, folder);
    else
        diag_out_of_memory(loader->diag);
    free(folder);
    return folder != NULL;
}

static bool load_matches(struct loader *loader, const char *pattern, struct config_place where)
{
    glob_t matches;
    if (!config_note_file(loader->config, pattern)) {
        diag_out_of_memory(loader->diag);
        return false;
    }
    int status = glob(pattern, GLOB_ERR | GLOB_NOCHECK, NULL, &matches);
    if (status != 0) {
        diag_add(loader->diag, DIAG_ERROR, where, "include", NULL, "cannot search '%s': %s",
                 shown_path(loader, pattern),
                 status == GLOB_NOSPACE ? "out of memory" : strerror(errno));
        return false;
    }
    /* glob returns a pattern without matches itself: an empty conf.d is not an error. */
    bool nothing = matches.gl_pathc == 1 && strpbrk(pattern, "*?[") &&
                   strcmp(matches.gl_pathv[0], pattern) == 0;
    bool ok = true;
    for (size_t i = 0; i < matches.gl_pathc && !nothing; i++) {
        if (loader->file_count == LOAD_FILES_MAX) {
            diag_add(loader->diag, DIAG_ERROR, where, "include", NULL, "more than %d files",
                     LOAD_FILES_MAX);
            ok = false;
            break;
        }
        ok &= load_file(loader, matches.gl_pathv[i], where);
    }
    globfree(&matches);
    return ok;
}

static void load_includes(struct loader *loader)
{
    struct schema *schema = &loader->schema;
    /* Each file may add includes; no file is read twice, so this ends. */
    for (size_t i = 0; i < schema->include_count; i++)
        if (!load_matches(loader, schema->includes[i].pattern, schema->includes[i].where))
            schema->map.names.incomplete = true;
}

/* ---- the command line ---- */

static void *object_of(struct config *config, enum options_section section)
{
    return (char *)config + options_section(section)->offset; /* the root's offset is 0 */
}

static void override(struct loader *loader, const struct load_override *override)
{
    const struct options_row *row = override->row;
    char why[160], *path = NULL;
    if (row->value.type == VALUE_PATH && override->text[0] != '/' &&
        asprintf(&path, "%s%s", loader->here, override->text) < 0)
        path = NULL;
    enum value_verdict verdict =
        snapshot_set(loader->config, row, object_of(loader->config, row->section),
                     path ? path : override->text, why, sizeof(why));
    if (verdict != VALUE_OK)
        diag_add(loader->diag, DIAG_ERROR, config_place_none, row->key, NULL, "%s", why);
    if (row == options_find(OPTIONS_LOG, "file"))
        loader->config->log.target = CONFIG_LOG_FILE;
    free(path);
}

/* ---- loading ---- */

static bool begin(struct loader *loader, const char *path, char **absolute)
{
    char *here = getcwd(NULL, 0);
    *absolute = NULL;
    if (!here) {
        diag_add(loader->diag, DIAG_ERROR, config_place_none, NULL,
                 "start from a directory that exists", "the current directory: %s",
                 strerror(errno));
        return false;
    }
    if (asprintf(&loader->here, "%s%s", here, strcmp(here, "/") == 0 ? "" : "/") < 0)
        loader->here = NULL;
    free(here);
    loader->show_absolute = *path == '/';
    loader->config = snapshot_begin();
    loader->files = calloc(LOAD_FILES_MAX + 1, sizeof(*loader->files));
    if (!loader->here || asprintf(absolute, "%s%s", *path == '/' ? "" : loader->here, path) < 0)
        *absolute = NULL;
    if (*absolute && loader->config && loader->files)
        return true;
    diag_out_of_memory(loader->diag);
    return false;
}

static void load_all(struct loader *loader, const char *path, const struct load_request *request)
{
    const bool nothing = request->without_files;
    const struct scalar_inputs world = {.environment = get_environment,
                                        .read_file = nothing ? read_nothing : read_file,
                                        .run_command = nothing ? run_nothing : run_command,
                                        .owner = loader};
    schema_begin(&loader->schema, loader->config, &world, loader->diag);
    if (!config_note_file(loader->config, path))
        diag_out_of_memory(loader->diag);
    else if (load_file(loader, path, config_place_none))
        load_includes(loader);
    /* An incomplete snapshot would cause findings that the files are not to blame for. */
    if (loader->schema.map.top.file && !loader->diag->starved) {
        implied_apply(loader->config, &loader->schema.map, loader->diag);
        for (size_t i = 0; i < request->override_count; i++)
            override(loader, &request->overrides[i]);
        rules_check(loader->config, &loader->schema.map.names, loader->diag);
        if (request->inspect && !loader->diag->starved)
            request->inspect(request->inspect_owner, loader->config, &loader->schema.map.names,
                             loader->diag);
    }
    schema_end(&loader->schema);
}

const struct config *load_config(const struct load_request *request, struct diag *diag)
{
    struct loader loader = {.diag = diag};
    char *absolute;
    if (*request->path == '\0') {
        diag_add(diag, DIAG_ERROR, config_place_none, NULL, NULL, "the file name is empty");
        return NULL;
    }
    if (begin(&loader, request->path, &absolute))
        load_all(&loader, absolute, request);
    for (size_t i = 0; i < loader.file_count; i++)
        yaml_tree_free(loader.files[i].tree);
    free(loader.files);
    free(loader.here);
    free(absolute);
    if (diag->errors == 0 && !admin_attach(loader.config))
        diag_out_of_memory(diag);
    diag_sort(diag);
    if (diag->errors == 0)
        return loader.config;
    config_release(loader.config);
    return NULL;
}
