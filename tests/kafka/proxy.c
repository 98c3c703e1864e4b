#include "proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX 256
#define REQUESTS_MAX 1024 /* of one connection, unanswered */
#define FRAME_BYTES_MAX (64u << 20)
#define SIZE_BYTES 4

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            perror("proxy: " #condition);                                                                              \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

struct bytes {
    unsigned char *at;
    size_t count;
    size_t room;
};

struct request {
    int api;
    bool awaited; /* it was held */
};

/* One connection. Kafka answers the requests of a connection in their order. */
struct link {
    int client; /* -1: hung up */
    int broker; /* -1: none, this place is free */
    bool held;  /* the first request of `up` waits to be released */
    bool let_go;
    bool lost; /* answers go nowhere any more */
    struct bytes up;
    struct bytes down;
    struct request requests[REQUESTS_MAX]; /* unanswered, a ring */
    size_t first;
    size_t count;
};

struct proxy {
    int listener;
    int wake[2];
    uint16_t port;
    uint16_t broker_port;
    char bootstrap[32];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by lock. */
    bool ends;
    int hold;       /* kind of the requests to be held */
    int hold_count; /* how many more of them */
    int lose;       /* kind of request whose answers are lost */
    bool holds;     /* some are held */
    bool releasing; /* they are to go */
    bool answered;  /* they have gone, and the broker has answered one */
    /* Of the thread alone. */
    struct link links[LINKS_MAX];
};

/* ---- Bytes ---- */

static uint32_t number_at(const unsigned char *at, size_t count)
{
    uint32_t number = 0;
    for (size_t place = 0; place < count; place++) {
        number = number << 8 | at[place];
    }
    return number;
}

/* Appends what the socket has. False: it is closed. */
static bool take(int socket, struct bytes *bytes)
{
    if (bytes->room - bytes->count < 65536) {
        bytes->room = bytes->room * 2 + 65536;
        bytes->at = realloc(bytes->at, bytes->room);
        MUST(bytes->at != NULL);
    }
    ssize_t count = recv(socket, bytes->at + bytes->count, bytes->room - bytes->count, 0);
    bytes->count += count > 0 ? (size_t)count : 0;
    return count > 0;
}

static void give(int socket, const unsigned char *at, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(socket, at, count, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* closed: the next read tells */
        }
        at += sent;
        count -= (size_t)sent;
    }
}

static void drop(struct bytes *bytes, size_t count)
{
    bytes->count -= count;
    memmove(bytes->at, bytes->at + count, bytes->count);
}

/* Length of the first frame with its size, 0: it is not whole yet. */
static size_t frame(const struct bytes *bytes)
{
    if (bytes->count < SIZE_BYTES) {
        return 0;
    }
    uint32_t size = number_at(bytes->at, SIZE_BYTES);
    MUST(size < FRAME_BYTES_MAX);
    return bytes->count >= SIZE_BYTES + size ? SIZE_BYTES + size : 0;
}

/* Where the broker names itself, it names us. Host and port are side by side in all versions. */
static void rename_broker(const struct proxy *proxy, unsigned char *at, size_t count)
{
    static const char host[] = "127.0.0.1";
    const size_t host_length = sizeof host - 1;
    for (size_t place = 0; place + host_length + 4 <= count; place++) {
        unsigned char *port = at + place + host_length;
        if (memcmp(at + place, host, host_length) == 0 && number_at(port, 4) == proxy->broker_port) {
            port[2] = (unsigned char)(proxy->port >> 8);
            port[3] = (unsigned char)proxy->port;
        }
    }
}

/* ---- Connections ---- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int broker = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(broker >= 0);
    if (connect(broker, (struct sockaddr *)&address, sizeof address) != 0) {
        close(broker);
        return -1;
    }
    return broker;
}

static void unlink_all(struct link *link)
{
    if (link->client >= 0) {
        close(link->client);
    }
    close(link->broker);
    free(link->up.at);
    free(link->down.at);
    memset(link, 0, sizeof *link);
    link->client = -1;
    link->broker = -1;
}

static void welcome(struct proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) {
        return;
    }
    int broker = connect_to(proxy->broker_port);
    for (size_t at = 0; at < LINKS_MAX && broker >= 0; at++) {
        if (proxy->links[at].broker < 0) {
            proxy->links[at].client = client;
            proxy->links[at].broker = broker;
            return;
        }
    }
    MUST(broker < 0); /* else there are more connections than places */
    close(client);
}

/* Passes on the requests that are whole, up to one that is held. */
static void pass_up(struct proxy *proxy, struct link *link)
{
    for (size_t length; !link->held && (length = frame(&link->up)) > 0;) {
        int api = (int)number_at(link->up.at + SIZE_BYTES, 2);
        if (api == proxy->hold && proxy->hold_count > 0 && !link->let_go) {
            proxy->hold_count -= 1;
            proxy->holds = true;
            link->held = true;
            return;
        }
        MUST(link->count < REQUESTS_MAX);
        link->requests[(link->first + link->count) % REQUESTS_MAX] = (struct request){api, link->let_go};
        link->count += 1;
        link->let_go = false;
        give(link->broker, link->up.at, length);
        drop(&link->up, length);
    }
}

static void pass_down(struct proxy *proxy, struct link *link)
{
    for (size_t length; (length = frame(&link->down)) > 0;) {
        MUST(link->count > 0);
        struct request request = link->requests[link->first];
        link->first = (link->first + 1) % REQUESTS_MAX;
        link->count -= 1;
        if (request.awaited) {
            proxy->answered = true;
            pthread_cond_broadcast(&proxy->changed);
        }
        link->lost = link->lost || request.api == proxy->lose;
        if (request.api == PROXY_METADATA || request.api == PROXY_FIND_COORDINATOR) {
            rename_broker(proxy, link->down.at, length);
        }
        if (link->client >= 0 && !link->lost) {
            give(link->client, link->down.at, length);
        }
        drop(&link->down, length);
    }
}

/* Who hung up may have left something that is held, or on its way. */
static void serve(struct proxy *proxy, struct link *link, bool client_ready, bool broker_ready)
{
    if (client_ready && !take(link->client, &link->up)) {
        close(link->client);
        link->client = -1;
    }
    if (broker_ready && !take(link->broker, &link->down)) {
        unlink_all(link);
        return;
    }
    if (link->held && proxy->releasing) {
        proxy->holds = false;
        link->held = false;
        link->let_go = true;
    }
    pass_up(proxy, link);
    pass_down(proxy, link);
    if (link->client < 0 && !link->held && link->count == 0) {
        unlink_all(link);
    }
}

static bool is_ready(const struct pollfd *poll)
{
    return (poll->revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

static void *work(void *owner)
{
    struct proxy *proxy = owner;
    struct pollfd polls[2 + 2 * LINKS_MAX];
    for (;;) {
        polls[0] = (struct pollfd){.fd = proxy->wake[0], .events = POLLIN};
        polls[1] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
        for (size_t at = 0; at < LINKS_MAX; at++) { /* poll passes over those that are -1 */
            polls[2 + 2 * at] = (struct pollfd){.fd = proxy->links[at].client, .events = POLLIN};
            polls[3 + 2 * at] = (struct pollfd){.fd = proxy->links[at].broker, .events = POLLIN};
        }
        MUST(poll(polls, 2 + 2 * LINKS_MAX, -1) >= 0);
        pthread_mutex_lock(&proxy->lock);
        if (is_ready(&polls[0])) {
            char ignored[64];
            MUST(read(proxy->wake[0], ignored, sizeof ignored) > 0);
        }
        for (size_t at = 0; at < LINKS_MAX; at++) {
            if (proxy->links[at].broker >= 0) {
                serve(proxy, &proxy->links[at], is_ready(&polls[2 + 2 * at]), is_ready(&polls[3 + 2 * at]));
            }
        }
        proxy->releasing = false;
        bool ends = proxy->ends;
        pthread_mutex_unlock(&proxy->lock);
        if (ends) {
            return NULL;
        }
        if (is_ready(&polls[1])) {
            welcome(proxy);
        }
    }
}

/* ---- From outside ---- */

struct proxy *proxy_open(const char *upstream)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    MUST(proxy != NULL);
    const char *colon = strrchr(upstream, ':');
    MUST(colon != NULL && strncmp(upstream, "127.0.0.1:", 10) == 0);
    proxy->broker_port = (uint16_t)atoi(colon + 1);
    proxy->hold = PROXY_NOTHING;
    proxy->lose = PROXY_NOTHING;
    for (size_t at = 0; at < LINKS_MAX; at++) {
        proxy->links[at].client = -1;
        proxy->links[at].broker = -1;
    }
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(proxy->listener >= 0 && bind(proxy->listener, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(listen(proxy->listener, 64) == 0);
    MUST(getsockname(proxy->listener, (struct sockaddr *)&address, &length) == 0);
    proxy->port = ntohs(address.sin_port);
    snprintf(proxy->bootstrap, sizeof proxy->bootstrap, "127.0.0.1:%u", proxy->port);
    MUST(pipe(proxy->wake) == 0);
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->changed, NULL);
    MUST(pthread_create(&proxy->thread, NULL, work, proxy) == 0);
    return proxy;
}

static void wake(struct proxy *proxy)
{
    MUST(write(proxy->wake[1], "", 1) == 1);
}

void proxy_close(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->ends = true;
    pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
    pthread_join(proxy->thread, NULL);
    for (size_t at = 0; at < LINKS_MAX; at++) {
        if (proxy->links[at].broker >= 0) {
            unlink_all(&proxy->links[at]);
        }
    }
    close(proxy->listener);
    close(proxy->wake[0]);
    close(proxy->wake[1]);
    pthread_cond_destroy(&proxy->changed);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

const char *proxy_bootstrap(const struct proxy *proxy)
{
    return proxy->bootstrap;
}

void proxy_hold(struct proxy *proxy, enum proxy_api api, int count)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->hold = api;
    proxy->hold_count = count;
    pthread_mutex_unlock(&proxy->lock);
}

bool proxy_holds(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    bool holds = proxy->holds;
    pthread_mutex_unlock(&proxy->lock);
    return holds;
}

bool proxy_release(struct proxy *proxy, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000 + 1;
    pthread_mutex_lock(&proxy->lock);
    proxy->hold_count = 0;
    proxy->releasing = true;
    proxy->answered = false;
    pthread_mutex_unlock(&proxy->lock);
    wake(proxy);
    pthread_mutex_lock(&proxy->lock);
    int timed_out = 0;
    while (!proxy->answered && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&proxy->changed, &proxy->lock, &until);
    }
    bool answered = proxy->answered;
    pthread_mutex_unlock(&proxy->lock);
    return answered;
}

void proxy_lose(struct proxy *proxy, enum proxy_api api)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->lose = api;
    pthread_mutex_unlock(&proxy->lock);
}
