/*
 * Words of a peer in a line for a log or a terminal.
 *
 * Pure. Owns: nothing. Thread: any. Errors: what does not fit is cut. Lifetime: the caller's text.
 */
#ifndef WSLUICE_BASE_TEXT_PRINTABLE_H
#define WSLUICE_BASE_TEXT_PRINTABLE_H

#include "base/base.h"

/*
 * Appends the words to the string in `text`, behind a blank. A control character, and a byte beyond
 * ASCII, becomes "?".
 */
void printable_append(char *text, size_t size, struct slice words);

#endif
