#include "config/model/section/config_place.h"

const struct config_place config_place_none = {NULL, 0, 0};

int config_place_print(const struct config_place *place, char *text, size_t size)
{
    if (!place || !place->file || place->line == 0)
        return snprintf(text, size, "%s", "");
    return snprintf(text, size, "%s:%u:%u: ", place->file, place->line, place->column);
}

int config_place_format_args(const struct config_place *place, char *text, size_t size,
                             const char *format, va_list args)
{
    int length = config_place_print(place, text, size);
    size_t used = size_min((size_t)length, size);
    return length + vsnprintf(text + used, size - used, format, args);
}

int config_place_format(const struct config_place *place, char *text, size_t size,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = config_place_format_args(place, text, size, format, args);
    va_end(args);
    return length;
}
