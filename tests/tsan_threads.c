/* C11's threads by POSIX's, for the thread sanitizer's builds. librdkafka is built on C11's, which the sanitizer of gcc 12 and
 * clang 14 does not see: threads so begun crash in it, and what their locks order looks like races. Linked before the C library,
 * these take the place of its own, to which they are equal: glibc's C11 types are its POSIX types under other names. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t) &&
                   sizeof(thrd_t) == sizeof(pthread_t),
               "glibc's C11 types are its POSIX types");

struct begin {
    thrd_start_t run;
    void *argument;
};

static int result_of(int error)
{
    return error == 0           ? thrd_success
           : error == ENOMEM    ? thrd_nomem
           : error == ETIMEDOUT ? thrd_timedout
           : error == EBUSY     ? thrd_busy
                                : thrd_error;
}

static void *run(void *opaque)
{
    struct begin begin = *(struct begin *)opaque;
    free(opaque);
    return (void *)(intptr_t)begin.run(begin.argument);
}

int thrd_create(thrd_t *out_thread, thrd_start_t start, void *argument)
{
    struct begin *begin = malloc(sizeof *begin);
    if (begin == NULL) {
        return thrd_nomem;
    }
    *begin = (struct begin){start, argument};
    int error = pthread_create(out_thread, NULL, run, begin);
    if (error != 0) {
        free(begin);
    }
    return result_of(error);
}

int thrd_join(thrd_t thread, int *out_result)
{
    void *result;
    int error = pthread_join(thread, &result);
    if (error == 0 && out_result != NULL) {
        *out_result = (int)(intptr_t)result;
    }
    return result_of(error);
}

int thrd_detach(thrd_t thread)
{
    return result_of(pthread_detach(thread));
}

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    int error = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return result_of(error);
}

int mtx_lock(mtx_t *mutex)
{
    return result_of(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_trylock(mtx_t *mutex)
{
    return result_of(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
    return result_of(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

void mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int cnd_init(cnd_t *condition)
{
    return result_of(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

int cnd_signal(cnd_t *condition)
{
    return result_of(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
    return result_of(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return result_of(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *deadline)
{
    return result_of(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, deadline));
}

void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy((pthread_cond_t *)condition);
}
