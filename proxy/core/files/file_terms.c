#include "core/files/file_terms.h"

#include "codec/http/http_accept.h"
#include "codec/http/http_etag.h"
#include "codec/http/http_range.h"

struct judgement {
    const struct http_head *head;
    const struct file_facts *file;
    struct slice etag;
    int64_t modified; /* as sent: not later than the answer, RFC 9110 section 8.8.2.1 */
    int64_t now;
};

/* False: there is no such field, or it is not a date. */
static bool date_of(const struct judgement *at, struct slice name, int64_t *seconds)
{
    unsigned count;
    const struct http_field *field = http_head_only(at->head, name, &count);
    return field && http_date_parse(field->value, at->now, seconds);
}

/* RFC 9110 sections 13.1.1 and 13.1.4. */
static bool precondition_failed(const struct judgement *at)
{
    static const struct slice if_match = {"If-Match", 8};
    int64_t date;
    if (http_head_has(at->head, if_match))
        return !http_etag_listed(at->head, if_match, at->etag, HTTP_ETAG_STRONG);
    return date_of(at, SLICE("If-Unmodified-Since"), &date) && at->modified > date;
}

/* RFC 9110 sections 13.1.2 and 13.1.3. */
static bool not_modified(const struct judgement *at)
{
    static const struct slice if_none_match = {"If-None-Match", 13};
    int64_t date;
    if (http_head_has(at->head, if_none_match))
        return http_etag_listed(at->head, if_none_match, at->etag, HTTP_ETAG_WEAK);
    return date_of(at, SLICE("If-Modified-Since"), &date) && at->modified <= date;
}

/*
 * RFC 9110 section 13.1.5: the client wants a part only of the version that it has. A date is as
 * good as a tag unless the file changed in the second of the answer.
 */
static bool range_applies(const struct judgement *at)
{
    unsigned count;
    const struct http_field *field = http_head_only(at->head, SLICE("If-Range"), &count);
    int64_t date;
    if (count == 0)
        return true;
    if (!field)
        return false;
    if (slice_equal(field->value, at->etag))
        return true;
    return http_date_parse(field->value, at->now, &date) && date == at->modified &&
           at->modified < at->now;
}

static enum http_range_verdict find_range(const struct judgement *at, struct http_range *part)
{
    unsigned count;
    const struct http_field *range = http_head_only(at->head, SLICE("Range"), &count);
    if (!range || !slice_equal(at->head->method, SLICE("GET")) || !range_applies(at))
        return HTTP_RANGE_WHOLE;
    return http_range_parse(range->value, at->file->size, part);
}

/* A coding's suffix of the file name, mark in the entity tag, and name in Content-Encoding. */
static const struct {
    const char *suffix, *mark, *name;
} codings[FILE_CODING_COUNT] = {
    [FILE_IDENTITY] = {"", "", NULL},
    [FILE_GZIP] = {".gz", "-gz", "gzip"},
    [FILE_BROTLI] = {".br", "-br", "br"},
};

static void add_field(struct file_terms *terms, const char *name, const char *value)
{
    terms->fields[terms->field_count++] = (struct config_header){name, value};
}

/* A 304 has the fields of a 200 that caches need; a 412 and a 416 describe no content. */
static void add_fields(const struct file_facts *file, const struct http_range *part,
                       struct file_terms *terms)
{
    unsigned long long size = file->size, first = part->first;
    terms->field_count = 0;
    if (terms->status == 412)
        return;
    if (terms->status == 416) {
        snprintf(terms->range, sizeof(terms->range), "bytes */%llu", size);
        add_field(terms, "Content-Range", terms->range);
        return;
    }
    add_field(terms, "ETag", terms->etag);
    add_field(terms, "Last-Modified", terms->date);
    if (terms->status == 304)
        return;
    add_field(terms, "Accept-Ranges", "bytes");
    if (codings[file->coding].name)
        add_field(terms, "Content-Encoding", codings[file->coding].name);
    if (terms->status != 206)
        return;
    snprintf(terms->range, sizeof(terms->range), "bytes %llu-%llu/%llu", first,
             (unsigned long long)(part->first + part->length - 1), size);
    add_field(terms, "Content-Range", terms->range);
}

static unsigned judge(const struct judgement *at, struct http_range *part)
{
    if (precondition_failed(at))
        return 412;
    if (not_modified(at))
        return 304;
    switch (find_range(at, part)) {
    case HTTP_RANGE_PART:
        return 206;
    case HTTP_RANGE_BEYOND:
        return 416;
    case HTTP_RANGE_WHOLE:
        break;
    }
    *part = (struct http_range){0, at->file->size};
    return 200;
}

void file_terms_decide(const struct http_head *head, const struct file_facts *file, int64_t now,
                       struct file_terms *terms)
{
    struct http_range part = {0};
    int length = snprintf(terms->etag, sizeof(terms->etag), "\"%llx-%llx.%x%s\"",
                          (unsigned long long)file->size, (unsigned long long)file->modified,
                          file->nanoseconds, codings[file->coding].mark);
    struct judgement at = {
        .head = head,
        .file = file,
        .etag = {terms->etag, (size_t)length},
        .modified = file->modified < now ? file->modified : now,
        .now = now,
    };
    http_date_format(at.modified, terms->date);
    terms->status = judge(&at, &part);
    bool body = terms->status == 200 || terms->status == 206;
    terms->offset = body ? part.first : 0;
    terms->length = body ? part.length : 0;
    add_fields(file, &part, terms);
}

/* RFC 9110 section 12.5.3: "*" stands for codings that are not listed; x-gzip is gzip. */
static int weight_of(const struct http_head *head, struct slice coding, struct slice alias)
{
    static const struct slice field = {"Accept-Encoding", 15};
    int weight = http_accept_weight(head, field, coding);
    if (weight == HTTP_ACCEPT_NOT_LISTED && alias.len > 0)
        weight = http_accept_weight(head, field, alias);
    return weight == HTTP_ACCEPT_NOT_LISTED ? http_accept_weight(head, field, SLICE("*")) : weight;
}

size_t file_terms_codings(const struct http_head *head,
                          enum file_coding list[static FILE_CODING_COUNT])
{
    int brotli = weight_of(head, SLICE("br"), (struct slice){NULL, 0});
    int gzip = weight_of(head, SLICE("gzip"), SLICE("x-gzip"));
    /* The plain file comes before a smaller one only if it is listed by its own name. */
    int identity = http_accept_weight(head, SLICE("Accept-Encoding"), SLICE("identity"));
    int floor = identity > 1 ? identity : 1;
    size_t count = 0;
    if (brotli >= floor)
        list[count++] = FILE_BROTLI;
    if (gzip >= floor)
        list[count++] = FILE_GZIP;
    if (count == 2 && gzip > brotli) {
        list[0] = FILE_GZIP;
        list[1] = FILE_BROTLI;
    }
    return count;
}

const char *file_terms_suffix(enum file_coding coding)
{
    return codings[coding].suffix;
}

bool file_terms_wants_page(const struct http_head *head)
{
    return http_accept_weight(head, SLICE("Accept"), SLICE("text/html")) > 0;
}
