#include "codec/http/mime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *name, *type;
} rows[] = {
    {"vnc.html", "text/html; charset=utf-8"},
    {"a/b.c/app.js", "text/javascript; charset=utf-8"},
    {"ui.mjs", "text/javascript; charset=utf-8"},
    {"UI.CSS", "text/css; charset=utf-8"},
    {"readme.txt", "text/plain; charset=utf-8"},
    {"decoder.wasm", "application/wasm"},
    {"Orbitron.woff2", "font/woff2"},
    {"Orbitron.woff", "font/woff"},
    {"a.ttf", "font/ttf"},
    {"a.otf", "font/otf"},
    {"icon.svg", "image/svg+xml"},
    {"icon.png", "image/png"},
    {"a.avif", "image/avif"},
    {"a.webp", "image/webp"},
    {"favicon.ico", "image/x-icon"},
    {"de.json", "application/json"},
    {"app.js.map", "application/json"},
    {"a.webmanifest", "application/manifest+json"},
    {"bell.mp3", "audio/mpeg"},
    {"bell.oga", "audio/ogg"},
    {"bell.wav", "audio/wav"},
    {"first.7z", "application/x-7z-compressed"},
    {"last.zst", "application/zstd"},
    {".js", "text/javascript; charset=utf-8"},
    {"", MIME_UNKNOWN},
    {"js", MIME_UNKNOWN},
    {"a.", MIME_UNKNOWN},
    {"a.js/b", MIME_UNKNOWN},
    {"a.unheard-of", MIME_UNKNOWN},
    {"a.an-extension-that-is-long", MIME_UNKNOWN},
};

static void test_types(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char *copy = malloc(strlen(rows[i].name) + 1);
        assert_non_null(copy);
        memcpy(copy, rows[i].name, strlen(rows[i].name));
        const char *type = mime_of((struct slice){copy, strlen(rows[i].name)});
        free(copy);
        if (strcmp(type, rows[i].type) != 0)
            fail_msg("%s is %s", rows[i].name, type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
