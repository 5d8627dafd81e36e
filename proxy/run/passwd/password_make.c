#include "run/passwd/password_make.h"

#include "base/siphash.h"

bool password_make_hash(struct slice password, enum users_hash kind,
                        char hash[static USERS_HASH_MAX + 1])
{
    struct siphash_seed seeds[2];
    uint8_t random[PASSWORD_RANDOM];
    _Static_assert(sizeof(seeds) >= sizeof(random), "enough random bytes");
    if (!siphash_seed(&seeds[0]) || !siphash_seed(&seeds[1]))
        return false;
    memcpy(random, seeds, sizeof(random));
    return password_hash(password, kind, random, hash);
}
