#include "run/passwd/password_make.h"

#include <sys/random.h>

bool password_make_hash(struct slice password, enum users_hash kind,
                        char hash[static USERS_HASH_MAX + 1])
{
    uint8_t random[PASSWORD_RANDOM];
    return getrandom(random, sizeof(random), 0) == sizeof(random) &&
           password_hash(password, kind, random, hash);
}
