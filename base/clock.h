/* The machine's monotonic clock: for deadlines and durations, never for what is written down. POSIX, clock_gettime
 * (CLOCK_MONOTONIC). What a record or a row says of time comes from bus_now_ms and env. Any thread. */
#ifndef PAWL_BASE_CLOCK_H
#define PAWL_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Since an unnamed moment before the process began. */
int64_t clock_us(void);
int64_t clock_ms(void);

/* When `wait_us` from now is, for pthread_cond_timedwait on a condition of this clock. Requires wait_us ≥ 0. */
struct timespec clock_deadline(int64_t wait_us);

/* A condition whose timed waits are by this clock: the wall clock may be set while somebody waits. */
void clock_cond_init(pthread_cond_t *cond);

#endif
