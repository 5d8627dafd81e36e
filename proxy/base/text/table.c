#include "base/text/table.h"

#include <string.h>

#include "base/text/utf8.h"

#define GAP 2

/* ---- values ---- */

const char *table_print_size(uint64_t bytes, char text[TABLE_CELL])
{
    static const char units[] = "KMGTPE";
    double value = (double)bytes;
    int unit = -1;
    while (value >= 999.5 && unit + 1 < (int)sizeof(units) - 1) {
        value /= 1024;
        unit++;
    }
    if (unit < 0)
        snprintf(text, TABLE_CELL, "%llu", (unsigned long long)bytes);
    else
        snprintf(text, TABLE_CELL, "%.*f%c", value < 9.95 ? 1 : 0, value, units[unit]);
    return text;
}

const char *table_print_time(uint64_t milliseconds, char text[TABLE_CELL])
{
    unsigned long long seconds = milliseconds / 1000, minutes = seconds / 60, hours = minutes / 60;
    if (seconds < 60)
        snprintf(text, TABLE_CELL, "%llus", seconds);
    else if (minutes < 60)
        snprintf(text, TABLE_CELL, "%llum%02llus", minutes, seconds % 60);
    else if (hours < 24)
        snprintf(text, TABLE_CELL, "%lluh%02llum", hours, minutes % 60);
    else
        snprintf(text, TABLE_CELL, "%llud%02lluh", hours / 24, hours % 24);
    return text;
}

const char *table_print_safely(const char *value, char text[TABLE_CELL])
{
    size_t length = utf8_cut(value, strlen(value), TABLE_CELL - 1);
    bool is_utf8 = utf8_is_valid((struct slice){value, length});
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)value[i];
        bool c1 = i + 1 < length && byte == 0xC2 && (unsigned char)value[i + 1] < 0xA0;
        bool bad = byte < ' ' || byte == 0x7f || c1 || (byte >= 0x80 && !is_utf8);
        text[i] = bad ? '?' : value[i];
        if (c1)
            text[++i] = '?';
    }
    text[length] = '\0';
    return text;
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* ---- tables ---- */

struct layout {
    const struct table *table;
    size_t widths[TABLE_COLUMNS]; /* 0: left out */
};

/* An empty column is left out. */
static void measure(struct layout *layout)
{
    const struct table *table = layout->table;
    char text[TABLE_CELL];
    for (size_t c = 0; c < table->column_count; c++) {
        size_t widest = 0;
        for (size_t r = 0; r < table->row_count; r++) {
            size_t width = width_of(table->cell(table->owner, r, c, text));
            widest = width > widest ? width : widest;
        }
        size_t title = strlen(table->columns[c].title);
        layout->widths[c] = widest == 0 ? 0 : widest > title ? widest : title;
    }
}

static size_t total(const struct layout *layout)
{
    size_t width = 0;
    for (size_t c = 0; c < layout->table->column_count; c++)
        width += layout->widths[c] > 0 ? layout->widths[c] + GAP : 0;
    return width > 0 ? width - GAP : 0;
}

static void fit(struct layout *layout, size_t width)
{
    const struct table *table = layout->table;
    while (width > 0 && total(layout) > width) {
        size_t least = 0;
        for (size_t c = 1; c < table->column_count; c++)
            if (layout->widths[c] > 0 &&
                (layout->widths[least] == 0 ||
                 table->columns[c].dispensable > table->columns[least].dispensable))
                least = c;
        if (table->columns[least].dispensable == 0)
            return;
        layout->widths[least] = 0;
    }
}

static void put_cell(FILE *out, const char *text, size_t width, bool right, bool last)
{
    int pad = (int)(width - width_of(text));
    if (right)
        fprintf(out, "%*s%s", pad, "", text);
    else
        fprintf(out, "%s%*s", text, last ? 0 : pad, "");
}

static void put_line(FILE *out, const struct layout *layout, size_t row, bool title)
{
    const struct table *table = layout->table;
    char text[TABLE_CELL];
    size_t last = 0;
    for (size_t c = 0; c < table->column_count; c++)
        last = layout->widths[c] > 0 ? c : last;
    for (size_t c = 0; c <= last; c++) {
        if (layout->widths[c] == 0)
            continue;
        const char *cell =
            title ? table->columns[c].title : table->cell(table->owner, row, c, text);
        put_cell(out, cell, layout->widths[c], table->columns[c].right, c == last);
        fprintf(out, "%*s", c == last ? 0 : GAP, "");
    }
    fputc('\n', out);
}

void table_print(FILE *out, const struct table *table, size_t width)
{
    struct layout layout = {.table = table};
    measure(&layout);
    fit(&layout, width);
    fputc('\n', out);
    put_line(out, &layout, 0, true);
    for (size_t r = 0; r < table->row_count; r++)
        put_line(out, &layout, r, false);
}
