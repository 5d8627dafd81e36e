#include "net/random.h"

#include <openssl/rand.h>

void random_fill(void *bytes, size_t length)
{
    if (RAND_bytes(bytes, (int)length) != 1)
        abort();
}
