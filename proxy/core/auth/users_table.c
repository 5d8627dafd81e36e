#include "core/auth/users_table.h"

#include "base/hash_map.h"
#include "base/text/secret.h"

struct user {
    struct hash_map_link link;
    struct slice name, hash;
    unsigned line;
};

struct users_table {
    char *text;
    size_t length;
    struct siphash_seed seed;
    struct hash_map names;
    struct user *users;
    size_t count;
};

/* What is wrong so far: the first fault, and how many lines have one. */
struct faults {
    const char *path;
    bool (*supports)(enum users_hash kind);
    int known[USERS_HASHES]; /* 1: supported, -1: not, 0: not asked yet */
    size_t count;
    char *error;
    size_t error_size;
};

static struct slice key_of(const struct hash_map_link *link)
{
    return WSL_CONST_CONTAINER(link, struct user, link)->name;
}

static void add_fault(struct faults *faults, unsigned line, const char *fault)
{
    if (faults->count++ == 0)
        snprintf(faults->error, faults->error_size, "%s:%u: %s", faults->path, line, fault);
}

/* NULL, or what is wrong. */
static const char *check_kind(struct faults *faults, enum users_hash kind)
{
    static const char *const unsupported[USERS_HASHES] = {
#define ROW(name, title, prefix)                                                                   \
    title " hashes are unknown to this build of wsluice (or to its libcrypt): "                    \
          "set the password with `wsluice passwd FILE USER`",
        USERS_HASH_TABLE(ROW)
#undef ROW
    };
    if (faults->known[kind] == 0)
        faults->known[kind] = faults->supports(kind) ? 1 : -1;
    return faults->known[kind] > 0 ? NULL : unsupported[kind];
}

static void add_user(struct users_table *table, const struct users_line *line, unsigned number,
                     struct faults *faults)
{
    const char *fault = check_kind(faults, line->kind);
    const struct hash_map_link *twin = hash_map_find(&table->names, line->name);
    char again[80];
    if (twin) {
        snprintf(again, sizeof(again), "this user is in line %u, too: delete one of the lines",
                 WSL_CONST_CONTAINER(twin, struct user, link)->line);
        fault = again;
    }
    if (fault) {
        add_fault(faults, number, fault);
        return;
    }
    struct user *user = &table->users[table->count++];
    *user = (struct user){.name = line->name, .hash = line->hash, .line = number};
    hash_map_add(&table->names, &user->link);
}

static void read_lines(struct users_table *table, struct faults *faults)
{
    struct users_cursor cursor = {{table->text, table->length}, 0};
    struct users_line line;
    const char *fault;
    enum users_file_verdict verdict;
    while ((verdict = users_file_next(&cursor, &line, &fault)) != USERS_FILE_END) {
        if (verdict == USERS_FILE_LINE)
            add_user(table, &line, cursor.line, faults);
        else
            add_fault(faults, cursor.line, fault);
    }
}

/* At least as many as there are users. */
static size_t count_lines(struct slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

/* NULL: out of memory. */
static struct users_table *make_table(struct slice text, const struct siphash_seed *seed)
{
    struct users_table *table = calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    size_t lines = count_lines(text);
    table->seed = *seed;
    hash_map_init(&table->names, key_of, seed);
    table->text = slice_copy(text);
    table->length = text.len;
    table->users = calloc(lines, sizeof(*table->users));
    if (table->text && table->users)
        return table;
    users_table_free(table);
    return NULL;
}

struct users_table *users_table_create(const char *path, struct slice text,
                                       const struct siphash_seed *seed,
                                       bool (*supports)(enum users_hash kind), char *error,
                                       size_t error_size)
{
    struct faults faults = {
        .path = path, .supports = supports, .error = error, .error_size = error_size};
    struct users_table *table = make_table(text, seed);
    if (!table) {
        snprintf(error, error_size, "%s: out of memory", path);
        return NULL;
    }
    read_lines(table, &faults);
    if (faults.count == 0)
        return table;
    size_t length = strlen(error);
    if (faults.count > 1)
        snprintf(error + length, error_size - length, " (and %zu more %s)", faults.count - 1,
                 faults.count == 2 ? "line" : "lines");
    users_table_free(table);
    return NULL;
}

void users_table_free(struct users_table *table)
{
    if (!table)
        return;
    hash_map_free(&table->names);
    secret_free(table->text, table->length);
    free(table->users);
    free(table);
}

size_t users_table_count(const struct users_table *table)
{
    return table->count;
}

struct slice users_table_text(const struct users_table *table)
{
    return (struct slice){table->text, table->length};
}

struct slice users_table_find(const struct users_table *table, struct slice name)
{
    const struct hash_map_link *link = hash_map_find(&table->names, name);
    return link ? WSL_CONST_CONTAINER(link, struct user, link)->hash : (struct slice){NULL, 0};
}

struct slice users_table_decoy(const struct users_table *table, struct slice name)
{
    if (table->count == 0)
        return (struct slice){NULL, 0};
    return table->users[siphash_of(&table->seed, name.ptr, name.len) % table->count].hash;
}
