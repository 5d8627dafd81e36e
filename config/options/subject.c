#include "config/options/subject.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct diag_where subject_where(const struct subject_names *names, struct subject subject)
{
    return names->locate(names->owner, subject);
}

bool subject_is_faulty(const struct subject_names *names, enum options_section section,
                       size_t outer)
{
    return names->is_faulty && names->is_faulty(names->owner, section, outer);
}

/* The way down to a section; `outer` belongs to the list at the top, `inner` to one in it. */
static void print_section(const struct subject_names *names, enum options_section section,
                          const struct subject *subject, char *buffer, size_t size)
{
    const struct options_section_row *row = options_section(section);
    buffer[0] = '\0';
    if (section == OPTIONS_PROCESS)
        return;
    print_section(names, row->parent, subject, buffer, size);
    size_t used = strlen(buffer);
    const char *dot = used ? "." : "";
    if (row->single && names->is_single && names->is_single(names->owner, subject))
        snprintf(buffer + used, size - used, "%s%s", dot, row->single);
    else if (row->shape == OPTIONS_LIST)
        snprintf(buffer + used, size - used, "%s%s[%zu]", dot, row->key,
                 row->parent == OPTIONS_PROCESS ? subject->outer : subject->inner);
    else
        snprintf(buffer + used, size - used, "%s%s", dot, row->key);
}

void subject_print(const struct subject_names *names, struct subject subject, char *buffer,
                   size_t size)
{
    const struct options_row *row = subject.key ? options_find(subject.section, subject.key) : NULL;
    if (names->flags && row && row->flags[0].name) {
        snprintf(buffer, size, "--%s", row->flags[0].name);
        return;
    }
    print_section(names, subject.section, &subject, buffer, size);
    size_t used = strlen(buffer);
    if (subject.key)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", subject.key);
}

void subject_print_place(const struct subject_names *names, struct subject subject, char *buffer,
                         size_t size)
{
    struct diag_where where = subject_where(names, subject);
    buffer[0] = '\0';
    if (where.line)
        snprintf(buffer, size, " at %s:%u:%u", where.source, where.line, where.column);
}

void subject_complain(const struct subject_names *names, struct diag *diag, enum diag_level level,
                      struct subject subject, const char *remedy, const char *format, ...)
{
    char name[200], *message;
    subject_print(names, subject, name, sizeof(name));
    va_list args;
    va_start(args, format);
    int length = vasprintf(&message, format, args);
    va_end(args);
    diag_add(diag, level, subject_where(names, subject), name[0] ? name : NULL, remedy, "%s",
             length < 0 ? "out of memory" : message);
    if (length >= 0)
        free(message);
}
