/*
 * Dates of HTTP fields, RFC 9110 section 5.6.7: written as IMF-fixdate, read in all three forms.
 *
 * Pure: no clock and no locale. Owns: nothing. Thread: any. Errors: false. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_DATE_H
#define WSLUICE_CODEC_HTTP_HTTP_DATE_H

#include "base/base.h"

#define HTTP_DATE_LENGTH 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* Unix seconds as text with a NUL; a year outside 0 to 9999 becomes the nearest. */
void http_date_format(int64_t seconds, char out[HTTP_DATE_LENGTH + 1]);

/*
 * Case counts, as the section says. The day of the week is not compared with the date. A year of
 * two digits lies at most 50 years after `now`.
 */
WSL_MUST_CHECK bool http_date_parse(struct slice text, int64_t now, int64_t *seconds);

#endif
