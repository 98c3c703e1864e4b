/* A clock that can be set: preloaded into a process, it adds to the time of day what the file PAWL_TEST_CLOCK says, an
 * int64_t of nanoseconds in the machine's order, which may change at any time. The monotonic clock stays as it is, and a
 * wait until a time of day is made one until the time that the system calls so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000
#define TIME_OF_DAY_MIN_S 1000000000 /* below it is a monotonic clock's */

static const int64_t *offset; /* in the file */

__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("PAWL_TEST_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        void *at = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
        offset = at == MAP_FAILED ? NULL : at;
        close(file);
    }
}

static void shift(struct timespec *time, int direction)
{
    int64_t by = offset == NULL ? 0 : direction * __atomic_load_n(offset, __ATOMIC_RELAXED);
    int64_t sum = (int64_t)time->tv_sec * SECOND_NS + time->tv_nsec + by;
    time->tv_sec = sum / SECOND_NS;
    time->tv_nsec = sum % SECOND_NS;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    static _Atomic(int (*)(clockid_t, struct timespec *)) next;
    if (next == NULL) {
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int result = next(clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        shift(out, 1);
    }
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

int timespec_get(struct timespec *out, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

static struct timespec real_time(const struct timespec *until)
{
    struct timespec real = *until;
    if (real.tv_sec >= TIME_OF_DAY_MIN_S) {
        shift(&real, -1);
    }
    return real;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict lock,
                           const struct timespec *restrict until)
{
    static _Atomic(int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *)) next;
    if (next == NULL) {
        next = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlsym(RTLD_NEXT,
                                                                                            "pthread_cond_timedwait");
    }
    struct timespec real = real_time(until);
    return next(cond, lock, &real);
}

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict lock, const struct timespec *restrict until)
{
    static _Atomic(int (*)(cnd_t *, mtx_t *, const struct timespec *)) next;
    if (next == NULL) {
        next = (int (*)(cnd_t *, mtx_t *, const struct timespec *))dlsym(RTLD_NEXT, "cnd_timedwait");
    }
    struct timespec real = real_time(until);
    return next(cond, lock, &real);
}
