#include "core/files/file_seen.h"

/* Longer than a step of any file system's clock; FAT's are two seconds. */
#define STABLE_MS 3000

bool file_seen_look(struct file_seen *seen, uint64_t fingerprint, uint64_t now)
{
    if (fingerprint != seen->fingerprint)
        *seen = (struct file_seen){.fingerprint = fingerprint, .since = now};
    return !seen->is_stable;
}

void file_seen_read(struct file_seen *seen, uint64_t now)
{
    seen->is_stable = now - seen->since >= STABLE_MS;
}

void file_seen_forget(struct file_seen *seen)
{
    *seen = (struct file_seen){0};
}

bool file_seen_is_same(const struct file_seen *seen, uint64_t fingerprint)
{
    return seen->is_stable && fingerprint == seen->fingerprint;
}
