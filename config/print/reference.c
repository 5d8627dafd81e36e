#include "config/print/reference.h"

#include <string.h>

#include "base/text/wrap.h"
#include "config/model/diag.h"

enum { PATH_TEXT_MAX = 200, WIDTH = 79, COLUMN = 44 };

/* ---- types of values ---- */

static void print_range(const struct value_spec *spec, const char *noun, FILE *stream)
{
    char min[32], max[32];
    const struct value least = {.number = spec->min}, most = {.number = spec->max};
    value_print(spec, &least, min, sizeof(min));
    value_print(spec, &most, max, sizeof(max));
    fprintf(stream, "%s from %s to %s%s%s", noun, min, max, spec->zero ? ", or " : "",
            spec->zero ? spec->zero : "");
}

static void print_names(const struct value_name *names, FILE *stream)
{
    for (bool first = true; names->name; names++) {
        const struct value_name *later = names + 1;
        while (later->name && later->alias)
            later++;
        if (names->alias)
            continue;
        fprintf(stream, "%s%s", first ? "" : later->name ? ", " : " or ", names->name);
        first = false;
    }
}

static void print_type(const struct options_row *row, FILE *stream)
{
    const struct value_spec *spec = &row->value;
    switch (spec->type) {
    case VALUE_BOOL:
        fputs("true or false", stream);
        break;
    case VALUE_COUNT:
        print_range(spec, "a number", stream);
        break;
    case VALUE_DURATION:
        print_range(spec, "a duration", stream);
        break;
    case VALUE_SIZE:
        print_range(spec, "a size", stream);
        break;
    case VALUE_MODE:
        fputs("permission bits in octal", stream);
        break;
    case VALUE_ENUM:
        print_names(spec->names, stream);
        break;
    case VALUE_TEXT:
        fputs(row->list ? "texts" : row->secret ? "a secret" : "a text", stream);
        break;
    case VALUE_PATH:
        fputs("a file", stream);
        break;
    case VALUE_LISTEN:
    case VALUE_TARGET:
        fputs("an address", stream);
        break;
    case VALUE_CIDR:
        fputs("address ranges", stream);
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

static void print_option(const struct options_row *row, FILE *stream)
{
    char text[PATH_TEXT_MAX];
    options_path(row->section, row, text, sizeof(text));
    fprintf(stream, "%s\n", text);
    fputs("    ", stream);
    wrap_print(stream, row->help, 4, WIDTH);
    fputs("    value:   ", stream);
    print_type(row, stream);
    fputc('\n', stream);
    if (row->required)
        fputs("    default: none, it must be given\n", stream);
    else if (row->initial)
        fprintf(stream, "    default: %s\n", row->initial);
    if (row->quick)
        fprintf(stream, "    on the quick command line: %s\n", row->quick);
    for (int i = 0; i < OPTIONS_FLAGS_MAX; i++)
        if (row->flags[i].name)
            fprintf(stream, "    flag:    --%s%s%s\n", row->flags[i].name,
                    row->flags[i].argument ? "=" : "",
                    row->flags[i].argument ? row->flags[i].argument : "");
    fprintf(stream, "    reload:  %s\n", reload_text(row->reload));
}

static void print_line(const char *path, const char *help, FILE *stream)
{
    int length = fprintf(stream, "  %s", path);
    int most = (int)strcspn(help, ";");
    fprintf(stream, "%*s%.*s\n", length < COLUMN ? COLUMN - length : 2, "", most, help);
}

static void print_section(enum options_section section, FILE *stream)
{
    const struct options_row *row;
    char path[PATH_TEXT_MAX];
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section != section)
            continue;
        options_path(section, row, path, sizeof(path));
        print_line(path, row->help, stream);
    }
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        enum options_section child = (enum options_section)i;
        if (options_section(child)->parent != section)
            continue;
        if (options_section(child)->shape != OPTIONS_MAP) {
            print_section(child, stream);
            continue;
        }
        options_path(child, NULL, path, sizeof(path));
        print_line(path, options_section(child)->help, stream);
    }
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
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++)
        if (options_section((enum options_section)i)->parent == section)
            diag_guess_offer(&guess, options_section((enum options_section)i)->key);
    return guess.best;
}

static void begin_another(bool *any, FILE *stream)
{
    if (*any)
        fputc('\n', stream);
    *any = true;
}

/* Every option and section of that name: "drain_delay" for "limits.drain_delay". False: none. */
static bool print_all_named(const char *name, FILE *stream)
{
    const struct options_row *row;
    bool any = false;
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        enum options_section section;
        if (!options_child(options_section((enum options_section)i)->parent, name, &section) ||
            section != (enum options_section)i)
            continue;
        begin_another(&any, stream);
        wrap_print(stream, options_section(section)->help, 0, WIDTH);
        print_section(section, stream);
    }
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (strcmp(row->key, name) != 0)
            continue;
        begin_another(&any, stream);
        print_option(row, stream);
    }
    return any;
}

bool reference_print(const char *path, FILE *stream, const char **nearest)
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
        if (!row && parent == OPTIONS_PROCESS && *path == '\0' && print_all_named(step, stream))
            return true;
        if (!row) {
            *nearest = nearest_name(parent, step);
            return false;
        }
    }
    if (*path)
        return false;
    if (row) {
        print_option(row, stream);
        return true;
    }
    wrap_print(stream, options_section(section)->help, 0, WIDTH);
    print_section(section, stream);
    return true;
}

void reference_overview(FILE *stream)
{
    fputs("Options of the configuration file. For more about one: wsluice help-config PATH\n\n",
          stream);
    print_section(OPTIONS_PROCESS, stream);
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
    "    wsluice reload gateway.yaml              check it, then tell the process that serves\n"
    "                                             to read it again (it needs a pid_file)\n"
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

static void put_row(const struct options_row *row, FILE *stream)
{
    fprintf(stream, "| `%s` | ", row->key);
    put_cell(row->help, stream);
    fputs(" | ", stream);
    print_type(row, stream);
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
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        const struct options_section_row *child = options_section((enum options_section)i);
        if (child->parent != section)
            continue;
        options_path((enum options_section)i, NULL, path, sizeof(path));
        fprintf(stream, "| `%s` | see `%s` | %s | | |\n", child->key, path,
                child->shape == OPTIONS_LIST ? "a list" : "a mapping");
    }
}

/* A section, followed by those inside it. */
static void put_tables(enum options_section section, FILE *stream)
{
    put_table(section, stream);
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++)
        if (options_section((enum options_section)i)->parent == section)
            put_tables((enum options_section)i, stream);
}

void reference_markdown(FILE *stream)
{
    fputs(introduction, stream);
    put_tables(OPTIONS_PROCESS, stream);
}
