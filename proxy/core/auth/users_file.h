/*
 * The text of a users file: one "USER:HASH" per line, as htpasswd and `wsluice passwd` write it.
 *
 * - USER is valid UTF-8 without control characters, colons, or white space at its ends. It does not
 *   begin with "#".
 * - HASH is one of crypt(3): yescrypt ($y$), bcrypt ($2a$, $2b$, $2y$), SHA-512 ($6$), SHA-256
 *   ($5$). Anything else is a fault, above all a plain password, and so is a cost that would keep a
 *   thread busy for minutes or fill the memory.
 * - A line that is empty or begins with "#" is ignored. Lines end with LF or CR LF; a byte order
 *   mark at the beginning is skipped. White space at the end of a line does not count.
 *
 * Pure. Owns: nothing. Thread: any. Errors: USERS_FILE_FAULT with a phrase that says what to do and
 * never quotes the line, which may hold a password. Lifetime: slices borrow the text.
 */
#ifndef WSLUICE_CORE_AUTH_USERS_FILE_H
#define WSLUICE_CORE_AUTH_USERS_FILE_H

#include "base/base.h"

#define USERS_NAME_MAX 128 /* bytes */
#define USERS_HASH_MAX 255

/* KIND(name, as it is called, prefix of its hashes) */
#define USERS_HASH_TABLE(KIND)                                                                     \
    KIND(yescrypt, "yescrypt", "$y$")                                                              \
    KIND(bcrypt, "bcrypt", "$2b$")                                                                 \
    KIND(sha512, "SHA-512", "$6$")                                                                 \
    KIND(sha256, "SHA-256", "$5$")

#define USERS_HASH_ENUM(name, title, prefix) USERS_HASH_##name,
enum users_hash { USERS_HASH_TABLE(USERS_HASH_ENUM) USERS_HASHES };
#undef USERS_HASH_ENUM

struct users_line {
    struct slice name, hash;
    struct slice whole; /* the line with its end, as it stands in the text */
    enum users_hash kind;
    bool named; /* of a fault: it is USER:SOMETHING with a good name, in `name`, and no more colons
                 */
};

struct users_cursor {
    struct slice rest;
    unsigned line; /* number of the line that was read last */
};

enum users_file_verdict {
    USERS_FILE_LINE,
    USERS_FILE_FAULT, /* of this line; the next call continues behind it */
    USERS_FILE_END,
};

/* The cursor begins with the whole text and line 0. */
WSL_MUST_CHECK enum users_file_verdict users_file_next(struct users_cursor *cursor,
                                                       struct users_line *line, const char **fault);

/* NULL, or a phrase: what is wrong with the name of a user. */
WSL_MUST_CHECK const char *users_file_name(struct slice name);

/* NULL, or a phrase: why this is no hash that a users file may have. */
WSL_MUST_CHECK const char *users_file_hash(struct slice hash, enum users_hash *kind);

#endif
