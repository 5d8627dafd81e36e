#include "core/auth/users_edit.h"

/* What the text is like, before anything is written. */
struct survey {
    size_t matches; /* lines of the user */
    struct slice hash;
    bool foreign; /* a line is not USER:SOMETHING */
};

static void note_fault(struct users_edit *edit, unsigned line, const char *fault)
{
    if (edit->line == 0)
        *edit = (struct users_edit){line, fault};
}

static struct survey look(struct slice text, struct slice name, struct users_edit *edit)
{
    struct survey survey = {0};
    struct users_cursor cursor = {text, 0};
    struct users_line line;
    const char *fault;
    enum users_file_verdict verdict;
    *edit = (struct users_edit){0};
    while ((verdict = users_file_next(&cursor, &line, &fault)) != USERS_FILE_END) {
        bool named = verdict == USERS_FILE_LINE || line.named;
        bool match = named && slice_equal(line.name, name);
        if (!named && !survey.foreign) {
            survey.foreign = true;
            *edit = (struct users_edit){cursor.line, fault};
        } else if (verdict == USERS_FILE_FAULT && !match) {
            note_fault(edit, cursor.line, fault);
        }
        if (match && verdict == USERS_FILE_LINE)
            survey.hash = line.hash;
        survey.matches += match;
    }
    return survey;
}

/* "\n" or "\r\n", as the line has it, or as the first line of the text if that is the last one. */
static struct slice end_of(struct slice line, struct slice text)
{
    struct slice rest = text, first;
    if (line.len > 0 && line.ptr[line.len - 1] == '\n')
        first = (struct slice){line.ptr, line.len - 1};
    else if (!slice_cut_to(&rest, '\n', &first))
        return SLICE("\n");
    return first.len > 0 && first.ptr[first.len - 1] == '\r' ? SLICE("\r\n") : SLICE("\n");
}

static void write_user(struct text *out, struct slice name, struct slice hash, struct slice end)
{
    text_add(out, name);
    text_add_byte(out, ':');
    text_add(out, hash);
    text_add(out, end);
}

/* All lines, with those of the user replaced by one, or by none. */
static void replace(struct slice text, struct slice name, struct slice hash, struct text *out)
{
    struct users_cursor cursor = {text, 0};
    struct users_line line;
    const char *fault, *from = text.ptr;
    bool written = hash.len == 0;
    while (users_file_next(&cursor, &line, &fault) != USERS_FILE_END) {
        if (!slice_equal(line.name, name))
            continue;
        text_add(out, (struct slice){from, (size_t)(line.whole.ptr - from)});
        from = line.whole.ptr + line.whole.len;
        if (!written)
            write_user(out, name, hash, end_of(line.whole, text));
        written = true;
    }
    text_add(out, (struct slice){from, (size_t)(text.ptr + text.len - from)});
}

static void append(struct slice text, struct slice name, struct slice hash, struct text *out)
{
    struct slice end = end_of((struct slice){NULL, 0}, text);
    text_add(out, text);
    if (text.len > 0 && text.ptr[text.len - 1] != '\n')
        text_add(out, end);
    write_user(out, name, hash, end);
}

enum users_edit_result users_edit_apply(struct slice text, struct slice name, struct slice hash,
                                        struct text *out, struct users_edit *edit)
{
    struct survey survey = look(text, name, edit);
    if (survey.foreign || (edit->line > 0 && survey.matches == 0))
        return USERS_EDIT_REFUSED;
    if (survey.matches == 0 && hash.len == 0)
        return USERS_EDIT_ABSENT;
    if (survey.matches > 0) {
        replace(text, name, hash, out);
        return USERS_EDIT_CHANGED;
    }
    append(text, name, hash, out);
    return USERS_EDIT_ADDED;
}

struct slice users_edit_find(struct slice text, struct slice name, struct users_edit *edit)
{
    struct survey survey = look(text, name, edit);
    return edit->line > 0 ? (struct slice){NULL, 0} : survey.hash;
}
