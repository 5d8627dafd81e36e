#include "base/metrics.h"

#define METRICS_NAME(name, help) #name,
static const char *const names[] = {METRICS_TABLE(METRICS_NAME)};
#undef METRICS_NAME

const char *metrics_name(enum metric metric)
{
    wsl_assert((unsigned)metric < METRICS_COUNT);
    return names[metric];
}
