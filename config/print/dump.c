#include "config/print/dump.h"

#include <ctype.h>
#include <strings.h>

#include "base/ascii.h"
#include "config/compare.h"
#include "config/options/options.h"
#include "config/options/snapshot.h"

enum { PRINTED_MAX = 3072, PATH_MAX_LENGTH = 200, STEP = 2 };

struct dump {
    const struct config *config;
    FILE *stream;
    int indent;
    bool dash; /* the next line begins an element of a list */
    /* Of the section: listeners_0; in capitals, the name of a variable of the environment. */
    char path[PATH_MAX_LENGTH];
};

/* ---- texts ---- */

/* Can it be written without quotes in YAML 1.1 and 1.2? */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    for (size_t i = 0; i < WSL_COUNT(words); i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    if (!ascii_is_letter(*text) && *text != '/')
        return false;
    for (const char *p = text; *p; p++)
        if (!ascii_is_alphanumeric(*p) && !strchr("/_.-", *p) &&
            !(*p == ':' && p[1] != '\0' && p[1] != ' '))
            return false;
    return true;
}

/* The code point at *p, which moves behind it; of invalid UTF-8, the byte. */
static uint32_t take_character(const unsigned char **p)
{
    const unsigned char *at = *p;
    int more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
    uint32_t code = more ? at[0] & (0x3fU >> more) : at[0];
    for (int i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            ++*p;
            return at[0];
        }
        code = code << 6 | (at[i] & 0x3fU);
    }
    *p += more + 1;
    return code;
}

/* YAML 1.2.2, section 5.1, except line ends of YAML 1.1. */
static bool is_printable(uint32_t code, size_t bytes)
{
    if (code < 0x80)
        return code >= ' ' && code != 0x7f;
    return bytes > 1 && code >= 0xa0 && code != 0x2028 && code != 0x2029 && code != 0xfeff &&
           code != 0xfffe && code != 0xffff;
}

/* In double quotes, with each '$' doubled, as it would begin a variable. */
static void put_text(const struct dump *dump, const char *text)
{
    if (is_plain(text)) {
        fputs(text, dump->stream);
        return;
    }
    fputc('"', dump->stream);
    for (const unsigned char *p = (const unsigned char *)text, *begin; *p;) {
        begin = p;
        uint32_t code = take_character(&p);
        size_t bytes = (size_t)(p - begin);
        if (code == '"' || code == '\\')
            fprintf(dump->stream, "\\%c", (int)code);
        else if (code == '$')
            fputs("$$", dump->stream);
        else if (is_printable(code, bytes))
            fwrite(begin, 1, bytes, dump->stream);
        else
            fprintf(dump->stream, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
    }
    fputc('"', dump->stream);
}

static void begin_line(struct dump *dump)
{
    if (dump->dash)
        fprintf(dump->stream, "%*s- ", dump->indent - STEP, "");
    else
        fprintf(dump->stream, "%*s", dump->indent, "");
    dump->dash = false;
}

/* ---- options ---- */

/* In the notation of the table. False: no value, or a list. */
static bool print_value(const struct options_row *row, const void *object, char *text, size_t size)
{
    struct value value;
    if (row->list || !snapshot_get(row, object, &value))
        return false;
    bool scheme = row->value.type == VALUE_TARGET && value.kind == CONFIG_ADDRESS_TCP &&
                  !value.tls && !value.target.ptr && !row->value.bare;
    int length = snprintf(text, size, "%s", scheme ? "tcp://" : "");
    value_print(&row->value, &value, text + length, size - (size_t)length);
    return true;
}

static bool is_default(const struct options_row *row, const void *object)
{
    char text[PRINTED_MAX];
    if (row->list) {
        struct config_texts texts; /* or config_cidrs, of the same layout */
        memcpy(&texts, (const char *)object + row->offset, sizeof(texts));
        return row->initial ? texts.count == 1 && strcmp(texts.items[0], row->initial) == 0
                            : texts.count == 0;
    }
    if (!print_value(row, object, text, sizeof(text)))
        return true;
    return row->initial && strcmp(text, row->initial) == 0;
}

static void put_capitals(const struct dump *dump, const char *text)
{
    for (; *text; text++)
        fputc(toupper((unsigned char)*text), dump->stream);
}

/* {command: [WORD, ...]} */
static void put_command(const struct dump *dump, const char *words)
{
    char word[PRINTED_MAX];
    fputs("{command: [", dump->stream);
    for (const char *p = words, *end; (end = strchr(p, CONFIG_WORD_END)); p = end + 1) {
        snprintf(word, sizeof(word), "%.*s", (int)(end - p), p);
        fputs(p == words ? "" : ", ", dump->stream);
        put_text(dump, word);
    }
    fputs("]}", dump->stream);
}

static void put_secret(const struct dump *dump, const struct options_row *row, const char *text)
{
    enum config_secret_source origin;
    const char *reference = config_secret_source(dump->config, text, &origin);
    if (!reference) {
        fputs("\"${WSLUICE_", dump->stream);
        put_capitals(dump, dump->path);
        fputc('_', dump->stream);
        put_capitals(dump, row->key);
        fputs("}\"  # not shown: set it there, or write {file: PATH}", dump->stream);
    } else if (origin == CONFIG_ORIGIN_COMMAND) {
        put_command(dump, reference);
    } else if (origin == CONFIG_ORIGIN_FILE) {
        fputs("{file: ", dump->stream);
        put_text(dump, reference);
        fputc('}', dump->stream);
    } else {
        fprintf(dump->stream, "\"%s\"", reference);
    }
}

static void put_list(const struct dump *dump, const struct options_row *row, const void *object)
{
    const void *field = (const char *)object + row->offset;
    const struct config_cidrs *cidrs = field;
    const struct config_texts *texts = field;
    bool ranges = row->value.type == VALUE_CIDR;
    fputc('[', dump->stream);
    for (size_t i = 0; i < (ranges ? cidrs->count : texts->count); i++) {
        char text[PRINTED_MAX];
        struct value value = {0};
        if (ranges) {
            value.cidr = cidrs->items[i];
            value_print(&row->value, &value, text, sizeof(text));
        }
        fputs(i ? ", " : "", dump->stream);
        put_text(dump, ranges ? text : texts->items[i]);
    }
    fputc(']', dump->stream);
}

static void put_option(struct dump *dump, const struct options_row *row, const void *object)
{
    bool is_text = row->value.type == VALUE_TEXT || row->value.type == VALUE_PATH;
    const char *text =
        is_text && !row->list ? *(const char *const *)((const char *)object + row->offset) : NULL;
    char printed[PRINTED_MAX];
    begin_line(dump);
    fprintf(dump->stream, "%s: ", row->key);
    if (row->list)
        put_list(dump, row, object);
    else if (row->secret && !(row->is_public && row->is_public(text)))
        put_secret(dump, row, text);
    else if (is_text)
        put_text(dump, text);
    else if (print_value(row, object, printed, sizeof(printed)) &&
             (row->value.type == VALUE_LISTEN || row->value.type == VALUE_TARGET))
        put_text(dump, printed);
    else
        fputs(printed, dump->stream);
    bool path = row->section == OPTIONS_ROUTE && strcmp(row->key, "path") == 0;
    if (!row->implied && !path && is_default(row, object))
        fputs("  # default", dump->stream);
    fputc('\n', dump->stream);
}

/* tls: is not shown where the scheme of the address says it. */
static bool scheme_shows_tls(const struct config_target *target)
{
    return target->address.kind == CONFIG_ADDRESS_TCP || target->ws.path;
}

/* Options without a meaning in their place are left out. */
static bool is_shown(const struct dump *dump, const struct options_row *row, const void *object)
{
    const char *key = row->key;
    char text[PRINTED_MAX];
    if (row->section == OPTIONS_LISTENER && strcmp(key, "trusted_proxies") == 0) {
        const struct config_listener inherits = {.trusted_proxies = dump->config->trusted_proxies};
        return !compare_is_same(row, object, &inherits);
    }
    if (row->purpose == OPTIONS_PURPOSE_SOURCE) /* its name alone would be one */
        return !is_default(row, object);
    if (row->list)
        return row->initial || !is_default(row, object);
    if (row->section == OPTIONS_ROUTE) {
        const struct config_route *route = object;
        if (strcmp(key, "metrics") == 0)
            return route->kind == CONFIG_KIND_METRICS;
        if (strcmp(key, "health") == 0)
            return route->kind == CONFIG_KIND_HEALTH;
        if (strcmp(key, "redirect_status") == 0)
            return route->kind == CONFIG_KIND_REDIRECT || !is_default(row, object);
        if (route->kind != CONFIG_KIND_BRIDGE && strcmp(key, "path") != 0)
            return !is_default(row, object);
    }
    if (row->section == OPTIONS_TARGET && strcmp(key, "tls") == 0)
        return !scheme_shows_tls(object);
    return row->value.type == VALUE_TEXT || row->value.type == VALUE_PATH
               ? *(const char *const *)((const char *)object + row->offset) != NULL
               : print_value(row, object, text, sizeof(text));
}

/* ---- sections ---- */

static void put_section(struct dump *dump, enum options_section section, const char *object);

static void put_map(struct dump *dump, enum options_section section, const char *object)
{
    size_t count, length = strlen(dump->path);
    const char *element = snapshot_elements(section, object, &count);
    struct options_map map = options_map(section);
    for (size_t i = 0; i < count; i++, element += options_section(section)->size) {
        const char *text = *(const char *const *)(element + map.text->offset);
        begin_line(dump);
        put_text(dump, *(const char *const *)(element + map.name->offset));
        fputs(": ", dump->stream);
        if (map.text->secret) {
            snprintf(dump->path + length, sizeof(dump->path) - length, "_%zu", i);
            put_secret(dump, map.text, text);
            dump->path[length] = '\0';
        } else {
            put_text(dump, text);
        }
        fputc('\n', dump->stream);
    }
}

static void put_elements(struct dump *dump, enum options_section section, const char *object)
{
    size_t count, length = strlen(dump->path);
    const char *element = snapshot_elements(section, object, &count);
    dump->indent += STEP;
    for (size_t i = 0; i < count; i++, element += options_section(section)->size) {
        snprintf(dump->path + length, sizeof(dump->path) - length, "_%zu", i);
        dump->dash = true;
        put_section(dump, section, element);
    }
    dump->indent -= STEP;
}

/* With the sections inside it that are no lists. */
static bool is_untouched(enum options_section section, const char *object)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && !is_default(row, object))
            return false;
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        if (child->shape == OPTIONS_ONE && !is_untouched(inner, object + child->offset))
            return false;
    }
    return true;
}

static void put_child(struct dump *dump, enum options_section child, const char *object)
{
    const struct options_section_row *row = options_section(child);
    size_t count = 1, length = strlen(dump->path);
    if (row->shape != OPTIONS_ONE)
        snapshot_elements(child, object, &count);
    else if (child == OPTIONS_TLS && is_untouched(child, object + row->offset))
        snapshot_elements(OPTIONS_CERTIFICATE, object + row->offset, &count);
    else if (child == OPTIONS_WEBSOCKET)
        count = ((const struct config_ws_target *)(object + row->offset))->path != NULL;
    else if (child == OPTIONS_TOKENS)
        count = config_token_source((const void *)(object + row->offset)) != CONFIG_TOKENS_NONE;
    else if (child == OPTIONS_TOKENS_TICKET)
        count =
            ((const struct config_ticket *)(const void *)(object + row->offset))->key.file != NULL;
    else if (options_scalar_form(child) || row->parent == OPTIONS_AUTH)
        count = is_untouched(child, object + row->offset) ? 0 : 1;
    if (count == 0)
        return;
    bool single = row->single && count == 1;
    begin_line(dump);
    fprintf(dump->stream, "%s:\n", single ? row->single : row->key);
    snprintf(dump->path + length, sizeof(dump->path) - length, "%s%s", length ? "_" : "", row->key);
    dump->indent += STEP;
    if (row->shape == OPTIONS_ONE)
        put_section(dump, child, object + row->offset);
    else if (row->shape == OPTIONS_MAP)
        put_map(dump, child, object);
    else if (single)
        put_section(dump, child, snapshot_elements(child, object, &count));
    else
        put_elements(dump, child, object);
    dump->indent -= STEP;
    dump->path[length] = '\0';
}

static void put_section(struct dump *dump, enum options_section section, const char *object)
{
    const struct options_row *row;
    size_t length = strlen(dump->path);
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && is_shown(dump, row, object))
            put_option(dump, row, object);
    for (enum options_section child = section; options_next_child(section, &child);)
        put_child(dump, child, object);
    dump->path[length] = '\0';
}

void dump_config(const struct config *config, FILE *stream)
{
    struct dump dump = {.config = config, .stream = stream};
    put_section(&dump, OPTIONS_PROCESS, (const char *)config);
}
