#include "core/auth/certificate_name.h"

/* `name` ends with `end`, and has at least one character in front, but not `mark`. */
static bool has_one_in_front(struct slice name, struct slice end, char mark)
{
    if (name.len <= end.len)
        return false;
    size_t front = name.len - end.len;
    return slice_equal_nocase(slice_from(name, front), end) && !memchr(name.ptr, mark, front);
}

bool certificate_name_matches(struct slice pattern, struct slice name)
{
    if (name.len == 0 || pattern.len == 0)
        return false;
    if (pattern.ptr[0] != '*')
        return slice_equal_nocase(pattern, name);
    return pattern.len == 1 || has_one_in_front(name, slice_from(pattern, 1), pattern.ptr[1]);
}
