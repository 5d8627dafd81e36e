#include "config/options/option_ref.h"

bool option_ref_is_faulty(const struct option_locator *names, enum options_section section,
                          size_t outer)
{
    return names->is_faulty && names->is_faulty(names->owner, section, outer);
}

enum options_section option_ref_section(const struct option_ref *option,
                                        enum options_section section)
{
    return options_section(option->within)->like == section ? option->within : section;
}

/* The path to a section; `outer` is the index in the outer list, `inner` in the inner one. */
static void print_section(const struct option_locator *names, enum options_section section,
                          const struct option_ref *option, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (section == OPTIONS_PROCESS)
        return;
    const struct options_section_row *row = options_section(option_ref_section(option, section));
    print_section(names, row->parent, option, buffer, size);
    size_t used = strlen(buffer);
    const char *dot = used ? "." : "";
    struct option_ref own = *option;
    own.section = section;
    if (row->single && names->is_single && names->is_single(names->owner, &own))
        snprintf(buffer + used, size - used, "%s%s", dot, row->single);
    else if (row->shape == OPTIONS_LIST)
        snprintf(buffer + used, size - used, "%s%s[%zu]", dot, row->key,
                 row->parent == OPTIONS_PROCESS ? option->outer : option->inner);
    else
        snprintf(buffer + used, size - used, "%s%s", dot, row->key);
}

/* "routes[3].target.ca", or "--ssl-target-name". */
static void print_name(const struct option_locator *names, struct option_ref option, char *buffer,
                       size_t size)
{
    const char *own = names->name ? names->name(names->owner, &option) : NULL;
    if (own) {
        snprintf(buffer, size, "%s", own);
        return;
    }
    const struct options_row *row = option.key ? options_find(option.section, option.key) : NULL;
    if (names->flags && row && row->flags[0].name) {
        snprintf(buffer, size, "--%s", row->flags[0].name);
        return;
    }
    print_section(names, option.section, &option, buffer, size);
    size_t used = strlen(buffer);
    if (option.key)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", option.key);
}

void option_ref_print_place(const struct option_locator *names, struct option_ref option,
                            char *buffer, size_t size)
{
    struct config_place where = names->locate(names->owner, option);
    buffer[0] = '\0';
    if (where.line)
        snprintf(buffer, size, " at %s:%u:%u", where.file, where.line, where.column);
}

void option_ref_complain_args(const struct option_locator *names, struct diag *diag,
                              enum diag_level level, struct option_ref option, const char *remedy,
                              const char *format, va_list args)
{
    char name[200];
    print_name(names, option, name, sizeof(name));
    diag_add_args(diag, level, names->locate(names->owner, option), name[0] ? name : NULL, remedy,
                  format, args);
}

void option_ref_report(const struct option_locator *names, struct diag *diag, enum diag_level level,
                       struct option_ref option, const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    option_ref_complain_args(names, diag, level, option, remedy, format, args);
    va_end(args);
}
