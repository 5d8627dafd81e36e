#include "core/auth/users_file.h"

#include "base/ascii.h"
#include "base/text/utf8.h"

#define REMEDY "set the password with `wsluice passwd FILE USER`"

/* What is more takes longer than a handshake may, or more memory than a bridge should. */
#define BCRYPT_COST_MIN     4
#define BCRYPT_COST_MAX     16
#define ROUNDS_MIN          1000
#define ROUNDS_MAX          5000000
#define YESCRYPT_MEMORY_MAX (UINT64_C(256) << 20)
#define YESCRYPT_SALT_MAX   86
#define SHA_SALT_MAX        16

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- hashes ---- */

/* The place in crypt's own base-64 alphabet; -1: not of it. */
static int digit_of(char c)
{
    if (c == '.' || c == '/')
        return c - '.';
    if (ascii_is_digit(c))
        return c - '0' + 2;
    if (!ascii_is_letter(c))
        return -1;
    return c <= 'Z' ? c - 'A' + 12 : c - 'a' + 38;
}

static bool are_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (digit_of(text.ptr[i]) < 0)
            return false;
    return true;
}

static bool are_so_many_digits(struct slice text, size_t count)
{
    return text.len == count && are_digits(text);
}

/* "j9T": the flavour, log2 of N, and r, each one digit, as crypt_gensalt(3) writes them. */
static const char *check_yescrypt(struct slice rest)
{
    struct slice parameters, salt;
    if (!slice_cut_to(&rest, '$', &parameters) || !slice_cut_to(&rest, '$', &salt) ||
        !are_digits(salt) || salt.len > YESCRYPT_SALT_MAX || !are_so_many_digits(rest, 43))
        return "a damaged yescrypt hash: " REMEDY;
    if (!are_so_many_digits(parameters, 3) || parameters.ptr[0] != 'j')
        return "a yescrypt hash with unusual parameters: " REMEDY;
    unsigned log2_n = (unsigned)digit_of(parameters.ptr[1]) + 1;
    uint64_t r = (uint64_t)digit_of(parameters.ptr[2]) + 1;
    if (log2_n >= 32 || r >= 48 || (UINT64_C(128) * r) << log2_n > YESCRYPT_MEMORY_MAX)
        return "a yescrypt hash that needs more than 256 MiB of memory: " REMEDY;
    return NULL;
}

static const char *check_bcrypt(struct slice rest)
{
    struct slice cost;
    uint64_t number;
    if (!slice_cut_to(&rest, '$', &cost) || cost.len != 2 || !ascii_decimal(cost, 99, &number) ||
        !are_so_many_digits(rest, 53))
        return "a damaged bcrypt hash: " REMEDY;
    if (number < BCRYPT_COST_MIN || number > BCRYPT_COST_MAX)
        return "a bcrypt hash whose cost is not from 4 to 16: " REMEDY;
    return NULL;
}

/* "rounds=N$" may stand in front of the salt. */
static const char *check_sha(struct slice rest, size_t digits)
{
    struct slice rounds, salt;
    uint64_t number = ROUNDS_MIN;
    if (slice_cut_prefix(&rest, SLICE("rounds="))) {
        if (!slice_cut_to(&rest, '$', &rounds) || rounds.len == 0 || rounds.ptr[0] == '0' ||
            !ascii_decimal(rounds, UINT32_MAX, &number))
            return "a damaged SHA hash: " REMEDY;
    }
    if (!slice_cut_to(&rest, '$', &salt) || !are_digits(salt) || salt.len > SHA_SALT_MAX ||
        !are_so_many_digits(rest, digits))
        return "a damaged SHA hash: " REMEDY;
    if (number < ROUNDS_MIN || number > ROUNDS_MAX)
        return "a SHA hash whose rounds are not from 1000 to 5000000: " REMEDY;
    return NULL;
}

/* Of a hash that is none of ours; names of weak ones, as htpasswd still writes them. */
static const char *check_foreign(struct slice hash)
{
    static const struct {
        struct slice prefix;
        const char *fault;
    } known[] = {
        {{"$1$", 3}, "an MD5 hash, which is too weak: " REMEDY},
        {{"$apr1$", 6}, "an MD5 hash of Apache, which is too weak: " REMEDY},
        {{"$2x$", 4}, "a bcrypt hash of a faulty version ($2x$): " REMEDY},
        {{"$", 1}, "a hash of an unknown kind: " REMEDY},
        {{"{", 1}, "a hash of LDAP, which is not supported: " REMEDY},
        {{"!", 1}, "a locked password: delete the line to refuse this user"},
        {{"*", 1}, "a locked password: delete the line to refuse this user"},
    };
    for (size_t i = 0; i < WSL_COUNT(known); i++)
        if (slice_cut_prefix(&hash, known[i].prefix))
            return known[i].fault;
    return "no password hash, perhaps the password itself: " REMEDY;
}

static bool cut_bcrypt_prefix(struct slice *hash)
{
    return slice_cut_prefix(hash, SLICE("$2b$")) || slice_cut_prefix(hash, SLICE("$2y$")) ||
           slice_cut_prefix(hash, SLICE("$2a$"));
}

const char *users_file_hash(struct slice hash, enum users_hash *kind)
{
    struct slice rest = hash;
    if (hash.len == 0)
        return "no hash behind the colon: " REMEDY;
    if (hash.len > USERS_HASH_MAX)
        return "too long for a password hash: " REMEDY;
    if (slice_cut_prefix(&rest, SLICE("$y$"))) {
        *kind = USERS_HASH_yescrypt;
        return check_yescrypt(rest);
    }
    if (cut_bcrypt_prefix(&rest)) {
        *kind = USERS_HASH_bcrypt;
        return check_bcrypt(rest);
    }
    if (slice_cut_prefix(&rest, SLICE("$6$"))) {
        *kind = USERS_HASH_sha512;
        return check_sha(rest, 86);
    }
    if (slice_cut_prefix(&rest, SLICE("$5$"))) {
        *kind = USERS_HASH_sha256;
        return check_sha(rest, 43);
    }
    return check_foreign(hash);
}

/* ---- lines ---- */

static const struct slice mark = {"\xEF\xBB\xBF", 3}; /* U+FEFF: in front of a file, its encoding */

const char *users_file_name(struct slice name)
{
    struct slice rest = name;
    if (name.len == 0)
        return "no name of a user";
    if (name.len > USERS_NAME_MAX)
        return "the name of the user is longer than 128 bytes";
    for (size_t i = 0; i < name.len; i++) {
        if (ascii_is_control(name.ptr[i]))
            return "a control character in the name of the user";
        if (name.ptr[i] == ':')
            return "a colon in the name of the user";
    }
    if (slice_cut_prefix(&rest, mark)) /* in the first line it would be none of the name */
        return "a byte order mark in front of the name of the user";
    if (name.ptr[0] == '#')
        return "the name of a user cannot begin with \"#\"";
    if (is_blank(name.ptr[0]) || is_blank(name.ptr[name.len - 1]))
        return "white space at an end of the user's name";
    return utf8_is_valid(name) ? NULL : "the name of the user is not UTF-8";
}

/* Without its end, in *text. */
static struct slice take_line(struct users_cursor *cursor, struct slice *text)
{
    struct slice rest = cursor->rest;
    const char *end = memchr(rest.ptr, '\n', rest.len);
    struct slice whole = {rest.ptr, end ? (size_t)(end - rest.ptr) + 1 : rest.len};
    cursor->rest = slice_from(rest, whole.len);
    if (cursor->line++ == 0)
        (void)slice_cut_prefix(&whole, mark);
    *text = (struct slice){whole.ptr, whole.len - (end != NULL)};
    if (text->len > 0 && text->ptr[text->len - 1] == '\r')
        text->len--;
    while (text->len > 0 && is_blank(text->ptr[text->len - 1]))
        text->len--;
    return whole;
}

static const char *parse_line(struct slice text, struct users_line *line)
{
    struct slice hash = text;
    if (!slice_cut_to(&hash, ':', &line->name))
        return "not USER:HASH: " REMEDY;
    line->hash = hash;
    const char *fault = users_file_name(line->name);
    if (fault)
        return fault;
    if (hash.len > 0 && memchr(hash.ptr, ':', hash.len))
        return "more than USER:HASH, as in a file of another program";
    line->named = true;
    return users_file_hash(hash, &line->kind);
}

enum users_file_verdict users_file_next(struct users_cursor *cursor, struct users_line *line,
                                        const char **fault)
{
    while (cursor->rest.len > 0) {
        struct slice text;
        *line = (struct users_line){.whole = take_line(cursor, &text)};
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        *fault = parse_line(text, line);
        return *fault ? USERS_FILE_FAULT : USERS_FILE_LINE;
    }
    return USERS_FILE_END;
}
