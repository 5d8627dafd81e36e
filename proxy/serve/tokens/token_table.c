#include "serve/tokens/token_table.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "base/log/log.h"

#define FAULTS_MAX 10 /* that are told one by one */

struct token_table {
    struct siphash_seed seed;
    struct token_text text;
    struct token_entry *entries;
    size_t count;
    uint32_t *slots; /* open addressing: index of an entry and one more; 0: free */
    size_t mask;
};

/* The slot that has the token, or the free one where it belongs. */
static uint32_t *slot_of(const struct token_table *table, struct slice token)
{
    size_t at = (size_t)siphash_of(&table->seed, token.ptr, token.len) & table->mask;
    while (table->slots[at] != 0 && !slice_equal(table->entries[table->slots[at] - 1].token, token))
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

const struct token_entry *token_table_find(const struct token_table *table, struct slice token)
{
    uint32_t known = *slot_of(table, token);
    return known != 0 ? &table->entries[known - 1] : NULL;
}

const struct token_text *token_table_text(const struct token_table *table)
{
    return &table->text;
}

size_t token_table_count(const struct token_table *table)
{
    return table->count;
}

/* ---- making ---- */

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
    struct token_entry entry = {line->token, target->host, token_table_port(target),
                                target->is_unix};
    if (!entry.is_unix && entry.port == 0)
        return "the target's port is no service of this machine";
    uint32_t *slot = slot_of(table, line->token);
    if (*slot == 0)
        *slot = (uint32_t)++table->count;
    table->entries[*slot - 1] = entry;
    return NULL;
}

static void tell(const char *path, const struct token_piece *piece, unsigned line,
                 const char *fault)
{
    char number[16] = "";
    if (line > 0)
        snprintf(number, sizeof(number), ":%u", line);
    log_message(REASON_WARN, "%s%s%s%s: %s; it is passed over", path, piece->name ? "/" : "",
                piece->name ? piece->name : "", number, fault);
}

static void read_piece(struct token_table *table, const char *path, const struct token_piece *piece,
                       struct slice text, size_t *faults)
{
    struct token_cursor cursor = {text, 0};
    struct token_line line;
    enum token_file_verdict verdict;
    const char *fault = NULL;
    if (piece->error_code != 0 && (*faults)++ < FAULTS_MAX)
        tell(path, piece, 0, strerror(piece->error_code));
    while ((verdict = token_file_next(&cursor, &line, &fault)) != TOKEN_FILE_END) {
        if (verdict == TOKEN_FILE_LINE)
            fault = add(table, &line);
        if (fault && (*faults)++ < FAULTS_MAX)
            tell(path, piece, cursor.line, fault);
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

/* No more tokens than lines. */
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
    size_t lines = count_lines(text), slots = 4;
    while (slots < 2 * lines)
        slots *= 2;
    struct token_table *table = calloc(1, sizeof(*table));
    if (!table) {
        token_source_free(text);
        return NULL;
    }
    table->seed = *seed;
    table->text = *text;
    *text = (struct token_text){0};
    table->entries = calloc(lines + 1, sizeof(*table->entries));
    table->slots = calloc(slots, sizeof(*table->slots));
    table->mask = slots - 1;
    if (!table->entries || !table->slots) {
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
    token_source_free(&table->text);
    free(table->entries);
    free(table->slots);
    free(table);
}
