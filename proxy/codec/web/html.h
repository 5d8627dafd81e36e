/*
 * HTML with texts of others in it: a template, whose {{NAME}} stand for values.
 *
 *     <h1>{{title}}</h1>      title = "A & B"      <h1>A &amp; B</h1>
 *
 * A value is escaped, so that it stays a text between tags, and inside an attribute in quotes.
 *
 * Pure but for malloc. Owns: nothing. Thread: any. Errors: `failed` of the text. Lifetime: borrows.
 */
#ifndef WSLUICE_CODEC_WEB_HTML_H
#define WSLUICE_CODEC_WEB_HTML_H

#include "base/text/text.h"

struct html_value {
    const char *name;
    struct slice value;
};

/* Adds the template; a name that has no value stands for nothing. */
void html_fill(struct text *out, struct slice page, const struct html_value *values, size_t count);

/* What stands for a character that HTML could read as its own; NULL: the character itself. */
const char *html_entity(char c);

/* Adds a text, escaped. */
void html_escape(struct text *out, struct slice value);

#endif
