#include "serve/tokens/token_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "core/tokens/token_file.h"
#include "net/connect/dial_socket.h"
#include "serve/tokens/token_folder.h"

#define PATH_LENGTH_MAX 200 /* of the folder, so that there is room for any name in it */

static const char what[] = "a socket for each token";

struct token_sockets {
    struct token_source source;
    char *path;
    char shown[]; /* "unix:PATH/" and a '*' */
};

static struct token_sockets *sockets_of(struct token_source *source)
{
    return WSL_CONTAINER(source, struct token_sockets, source);
}

/* 0: a socket in the folder; else an errno. */
static int check_socket(int folder, struct slice token)
{
    char name[256];
    memcpy(name, token.ptr, token.len);
    name[token.len] = '\0';
    int fd = fd_locate(folder, name, O_NOFOLLOW);
    int error = fd < 0 ? errno : dial_socket_check(fd);
    if (fd >= 0)
        close(fd);
    explicit_bzero(name, sizeof(name));
    return error;
}

static enum reason fail(const struct token_sockets *sockets, int error,
                        struct token_destination *destination)
{
    snprintf(destination->detail, sizeof(destination->detail), "%s: %s", sockets->path,
             strerror(error));
    return REASON_token_source;
}

static enum reason find_socket(const struct token_sockets *sockets, struct slice token,
                               struct token_destination *destination)
{
    char path[TOKEN_DESTINATION_TEXT];
    int folder = fd_locate(AT_FDCWD, sockets->path, O_DIRECTORY);
    if (folder < 0)
        return fail(sockets, errno, destination);
    int error = token_file_is_name(token) ? check_socket(folder, token) : ENOENT;
    close(folder);
    if (error == EACCES || error == EMFILE || error == ENFILE || error == ENOMEM)
        return fail(sockets, error, destination);
    if (error != 0)
        return REASON_token_unknown;
    int length = snprintf(path, sizeof(path), "%s/%.*s", sockets->path, (int)token.len, token.ptr);
    token_destination_set(destination, true, (struct slice){path, (size_t)length}, 0);
    destination->shown = sockets->shown;
    destination->no_link = true;
    explicit_bzero(path, sizeof(path));
    return REASON_none;
}

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    *reason = find_socket(sockets_of(source), question->token, wait->destination);
    return true;
}

static bool describe(struct token_source *source, char *text, size_t size)
{
    return token_folder_describe(sockets_of(source)->path, what, text, size);
}

static void release(struct token_source *source)
{
    struct token_sockets *sockets = sockets_of(source);
    free(sockets->path);
    free(sockets);
}

static const struct token_source_ops ops = {release, find, NULL, describe};

struct token_source *token_sockets_create(const struct config_tokens *tokens, char *error,
                                          size_t error_size)
{
    size_t length = strlen(tokens->sockets), size = length + sizeof("unix:/*");
    if (length > PATH_LENGTH_MAX) {
        snprintf(error, error_size, "tokens: %.64s...: a folder whose path is longer than %d bytes",
                 tokens->sockets, PATH_LENGTH_MAX);
        return NULL;
    }
    if (!token_folder_check(tokens->sockets, what, error, error_size))
        return NULL;
    struct token_sockets *sockets = malloc(sizeof(*sockets) + size);
    char *path = strdup(tokens->sockets);
    if (!sockets || !path) {
        snprintf(error, error_size, "out of memory");
        free(sockets);
        free(path);
        return NULL;
    }
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    sockets->source = (struct token_source){.ops = &ops};
    sockets->path = path;
    snprintf(sockets->shown, size, "unix:%s/*", path);
    return &sockets->source;
}
