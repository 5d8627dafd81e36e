#include "codec/http/mime.h"

#define TEXT(subtype) "text/" subtype "; charset=utf-8"

/*
 * Sorted by extension. Scripts are text/javascript (RFC 9239): a browser runs no module with
 * another type, and with nosniff it does not guess. Text is assumed to be UTF-8.
 */
static const struct mime_row {
    const char *extension, *type;
} rows[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"cjs", TEXT("javascript")},
    {"css", TEXT("css")},
    {"csv", TEXT("csv")},
    {"eot", "application/vnd.ms-fontobject"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", TEXT("html")},
    {"html", TEXT("html")},
    {"ico", "image/x-icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", TEXT("javascript")},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"log", TEXT("plain")},
    {"m4a", "audio/mp4"},
    {"map", "application/json"},
    {"md", TEXT("markdown")},
    {"mjs", TEXT("javascript")},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"rss", "application/rss+xml"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"ttf", "font/ttf"},
    {"txt", TEXT("plain")},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

#define EXTENSION_MAX 15

static int compare(const void *a, const void *b)
{
    const struct mime_row *left = a, *right = b;
    return strcmp(left->extension, right->extension);
}

const char *mime_of(struct slice name)
{
    char extension[EXTENSION_MAX + 1];
    size_t at = name.len;
    while (at > 0 && name.ptr[at - 1] != '.' && name.ptr[at - 1] != '/')
        at--;
    if (at == 0 || name.ptr[at - 1] != '.' || name.len - at > EXTENSION_MAX)
        return MIME_UNKNOWN;
    for (size_t i = at; i < name.len; i++)
        extension[i - at] = ascii_lower(name.ptr[i]);
    extension[name.len - at] = '\0';
    const struct mime_row key = {extension, NULL};
    const struct mime_row *row = bsearch(&key, rows, WSL_COUNT(rows), sizeof(rows[0]), compare);
    return row ? row->type : MIME_UNKNOWN;
}
