/*
 * A table for terminals: columns fit their contents, and the table fits a width.
 *
 * Owns: nothing; cells are printed into a buffer of the table's. Thread: any. Errors: of the stream
 * alone. Lifetime: of one call.
 */
#ifndef WSLUICE_BASE_TEXT_TABLE_H
#define WSLUICE_BASE_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TABLE_CELL    160 /* bytes of one cell, a NUL among them */
#define TABLE_COLUMNS 16

struct table_column {
    const char *title;
    bool right;          /* right-aligned, for numbers */
    uint8_t dispensable; /* the column with the highest is left out first; 0: never */
};

/* `cell` returns "" for an empty cell. */
struct table {
    const struct table_column *columns; /* TABLE_COLUMNS at most */
    size_t column_count, row_count;
    const char *(*cell)(const void *owner, size_t row, size_t column, char text[TABLE_CELL]);
    const void *owner;
};

/* Behind an empty line. Leaves out empty columns, and others until it fits `width`. 0: any. */
void table_print(FILE *out, const struct table *table, size_t width);

/* ---- values of cells; each returns `text` ---- */

/* Such as 999, 1.2K, 15M. */
const char *table_print_size(uint64_t bytes, char text[TABLE_CELL]);

/* Such as 59s, 1m05s, 3h20m, 2d01h. */
const char *table_print_time(uint64_t milliseconds, char text[TABLE_CELL]);

/* Control characters from clients must not reach the terminal: they become question marks. */
const char *table_print_safely(const char *value, char text[TABLE_CELL]);

#endif
