#include "base/clock.h"

#include "base/assert.h"

static struct timespec now(void)
{
    struct timespec at;
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return at;
}

int64_t clock_us(void)
{
    struct timespec at = now();
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
    return clock_us() / 1000;
}

struct timespec clock_deadline(int64_t wait_us)
{
    struct timespec at = now();
    ASSERT(wait_us >= 0);
    at.tv_nsec += wait_us % 1000000 * 1000;
    at.tv_sec += wait_us / 1000000 + at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

void clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}
