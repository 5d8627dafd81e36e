/*
 * Words of a text in lines of a given width, with the same indent, as in help pages.
 *
 * Owns: nothing. Thread: any. Errors: those of the stream. Lifetime: none.
 */
#ifndef WSLUICE_BASE_TEXT_WRAP_H
#define WSLUICE_BASE_TEXT_WRAP_H

#include "base/base.h"

/*
 * The stream is at column `indent` of its line, where the first word goes; later lines are indented
 * by as much. A word longer than the width has a line of its own. Ends with a newline.
 */
void wrap_print(FILE *stream, const char *text, size_t indent, size_t width);

#endif
