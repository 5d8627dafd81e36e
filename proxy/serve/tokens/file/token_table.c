#include "serve/tokens/file/token_table.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "base/log/log.h"

#define FAULTS_MAX 10 /* that are logged one by one */

struct token_table {
    struct token_text text;
    struct token_entry *entries;
    struct hash_map map; /* of the entries, by token */
};

static struct slice token_of(const struct hash_map_link *link)
{
    return WSL_CONST_CONTAINER(link, struct token_entry, link)->token;
}

const struct token_entry *token_table_find(const struct token_table *table, struct slice token)
{
    const struct hash_map_link *link = hash_map_find(&table->map, token);
    return link ? WSL_CONST_CONTAINER(link, struct token_entry, link) : NULL;
}

const struct token_text *token_table_text(const struct token_table *table)
{
    return &table->text;
}

size_t token_table_count(const struct token_table *table)
{
    return table->map.count;
}

/* ---- creation ---- */

uint16_t token_table_port(const struct token_target *target)
{
    char name[64], buffer[1024];
    struct servent storage, *found = NULL;
    if (target->is_unix || target->port != 0)
        return target->port;
    snprintf(name, sizeof(name), "%.*s", (int)target->service.len, target->service.ptr);
    if (getservbyname_r(name, "tcp", &storage, buffer, sizeof(buffer), &found) != 0 || !found)
        return 0;
    return ntohs((uint16_t)found->s_port);
}

static const char *add(struct token_table *table, const struct token_line *line)
{
    const struct token_target *target = &line->target;
    uint16_t port = token_table_port(target);
    if (!target->is_unix && port == 0)
        return "the target's port is no service of this machine";
    struct hash_map_link *link = hash_map_find(&table->map, line->token);
    struct token_entry *entry =
        link ? WSL_CONTAINER(link, struct token_entry, link) : &table->entries[table->map.count];
    entry->token = line->token;
    entry->host = target->host;
    entry->port = port;
    entry->is_unix = target->is_unix;
    if (!link)
        hash_map_add(&table->map, &entry->link);
    return NULL;
}

static void log_fault(const char *path, const struct token_piece *piece, unsigned line,
                      const char *fault)
{
    char number[16] = "";
    if (line > 0)
        snprintf(number, sizeof(number), ":%u", line);
    log_message(REASON_WARN, "%s%s%s%s: %s; the %s is ignored", path, piece->name ? "/" : "",
                piece->name ? piece->name : "", number, fault, line > 0 ? "line" : "file");
}

static void read_piece(struct token_table *table, const char *path, const struct token_piece *piece,
                       struct slice text, size_t *faults)
{
    struct token_cursor cursor = {text, 0};
    struct token_line line;
    enum token_file_verdict verdict;
    const char *fault = NULL;
    if (piece->error_code != 0 && (*faults)++ < FAULTS_MAX)
        log_fault(path, piece, 0, strerror(piece->error_code));
    while ((verdict = token_file_next(&cursor, &line, &fault)) != TOKEN_FILE_END) {
        if (verdict == TOKEN_FILE_LINE)
            fault = add(table, &line);
        if (fault && (*faults)++ < FAULTS_MAX)
            log_fault(path, piece, cursor.line, fault);
    }
}

static void read_pieces(struct token_table *table, const char *path)
{
    struct slice rest = {table->text.bytes, table->text.length};
    size_t faults = 0;
    for (size_t i = 0; i < table->text.count; i++) {
        const struct token_piece *piece = &table->text.pieces[i];
        read_piece(table, path, piece, (struct slice){rest.ptr, piece->length}, &faults);
        rest = slice_from(rest, piece->length);
    }
    if (faults > FAULTS_MAX)
        log_message(REASON_WARN, "%s: %zu more like these", path, faults - FAULTS_MAX);
}

/* At most as many tokens. */
static size_t count_lines(const struct token_text *text)
{
    size_t lines = text->count;
    for (size_t i = 0; i < text->length; i++)
        lines += text->bytes[i] == '\n';
    return lines;
}

struct token_table *token_table_create(const char *path, struct token_text *text,
                                       const struct siphash_seed *seed)
{
    size_t lines = count_lines(text);
    struct token_table *table = calloc(1, sizeof(*table));
    if (!table) {
        token_files_free(text);
        return NULL;
    }
    hash_map_init(&table->map, token_of, seed);
    table->text = *text;
    *text = (struct token_text){0};
    table->entries = calloc(lines + 1, sizeof(*table->entries));
    if (!table->entries || !hash_map_reserve(&table->map, lines)) {
        token_table_free(table);
        return NULL;
    }
    read_pieces(table, path);
    return table;
}

void token_table_free(struct token_table *table)
{
    if (!table)
        return;
    token_files_free(&table->text);
    hash_map_free(&table->map);
    free(table->entries);
    free(table);
}
