/*
 * The range of an answer lies within the file and its fields are whole lines. A second request
 * with the tag and the date of the answer gets a 304.
 */
#include "core/files/file_terms.h"

#define NOW 1795132800

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sample {
    uint64_t size;
    int64_t modified;
    uint32_t nanoseconds;
    uint8_t coding;
};

static const char *value_of(const struct file_terms *terms, const char *name)
{
    for (size_t i = 0; i < terms->field_count; i++)
        if (strcmp(terms->fields[i].name, name) == 0)
            return terms->fields[i].value;
    return "";
}

static void check(const struct http_head *head, const struct file_facts *file,
                  struct file_terms *terms)
{
    file_terms_decide(head, file, NOW, terms);
    wsl_assert(terms->field_count <= FILE_TERMS_FIELDS);
    for (size_t i = 0; i < terms->field_count; i++)
        wsl_assert(!strpbrk(terms->fields[i].value, "\r\n"));
    wsl_assert(terms->offset <= file->size && terms->length <= file->size - terms->offset);
    const char *range = value_of(terms, "Content-Range");
    switch (terms->status) {
    case 200:
        wsl_assert(terms->offset == 0 && terms->length == file->size);
        break;
    case 206:
        wsl_assert(terms->length > 0 && strncmp(range, "bytes ", 6) == 0 && range[6] != '*');
        break;
    case 416:
        wsl_assert(terms->length == 0 && strncmp(range, "bytes */", 8) == 0);
        break;
    default:
        wsl_assert((terms->status == 304 || terms->status == 412) && terms->length == 0);
    }
}

static void ask_again(const struct file_facts *file, const struct file_terms *answer)
{
    struct http_head again = {.method = SLICE("GET"), .field_count = 1};
    struct file_terms terms;
    again.fields[0] =
        (struct http_field){SLICE("If-None-Match"), slice_of(value_of(answer, "ETag"))};
    check(&again, file, &terms);
    wsl_assert(terms.status == 304);
    again.fields[0] = (struct http_field){SLICE("If-Modified-Since"),
                                          slice_of(value_of(answer, "Last-Modified"))};
    check(&again, file, &terms);
    wsl_assert(terms.status == 304);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n";
    struct sample sample;
    if (size < sizeof(sample) || size > 4096)
        return 0;
    memcpy(&sample, data, sizeof(sample));
    struct file_facts file = {
        .size = sample.size,
        .modified = sample.modified % 253402300800,
        .nanoseconds = sample.nanoseconds % 1000000000,
        .coding = (enum file_coding)(sample.coding % FILE_CODING_COUNT),
    };
    if (file.modified < 0)
        file.modified = -file.modified;
    size -= sizeof(sample);
    char *text = malloc(sizeof(request) + size);
    wsl_assert(text);
    memcpy(text, request, sizeof(request) - 1);
    memcpy(text + sizeof(request) - 1, data + sizeof(sample), size);

    struct http_head head;
    struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};
    struct http_scan scan = {0};
    size_t consumed;
    enum reason bad;
    if (http_head_parse(&head, text, sizeof(request) - 1 + size, &limits, &scan, &consumed, &bad) ==
        HTTP_HEAD) {
        struct file_terms terms;
        enum file_coding codings[FILE_CODING_COUNT];
        wsl_assert(file_terms_codings(&head, codings) < FILE_CODING_COUNT);
        (void)file_terms_wants_page(&head);
        check(&head, &file, &terms);
        if (terms.status == 200)
            ask_again(&file, &terms);
    }
    free(text);
    return 0;
}
