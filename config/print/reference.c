#include "config/print/reference.h"

#include <string.h>

#include "base/text/wrap.h"
#include "config/model/diag.h"

enum {
    PATH_TEXT_MAX = 200,
    FACT_COLUMN = 13,
    COLUMN = 44,        /* of help beside a path */
    COLUMN_BELOW = 6,   /* of help below a path */
    WIDTH_BESIDE = 100, /* from here on, help stands beside the path */
};

/* ---- types of values ---- */

static void put_range(const struct value_spec *spec, const char *noun, struct text *out)
{
    char min[32], max[32];
    const struct value least = {.number = spec->min}, most = {.number = spec->max};
    value_print(spec, &least, min, sizeof(min));
    value_print(spec, &most, max, sizeof(max));
    text_add_format(out, "%s from %s to %s%s%s", noun, min, max, spec->zero ? ", or " : "",
                    spec->zero ? spec->zero : "");
}

static void put_names(const struct value_name *names, struct text *out)
{
    for (bool first = true; names->name; names++) {
        const struct value_name *later = names + 1;
        while (later->name && later->alias)
            later++;
        if (names->alias)
            continue;
        text_add_format(out, "%s%s", first ? "" : later->name ? ", " : " or ", names->name);
        first = false;
    }
}

static void put_type(const struct options_row *row, struct text *out)
{
    const struct value_spec *spec = &row->value;
    switch (spec->type) {
    case VALUE_BOOL:
        text_add_string(out, "true or false");
        break;
    case VALUE_COUNT:
        put_range(spec, "a number", out);
        break;
    case VALUE_DURATION:
        put_range(spec, "a duration", out);
        break;
    case VALUE_SIZE:
        put_range(spec, "a size", out);
        break;
    case VALUE_MODE:
        text_add_string(out, "permission bits in octal");
        break;
    case VALUE_ENUM:
        put_names(spec->names, out);
        break;
    case VALUE_TEXT:
        text_add_string(out, row->list ? "texts" : row->secret ? "a secret" : "a text");
        break;
    case VALUE_PATH:
        text_add_string(out, "a file");
        break;
    case VALUE_LISTEN:
    case VALUE_TARGET:
        text_add_string(out, "an address");
        break;
    case VALUE_CIDR:
        text_add_string(out, "address ranges");
        break;
    }
}

static const char *reload_text(enum options_reload reload)
{
    switch (reload) {
    case OPTIONS_LIVE:
        return "applies at once";
    case OPTIONS_NEW_SESSIONS:
        return "applies to new connections";
    case OPTIONS_RESTART:
        return "needs a restart";
    }
    return "";
}

/* ---- one option, one section ---- */

/* "    value:   ...", on as many lines as it needs. */
static void print_fact(const char *label, const char *text, FILE *stream, unsigned width)
{
    fprintf(stream, "    %-*s", FACT_COLUMN - 4, label);
    wrap_print(stream, text, FACT_COLUMN, width);
}

static void print_type(const struct options_row *row, FILE *stream, unsigned width)
{
    struct text type = {0};
    size_t length;
    put_type(row, &type);
    char *text = text_take(&type, &length);
    if (text)
        print_fact("value:", text, stream, width);
    free(text);
}

static void print_default(const struct options_row *row, FILE *stream, unsigned width)
{
    char text[200];
    if (row->required) {
        print_fact("default:", "none, it must be given", stream, width);
        return;
    }
    snprintf(text, sizeof(text), "%s%s%s%s", row->initial ? row->initial : "",
             row->initial && row->quick ? "; " : "", row->quick ? row->quick : "",
             row->quick ? " on the quick command line" : "");
    if (*text)
        print_fact("default:", text, stream, width);
}

static void print_option(const struct options_row *row, FILE *stream, unsigned width)
{
    char text[PATH_TEXT_MAX];
    options_path(row->section, row, text, sizeof(text));
    fprintf(stream, "%s\n    ", text);
    wrap_print(stream, row->help, 4, width);
    print_type(row, stream, width);
    print_default(row, stream, width);
    for (int i = 0; i < OPTIONS_FLAGS_MAX; i++) {
        const struct options_flag *flag = &row->flags[i];
        if (!flag->name)
            continue;
        snprintf(text, sizeof(text), "--%s%s%s", flag->name, flag->argument ? "=" : "",
                 flag->argument ? flag->argument : "");
        print_fact("flag:", text, stream, width);
    }
    print_fact("reload:", reload_text(row->reload), stream, width);
}

static void print_entry(const char *path, const char *help, FILE *stream, unsigned width)
{
    int column = width < WIDTH_BESIDE ? COLUMN_BELOW : COLUMN;
    int length = fprintf(stream, "  %s", path);
    if (length + 2 > column)
        fprintf(stream, "\n%*s", column, "");
    else
        fprintf(stream, "%*s", column - length, "");
    wrap_print(stream, help, (size_t)column, width);
}

/* Its contents are described once, with the section that it is like. */
static bool is_alike(enum options_section section)
{
    return options_contents(section) != section;
}

static void print_section(enum options_section section, FILE *stream, unsigned width)
{
    const struct options_row *row;
    char path[PATH_TEXT_MAX];
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section != section)
            continue;
        options_path(section, row, path, sizeof(path));
        print_entry(path, row->help, stream, width);
    }
    for (enum options_section child = section; options_next_child(section, &child);) {
        if (options_section(child)->shape != OPTIONS_MAP && !is_alike(child)) {
            print_section(child, stream, width);
            continue;
        }
        options_path(child, NULL, path, sizeof(path));
        print_entry(path, options_section(child)->help, stream, width);
    }
}

static void print_section_help(enum options_section section, FILE *stream, unsigned width)
{
    wrap_print(stream, options_section(section)->help, 0, width);
    fputc('\n', stream);
    print_section(section, stream, width);
}

/* A step of a path without its brackets. */
static size_t take_step(const char **path, char *step, size_t size)
{
    size_t length = strcspn(*path, ".["), used = length < size ? length : size - 1;
    memcpy(step, *path, used);
    step[used] = '\0';
    *path += length;
    if (**path == '[')
        *path += strcspn(*path, ".");
    *path += **path == '.';
    return length;
}

static const char *nearest_name(enum options_section section, const char *step)
{
    struct diag_guess guess = diag_guess(step, strlen(step));
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            diag_guess_offer(&guess, row->key);
    for (enum options_section child = section; options_next_child(section, &child);)
        diag_guess_offer(&guess, options_section(child)->key);
    return guess.best;
}

static void begin_another(bool *any, FILE *stream)
{
    if (*any)
        fputc('\n', stream);
    *any = true;
}

/* Every option and section of that name: "drain_delay" for "limits.drain_delay". False: none. */
static bool print_all_named(const char *name, FILE *stream, unsigned width)
{
    const struct options_row *row;
    char path[PATH_TEXT_MAX];
    bool any = false;
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        enum options_section section;
        if (!options_child(options_section((enum options_section)i)->parent, name, &section) ||
            section != (enum options_section)i)
            continue;
        begin_another(&any, stream);
        if (is_alike(section)) {
            options_path(section, NULL, path, sizeof(path));
            print_entry(path, options_section(section)->help, stream, width);
        } else {
            print_section_help(section, stream, width);
        }
    }
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (strcmp(row->key, name) != 0)
            continue;
        begin_another(&any, stream);
        print_option(row, stream, width);
    }
    return any;
}

bool reference_print(const char *path, FILE *stream, unsigned width, const char **nearest)
{
    enum options_section section = OPTIONS_PROCESS;
    const struct options_row *row = NULL;
    char step[64];
    *nearest = NULL;
    while (*path && !row) {
        take_step(&path, step, sizeof(step));
        enum options_section parent = section;
        if (options_child(parent, step, &section))
            continue;
        row = options_find(parent, step);
        if (!row && parent == OPTIONS_PROCESS && *path == '\0' &&
            print_all_named(step, stream, width))
            return true;
        if (!row) {
            *nearest = nearest_name(parent, step);
            return false;
        }
    }
    if (*path)
        return false;
    if (row) {
        print_option(row, stream, width);
        return true;
    }
    print_section_help(section, stream, width);
    return true;
}

void reference_overview(FILE *stream, unsigned width)
{
    wrap_print(stream,
               "Options of the configuration file. For more about one: wsluice help-config PATH", 0,
               width);
    fputc('\n', stream);
    print_section(OPTIONS_PROCESS, stream, width);
}

/* ---- Markdown ---- */

static const char introduction[] =
    "# The configuration file\n"
    "\n"
    "<!-- Made by `wsluice help-config --markdown`; kept current by tests/check/reference.sh. -->\n"
    "\n"
    "    wsluice --config gateway.yaml            run it\n"
    "    wsluice check gateway.yaml               list all errors in it and in the files it "
    "names;\n"
    "                                             --connect tries the targets, --syntax no files\n"
    "    wsluice --print-config --config FILE     print the options in effect; also turns a quick\n"
    "                                             command line into a file to start with\n"
    "    wsluice help-config [PATH]               this page, or its part about PATH\n"
    "    wsluice schema                           a JSON Schema, for editors: see below\n"
    "    wsluice reload gateway.yaml              let the process that serves read it again\n"
    "                                             to read it again (it needs an admin socket or a "
    "pid_file)\n"
    "\n"
    "`examples/` has complete files for common situations. A small one:\n"
    "\n"
    "```yaml\n"
    "listeners:\n"
    "  - address: \":443\"\n"
    "    tls:\n"
    "      certificates: [{certificate: desk.pem, key: desk.key}]\n"
    "routes:\n"
    "  - path: /vnc\n"
    "    target: tcp://10.0.0.5:5900\n"
    "```\n"
    "\n"
    "## Syntax\n"
    "\n"
    "- The file is YAML 1.1 or 1.2. Anchors, aliases and merge keys work; top-level keys that "
    "begin\n"
    "  with `x-` may hold anchors. Quote texts that begin with `[`, `{`, `*` or `:`.\n"
    "- An element of `listeners`, `certificates` and `targets` may be only its address or its\n"
    "  certificate: `target: tcp://desk:5900` is `target: {address: \"tcp://desk:5900\"}`, "
    "and\n"
    "  `target:` is `targets:` with one element.\n"
    "- **Durations** are `250ms`, `30s`, `5m`, `1h` or `7d`; a bare number is seconds. **Sizes** "
    "are\n"
    "  `512`, `16KiB` or `1MiB`.\n"
    "- **Paths** are relative to the file that contains them.\n"
    "- **Variables**: `${NAME}` and `${NAME:-default}` in a value are replaced by the environment\n"
    "  variable when the file is read. `$$` is one `$`.\n"
    "- **Secrets**, and all other texts, can be read from a file of their own:\n"
    "  `key_password: {file: desk.password}`. One newline at its end is ignored.\n"
    "  A secret can be what a program prints, too: `key_password: {command: [pass, show, desk]}`.\n"
    "  It runs when the file is read, also at a reload; there the sandbox forbids it, unless\n"
    "  `sandbox` is `off`.\n"
    "- **`include`** names files with more listeners and routes: `include: conf.d/*.yaml`, or a\n"
    "  list. Matches are read in the order of their names, and may include other files.\n"
    "- `--workers`, `--log-...` and other flags of the process on the command line take\n"
    "  precedence over the file.\n"
    "\n"
    "## Editors\n"
    "\n"
    "Editors with yaml-language-server (VS Code with the YAML extension, Neovim, Emacs, ...) "
    "complete\n"
    "options and mark mistakes if the file begins with this line:\n"
    "\n"
    "```yaml\n"
    "# yaml-language-server: $schema=/usr/share/wsluice/schema.json\n"
    "```\n"
    "\n"
    "The package installs this schema, and `wsluice schema >schema.json` writes it; a path without "
    "`/`\n"
    "in front is relative to the file. `wsluice check` finds more: it knows the rules between "
    "routes,\n"
    "listeners and files.\n"
    "\n"
    "## Options\n"
    "\n"
    "The last column says when a reload applies a changed value.\n";

/* A bar ends a cell. */
static void put_cell(const char *text, FILE *stream)
{
    for (; *text; text++)
        fprintf(stream, *text == '|' ? "\\|" : "%c", *text);
}

static void put_type_cell(const struct options_row *row, FILE *stream)
{
    struct text type = {0};
    put_type(row, &type);
    if (!type.failed)
        fprintf(stream, "%.*s", (int)type.length, type.bytes);
    text_free(&type);
}

static void put_row(const struct options_row *row, FILE *stream)
{
    fprintf(stream, "| `%s` | ", row->key);
    put_cell(row->help, stream);
    fputs(" | ", stream);
    put_type_cell(row, stream);
    fputs(" | ", stream);
    if (row->required)
        fputs("required", stream);
    else if (row->initial)
        fprintf(stream, "`%s`", row->initial);
    fprintf(stream, " | %s |\n", reload_text(row->reload));
}

static void put_table(enum options_section section, FILE *stream)
{
    const struct options_section_row *own = options_section(section);
    const struct options_row *row;
    char path[PATH_TEXT_MAX];
    options_path(section, NULL, path, sizeof(path));
    fprintf(stream, "\n### %s%s%s\n\n%s\n", path[0] ? "`" : "", path[0] ? path : "The top level",
            path[0] ? "`" : "", own->help);
    if (is_alike(section))
        return;
    if (own->shape == OPTIONS_MAP) {
        struct options_map map = options_map(section);
        fprintf(stream, "\n- key: %s\n- value: %s\n", map.name->help, map.text->help);
        return;
    }
    fputs("\n| option | meaning | value | default | reload |\n| --- | --- | --- | --- | --- |\n",
          stream);
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            put_row(row, stream);
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        options_path(inner, NULL, path, sizeof(path));
        fprintf(stream, "| `%s` | see `%s` | %s | | |\n", child->key, path,
                child->shape == OPTIONS_LIST ? "a list" : "a mapping");
    }
}

/* A section, followed by those inside it. */
static void put_tables(enum options_section section, FILE *stream)
{
    put_table(section, stream);
    if (is_alike(section))
        return;
    for (enum options_section child = section; options_next_child(section, &child);)
        put_tables(child, stream);
}

void reference_markdown(FILE *stream)
{
    fputs(introduction, stream);
    put_tables(OPTIONS_PROCESS, stream);
}
