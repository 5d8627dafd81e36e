/*
 * The answer to a request for an existing file: status after the conditions (in the order of RFC
 * 9110 section 13.2.2), range of bytes, and the file's header fields.
 *
 * Pure: the time is a parameter. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CORE_FILES_FILE_TERMS_H
#define WSLUICE_CORE_FILES_FILE_TERMS_H

#include "codec/http/http_date.h"
#include "codec/http/http_head.h"
#include "config/model/config.h"

enum file_coding { FILE_IDENTITY, FILE_GZIP, FILE_BROTLI, FILE_CODING_COUNT };

struct file_facts {
    uint64_t size;
    int64_t modified;     /* Unix seconds */
    uint32_t nanoseconds; /* of that */
    enum file_coding coding;
};

#define FILE_TERMS_FIELDS 5

struct file_terms {
    unsigned status;         /* 200, 206, 304, 412, 416 */
    uint64_t offset, length; /* of the body; 0 bytes but for 200 and 206 */
    /* Those of ETag, Last-Modified, Accept-Ranges, Content-Encoding, Content-Range that apply. */
    struct config_header fields[FILE_TERMS_FIELDS];
    size_t field_count;
    /* Values of the fields. */
    char etag[64], date[HTTP_DATE_LENGTH + 1], range[72];
};

/* For GET or HEAD; `now` in Unix seconds. Do not move the terms: their fields point into them. */
void file_terms_decide(const struct http_head *head, const struct file_facts *file, int64_t now,
                       struct file_terms *terms);

/*
 * The codings that the client prefers to the plain file, best first; of equal ones, the coding with
 * the smaller files. Returns how many there are.
 */
size_t file_terms_codings(const struct http_head *head,
                          enum file_coding codings[static FILE_CODING_COUNT]);

const char *file_terms_suffix(enum file_coding coding); /* of the encoded file's name: ".gz" */

/* Does the client accept a page, as a browser does when it navigates? */
bool file_terms_wants_page(const struct http_head *head);

#endif
