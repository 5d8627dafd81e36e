/*
 * A new folder for each test, and helpers for files, folders and links in it.
 *
 * Owns: the folder, which token_folder_close removes. Thread: one. Errors: assertions. Lifetime:
 * set-up and tear-down of a test; one include per program.
 */
#ifndef WSLUICE_TESTS_TOKEN_FOLDER_H
#define WSLUICE_TESTS_TOKEN_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    char root[64], path[256];
    int fd;
} token_folder;

static inline const char *token_folder_root(void)
{
    return token_folder.root;
}

/* Until the next call. */
static inline const char *token_folder_path(const char *name)
{
    snprintf(token_folder.path, sizeof(token_folder.path), "%s/%s", token_folder.root, name);
    return token_folder.path;
}

static inline int token_folder_open(void **state)
{
    (void)state;
    snprintf(token_folder.root, sizeof(token_folder.root), "/tmp/wsluice-folder-XXXXXX");
    assert_non_null(mkdtemp(token_folder.root));
    token_folder.fd = open(token_folder.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(token_folder.fd >= 0);
    return 0;
}

static inline int token_folder_remove_cb(const char *path, const struct stat *info, int type,
                                         struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline void token_folder_clear(const char *name)
{
    const char *path = token_folder_path(name);
    assert_int_equal(nftw(path, token_folder_remove_cb, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int token_folder_close(void **state)
{
    (void)state;
    close(token_folder.fd);
    token_folder_clear("");
    return 0;
}

static inline void token_folder_write(const char *name, const char *text)
{
    FILE *file = fopen(token_folder_path(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void token_folder_remove(const char *name)
{
    assert_int_equal(unlinkat(token_folder.fd, name, 0), 0);
}

static inline void token_folder_make(const char *name)
{
    assert_int_equal(mkdirat(token_folder.fd, name, 0700), 0);
}

static inline void token_folder_link(const char *to, const char *name)
{
    assert_int_equal(symlinkat(to, token_folder.fd, name), 0);
}

static inline void token_folder_move(const char *from, const char *to)
{
    assert_int_equal(renameat(token_folder.fd, from, token_folder.fd, to), 0);
}

#endif
