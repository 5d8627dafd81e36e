#include "serve/tokens/token_directory.h"

#include "core/tokens/token_file.h"
#include "serve/tokens/file/token_files.h"
#include "serve/tokens/file/token_table.h"
#include "serve/tokens/token_folder.h"

struct token_directory {
    struct token_source source;
    char *path;
};

static struct token_directory *directory_of(struct token_source *source)
{
    return WSL_CONTAINER(source, struct token_directory, source);
}

static enum reason read_target(const char *path, struct slice token,
                               struct token_destination *destination)
{
    char text[1024];
    size_t length;
    struct token_target target;
    if (!token_files_read_named(path, token, text, sizeof(text), &length, destination->detail,
                                sizeof(destination->detail)))
        return destination->detail[0] ? REASON_token_source : REASON_token_unknown;
    const char *fault = token_file_target((struct slice){text, length}, &target);
    uint16_t port = fault ? 0 : token_table_port(&target);
    if (!fault && !target.is_unix && port == 0)
        fault = "the target's port is no service of this machine";
    if (fault) {
        snprintf(destination->detail, sizeof(destination->detail), "the file of the token: %s",
                 fault);
        return REASON_token_source;
    }
    token_destination_set(destination, target.is_unix, target.host, port);
    return REASON_none;
}

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    *reason = read_target(directory_of(source)->path, question->token, wait->destination);
    return true;
}

static bool describe(struct token_source *source, char *text, size_t size)
{
    return token_folder_describe(directory_of(source)->path, "a file for each token", text, size);
}

static void release(struct token_source *source)
{
    struct token_directory *directory = directory_of(source);
    free(directory->path);
    free(directory);
}

static const struct token_source_ops ops = {release, find, NULL, describe};

struct token_source *token_directory_create(const struct config_tokens *tokens, char *error,
                                            size_t error_size)
{
    const char *path = config_token_source_name(tokens);
    if (!token_folder_check(path, "a file for each token", error, error_size))
        return NULL;
    struct token_directory *directory = malloc(sizeof(*directory));
    char *copy = strdup(path);
    if (directory && copy) {
        *directory = (struct token_directory){.source.ops = &ops, .path = copy};
        return &directory->source;
    }
    snprintf(error, error_size, "out of memory");
    free(directory);
    free(copy);
    return NULL;
}
