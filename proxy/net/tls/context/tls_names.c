#include "net/tls/context/tls_names.h"

void tls_names_free(struct tls_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->entries[i].name);
    free(names->entries);
    *names = (struct tls_names){0};
}

/* Lower case, without the final dot. False: too long, empty, or with invalid bytes. */
static bool normalise(char *to, const char *name)
{
    size_t length = strlen(name);
    length -= length > 1 && name[length - 1] == '.';
    if (length == 0 || length > TLS_NAMES_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~')
            return false;
        to[i] = ascii_lower(name[i]);
    }
    to[length] = '\0';
    return true;
}

/* A star must be the whole first label. */
static bool is_usable(const char *name)
{
    const char *star = strrchr(name, '*');
    return !star || (star == name && name[1] == '.' && name[2] != '\0');
}

bool tls_names_add(struct tls_names *names, const char *name, uint32_t certificate, int key_type)
{
    char lower[TLS_NAMES_MAX + 1];
    if (!normalise(lower, name) || !is_usable(lower))
        return true;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? 2 * names->capacity : 8;
        struct tls_names_entry *entries = realloc(names->entries, capacity * sizeof(*entries));
        if (!entries)
            return false;
        names->entries = entries;
        names->capacity = capacity;
    }
    char *copy = strdup(lower);
    if (!copy)
        return false;
    names->entries[names->count++] =
        (struct tls_names_entry){.name = copy, .certificate = certificate, .key_type = key_type};
    return true;
}

/* ---- once sealed ---- */

static int compare(const void *left, const void *right)
{
    const struct tls_names_entry *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = (a->certificate > b->certificate) - (a->certificate < b->certificate);
    return order;
}

/* Whether the first `kept` entries include one of the same name and type of key. */
static bool is_taken(const struct tls_names *names, size_t kept,
                     const struct tls_names_entry *entry)
{
    while (kept > 0 && strcmp(names->entries[kept - 1].name, entry->name) == 0)
        if (names->entries[--kept].key_type == entry->key_type)
            return true;
    return false;
}

void tls_names_seal(struct tls_names *names)
{
    size_t kept = 0;
    if (names->count > 0)
        qsort(names->entries, names->count, sizeof(*names->entries), compare);
    for (size_t i = 0; i < names->count; i++) {
        if (is_taken(names, kept, &names->entries[i]))
            free(names->entries[i].name);
        else
            names->entries[kept++] = names->entries[i];
    }
    names->count = kept;
}

static struct tls_names_match matches(const struct tls_names *names, const char *name)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct tls_names_match match = {.first = names->entries + low};
    while (low + match.count < names->count && strcmp(match.first[match.count].name, name) == 0)
        match.count++;
    return match;
}

struct tls_names_match tls_names_find(const struct tls_names *names, const char *name)
{
    char lower[TLS_NAMES_MAX + 1], *dot;
    struct tls_names_match match = {0};
    if (names->count == 0 || !normalise(lower, name))
        return match;
    match = matches(names, lower);
    dot = strchr(lower, '.');
    if (match.count > 0 || !dot || dot == lower)
        return match;
    dot[-1] = '*';
    return matches(names, dot - 1);
}
