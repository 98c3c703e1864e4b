#include "gateway/door.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define SWEEP_MS 250            /* how late one may be ended */
#define ACCEPTED_AT_ONCE_MAX 64 /* then those inside are looked after */
#define LEAVING_MAX 64          /* refused ones whose last words are waited for */
#define LEAVING_MS 1000
#define CALM_MS 10000           /* without a refusal: it is over */
#define PAUSE_MS 50             /* when a connection can be neither accepted nor refused */

struct door_guest {
    struct door_guest *next;
    struct door_guest *previous;
    int file;
    _Atomic int64_t until_ms; /* 0: no end */
};

struct leaving {
    int file;
    int64_t until_ms;
};

struct door {
    struct door_config config;
    union listen_address address;
    int listener;
    pthread_t thread;
    bool joins;
    _Atomic bool stopping;
    _Atomic uint32_t guest_count; /* let in, and not ended */
    pthread_mutex_t lock;         /* guards the list */
    struct door_guest *guests;
    /* The thread's. */
    int spare; /* a file kept for refusing when there are no more; -1: none */
    struct leaving leaving[LEAVING_MAX];
    size_t leaving_count;
    bool refusing;
    uint64_t refused_count;
    int64_t refused_ms;
    int64_t swept_ms;
};

/* ---- Those inside ---- */

struct door_guest *door_enter(struct door *door, int file)
{
    struct door_guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL) {
        return NULL;
    }
    guest->file = file;
    pthread_mutex_lock(&door->lock);
    guest->next = door->guests;
    if (guest->next != NULL) {
        guest->next->previous = guest;
    }
    door->guests = guest;
    pthread_mutex_unlock(&door->lock);
    return guest;
}

void door_leave(struct door *door, struct door_guest *guest)
{
    atomic_fetch_sub(&door->guest_count, 1);
    if (guest == NULL) {
        return;
    }
    pthread_mutex_lock(&door->lock);
    if (guest->previous != NULL) {
        guest->previous->next = guest->next;
    } else {
        door->guests = guest->next;
    }
    if (guest->next != NULL) {
        guest->next->previous = guest->previous;
    }
    pthread_mutex_unlock(&door->lock);
    free(guest);
}

void door_expect(struct door_guest *guest, enum door_wait wait, int64_t ms)
{
    if (guest != NULL) {
        atomic_store(&guest->until_ms, wait == DOOR_FOR_SERVER ? 0 : clock_ms() + ms);
    }
}

/* Shut, not closed: the file is the server's, which sees the end and closes it. */
static void sweep_guests(struct door *door, int64_t now)
{
    pthread_mutex_lock(&door->lock);
    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        int64_t until_ms = atomic_load(&guest->until_ms);
        if (until_ms != 0 && until_ms <= now) {
            atomic_compare_exchange_strong(&guest->until_ms, &until_ms, 0);
            shutdown(guest->file, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&door->lock);
}

/* ---- Those that are refused ---- */

static void drop_leaving(struct door *door, size_t at)
{
    close(door->leaving[at].file);
    door->leaving[at] = door->leaving[--door->leaving_count];
}

/* Whether the other end has closed, too. What it still says is for nobody. */
static bool has_left(int file)
{
    char bytes[4096];
    for (int at = 0; at < 16; at++) {
        ssize_t length = recv(file, bytes, sizeof bytes, MSG_DONTWAIT);
        if (length <= 0) {
            return length == 0 || (errno != EAGAIN && errno != EINTR);
        }
    }
    return false;
}

static void sweep_leaving(struct door *door, int64_t now)
{
    for (size_t at = door->leaving_count; at-- > 0;) {
        if (has_left(door->leaving[at].file) || door->leaving[at].until_ms <= now) {
            drop_leaving(door, at);
        }
    }
}

static void tell_refusing(struct door *door, const char *reason)
{
    door->refused_ms = clock_ms();
    door->refused_count++;
    if (!door->refusing) {
        door->refusing = true;
        door->config.told(door->config.owner, reason, 0);
    }
}

static void tell_calm(struct door *door, int64_t now)
{
    if (door->refusing && now - door->refused_ms >= CALM_MS) {
        door->refusing = false;
        door->config.told(door->config.owner, NULL, door->refused_count);
        door->refused_count = 0;
    }
}

/* A close while there is something unread would take back what was said: the other end is given time to close first. */
static void refuse(struct door *door, int file, const char *reason)
{
    ssize_t sent = send(file, door->config.refusal.bytes, door->config.refusal.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    tell_refusing(door, reason);
    shutdown(file, SHUT_WR);
    if (sent <= 0 || has_left(file)) {
        close(file);
        return;
    }
    if (door->leaving_count == LEAVING_MAX) {
        drop_leaving(door, 0);
    }
    door->leaving[door->leaving_count++] = (struct leaving){file, clock_ms() + LEAVING_MS};
}

/* ---- Those that come ---- */

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* There is no file for one more: the spare one is given up for as long as it takes to say so. False: not even that. */
static bool refuse_with_spare(struct door *door, const char *reason)
{
    if (door->spare >= 0) {
        close(door->spare);
    }
    int file = accept4(door->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file >= 0) {
        tell_refusing(door, reason);
        ssize_t sent =
            send(file, door->config.refusal.bytes, door->config.refusal.length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            shutdown(file, SHUT_WR);
            has_left(file);
        }
        close(file);
    }
    door->spare = open_spare();
    return file >= 0;
}

static bool lacks_files(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Accepts one. False: there is none. */
static bool receive(struct door *door)
{
    union listen_address address;
    socklen_t length = sizeof address;
    int file = accept4(door->listener, &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) {
        if (!lacks_files(errno)) {
            return errno == ECONNABORTED || errno == EINTR;
        }
        if (door->leaving_count > 0) {
            drop_leaving(door, 0);
        } else if (!refuse_with_spare(door, "no file is left (ulimit -n)")) {
            poll(NULL, 0, PAUSE_MS);
            return false;
        }
        return true;
    }
    if (atomic_fetch_add(&door->guest_count, 1) >= door->config.guest_count_max) {
        atomic_fetch_sub(&door->guest_count, 1);
        refuse(door, file, "there are gateway.connections already");
    } else if (!door->config.let_in(door->config.owner, file, &address.any, length)) {
        atomic_fetch_sub(&door->guest_count, 1);
        tell_refusing(door, "the server takes no more");
    }
    return true;
}

static void await(struct door *door)
{
    struct pollfd watched[1 + LEAVING_MAX] = {{.fd = door->listener, .events = POLLIN}};
    for (size_t at = 0; at < door->leaving_count; at++) {
        watched[1 + at] = (struct pollfd){.fd = door->leaving[at].file, .events = POLLIN};
    }
    poll(watched, 1 + door->leaving_count, SWEEP_MS);
}

static void *run(void *owner)
{
    struct door *door = owner;
    while (!atomic_load(&door->stopping)) {
        await(door);
        for (int at = 0; at < ACCEPTED_AT_ONCE_MAX && receive(door); at++) {
        }
        int64_t now = clock_ms();
        sweep_leaving(door, now);
        if (now - door->swept_ms >= SWEEP_MS) {
            door->swept_ms = now;
            sweep_guests(door, now);
            tell_calm(door, now);
        }
    }
    return NULL;
}

/* ---- Its life ---- */

static bool listen_at(struct door *door)
{
    const int yes = 1;
    bool v6 = door->address.any.sa_family == AF_INET6;
    socklen_t length = v6 ? sizeof door->address.v6 : sizeof door->address.v4;
    door->listener = socket(door->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return door->listener >= 0 && setsockopt(door->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
           (!v6 || setsockopt(door->listener, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
           bind(door->listener, &door->address.any, length) == 0 && listen(door->listener, BACKLOG) == 0 &&
           getsockname(door->listener, &door->address.any, &length) == 0;
}

enum status door_open(const struct door_config *config, struct door **out_door)
{
    struct door *door = calloc(1, sizeof *door);
    TRY_NEW(door);
    door->config = *config;
    door->address = config->address;
    pthread_mutex_init(&door->lock, NULL);
    door->spare = open_spare();
    if (!listen_at(door)) {
        int error = errno;
        door_close(door);
        errno = error;
        return STATUS_IO;
    }
    *out_door = door;
    return STATUS_OK;
}

const union listen_address *door_address(const struct door *door)
{
    return &door->address;
}

enum status door_start(struct door *door)
{
    if (pthread_create(&door->thread, NULL, run, door) != 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    door->joins = true;
    return STATUS_OK;
}

void door_stop(struct door *door)
{
    atomic_store(&door->stopping, true);
    if (door->joins) {
        shutdown(door->listener, SHUT_RDWR); /* ends its wait */
        pthread_join(door->thread, NULL);
        door->joins = false;
    }
}

void door_close(struct door *door)
{
    door_stop(door);
    while (door->leaving_count > 0) {
        drop_leaving(door, 0);
    }
    if (door->listener >= 0) {
        close(door->listener);
    }
    if (door->spare >= 0) {
        close(door->spare);
    }
    pthread_mutex_destroy(&door->lock);
    free(door);
}
