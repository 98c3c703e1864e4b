/* A network between clients and a cluster that does as it is told, on stdin, a line a command:
 *
 *     network LISTEN:BROKER…        two ports on loopback for each node, the first is node 1
 *
 *     delay NODE MS                 each connection takes a time of its own, up to MS, for whatever passes: what goes by two of
 *                                   them arrives in another order. 0 ends it
 *     mute NODE up|down             half of the connections lose what goes in that direction, and stay open
 *     reset NODE                    half of the connections are reset
 *     refuse NODE on|off            new connections are closed at once
 *     hold NODE API COUNT MS        the next COUNT requests of that kind, with what comes behind each on its connection, stay here
 *                                   until their client has hung up, and MS longer; then the broker gets them
 *     quit
 *
 * NODE 0 is all of them. Each command is answered by a line: what has been done since the last one. At the end of stdin it
 * ends. One thread, poll(), nothing that blocks. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NODES_MAX 16
#define LINKS_MAX 4096
#define FRAME_BYTES_MAX (128u << 20)
#define READ_BYTES 65536
#define WAITING_BYTES_MAX (4u << 20) /* no more is read of who is not read from */
#define SIZE_BYTES 4
#define HELD_MS_MAX 15000 /* whose client does not hang up goes on after so long */
#define ANSWER_MS 2000    /* the broker has to answer who hung up: closed before, it might not have read the request */

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            perror("network: " #condition);                                                                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

enum way { UP, DOWN, WAY_COUNT };

/* What goes from one socket to another: read, and not yet passed on; passed on, and not yet written. */
struct stream {
    unsigned char *at;
    size_t count;
    size_t room;
    size_t passed;
    int64_t due_ms; /* when the part that is not passed on may go; 0: nothing waits */
    bool muted;
};

struct link {
    int sockets[WAY_COUNT]; /* read for that way: of the client, of the broker; -1: gone */
    struct stream streams[WAY_COUNT];
    int node;
    uint32_t share; /* of a delay, of 1,000 */
    bool used;
    bool held;        /* the next request waits */
    bool let_go;      /* it has waited */
    int64_t late_ms;  /* how much longer than its client */
    int64_t until_ms; /* when it goes on */
    int64_t leave_ms; /* when it is over, its client having gone; 0: that is there */
};

struct node {
    int listener;
    uint16_t broker;
    int64_t delay_ms;
    bool refuses;
    int hold_api;
    int hold_count;
    int64_t hold_late_ms;
};

struct counts {
    unsigned muted, reset, refused, held, late;
};

struct network {
    struct node nodes[NODES_MAX];
    int node_count;
    struct link links[LINKS_MAX];
    int link_count; /* places that were ever used */
    struct counts counts;
    char line[256];
    size_t line_length;
    bool ends;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t number_at(const unsigned char *at, size_t count)
{
    uint32_t number = 0;
    for (size_t place = 0; place < count; place++) {
        number = number << 8 | at[place];
    }
    return number;
}

static struct sockaddr_in address_of(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* ---- Connections ---- */

static void hang_up(struct link *link, enum way way)
{
    if (link->sockets[way] >= 0) {
        close(link->sockets[way]);
        link->sockets[way] = -1;
    }
}

static void unlink_all(struct link *link)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        hang_up(link, (enum way)way);
        free(link->streams[way].at);
    }
    memset(link, 0, sizeof *link);
}

static struct link *free_link(struct network *network)
{
    for (int at = 0; at < LINKS_MAX; at++) {
        if (!network->links[at].used) {
            network->link_count = at < network->link_count ? network->link_count : at + 1;
            return &network->links[at];
        }
    }
    MUST(!"more connections than places");
    return NULL;
}

static void welcome(struct network *network, int number)
{
    struct node *node = &network->nodes[number];
    int client = accept4(node->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) {
        return;
    }
    int broker = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(broker >= 0);
    struct sockaddr_in address = address_of(node->broker);
    if (node->refuses || connect(broker, (struct sockaddr *)&address, sizeof address) != 0) {
        network->counts.refused += node->refuses;
        close(client);
        close(broker);
        return;
    }
    MUST(fcntl(broker, F_SETFL, O_NONBLOCK) == 0);
    struct link *link = free_link(network);
    *link = (struct link){.sockets = {client, broker}, .node = number, .used = true, .share = (uint32_t)rand() % 1000};
}

/* ---- What passes ---- */

static void room_for(struct stream *stream, size_t count)
{
    if (stream->room - stream->count < count) {
        stream->room = stream->room * 2 + count;
        stream->at = realloc(stream->at, stream->room);
        MUST(stream->at != NULL);
    }
}

/* False: the socket is closed. */
static bool take(struct link *link, enum way way, int64_t now)
{
    struct stream *stream = &link->streams[way];
    room_for(stream, READ_BYTES);
    ssize_t count = recv(link->sockets[way], stream->at + stream->count, READ_BYTES, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    stream->count += count > 0 ? (size_t)count : 0;
    stream->due_ms = stream->due_ms == 0 ? now : stream->due_ms;
    return count > 0;
}

/* False: the socket is closed. */
static bool give(struct link *link, enum way way)
{
    struct stream *stream = &link->streams[way];
    int socket = link->sockets[way == UP ? DOWN : UP];
    if (stream->passed == 0) {
        return true;
    }
    size_t count = stream->passed;
    if (socket >= 0 && !stream->muted) {
        ssize_t sent = send(socket, stream->at, stream->passed, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        count = (size_t)sent;
    }
    stream->count -= count;
    stream->passed -= count;
    memmove(stream->at, stream->at + count, stream->count);
    return true;
}

/* Length of the next request that is not passed on, 0: it is not whole. */
static size_t next_request(const struct stream *stream)
{
    size_t count = stream->count - stream->passed;
    if (count < SIZE_BYTES) {
        return 0;
    }
    uint32_t size = number_at(stream->at + stream->passed, SIZE_BYTES);
    MUST(size < FRAME_BYTES_MAX);
    return count >= SIZE_BYTES + size ? SIZE_BYTES + size : 0;
}

static void hold(struct network *network, struct link *link, int64_t now)
{
    struct node *node = &network->nodes[link->node];
    node->hold_count -= 1;
    network->counts.held += 1;
    link->held = true;
    link->late_ms = node->hold_late_ms;
    link->until_ms = now + HELD_MS_MAX;
}

static void pass_up(struct network *network, struct link *link, int64_t now)
{
    const struct node *node = &network->nodes[link->node];
    struct stream *stream = &link->streams[UP];
    for (size_t length; !link->held && (length = next_request(stream)) > 0;) {
        int api = (int)number_at(stream->at + stream->passed + SIZE_BYTES, 2);
        if (api == node->hold_api && node->hold_count > 0 && !link->let_go) {
            hold(network, link, now);
            return;
        }
        link->let_go = false;
        stream->passed += length;
    }
}

static void release_held(struct network *network, struct link *link, int64_t now)
{
    if (link->sockets[UP] < 0 && link->late_ms >= 0) {
        link->until_ms = now + link->late_ms;
        link->late_ms = -1; /* the clock runs */
    }
    if (now >= link->until_ms) {
        network->counts.late += 1;
        link->held = false;
        link->let_go = true;
    }
}

static void pass(struct network *network, struct link *link, int64_t now)
{
    const struct node *node = &network->nodes[link->node];
    int64_t wait_ms = node->delay_ms * link->share / 1000;
    if (link->held) {
        release_held(network, link, now);
    }
    for (int way = 0; way < WAY_COUNT; way++) {
        struct stream *stream = &link->streams[way];
        if (stream->due_ms == 0 || now < stream->due_ms + wait_ms) {
            continue;
        }
        if (way == UP) {
            pass_up(network, link, now);
        } else {
            stream->passed = stream->count;
        }
        stream->due_ms = link->held && way == UP ? stream->due_ms : 0;
    }
}

/* A client that hung up may have left something on its way: the broker gets it, and then a while to answer. */
static void serve(struct network *network, struct link *link, const bool ready[WAY_COUNT], int64_t now)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        if (ready[way] && link->sockets[way] >= 0 && !take(link, (enum way)way, now)) {
            hang_up(link, (enum way)way);
        }
    }
    pass(network, link, now);
    bool broken = false;
    for (int way = 0; way < WAY_COUNT; way++) {
        broken = !give(link, (enum way)way) || broken;
    }
    bool up_done = link->streams[UP].passed == 0 && !link->held && link->streams[UP].due_ms == 0;
    bool down_done = link->streams[DOWN].passed == 0 && link->streams[DOWN].due_ms == 0;
    if (link->sockets[UP] < 0 && up_done && link->leave_ms == 0) {
        link->leave_ms = now + ANSWER_MS;
    }
    bool over = link->leave_ms != 0 && now >= link->leave_ms;
    if (broken || over || (link->sockets[DOWN] < 0 && down_done)) {
        unlink_all(link);
    }
}

/* ---- Commands ---- */

static bool is_hit(const struct link *link, int node)
{
    return link->used && (node == 0 || link->node == node - 1) && rand() % 2 == 0;
}

static void reset_link(struct link *link)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    for (int way = 0; way < WAY_COUNT; way++) {
        if (link->sockets[way] >= 0) {
            setsockopt(link->sockets[way], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
    }
    unlink_all(link);
}

static void hit_links(struct network *network, int node, const char *verb, const char *way)
{
    for (int at = 0; at < network->link_count; at++) {
        struct link *link = &network->links[at];
        if (!is_hit(link, node)) {
            continue;
        }
        if (strcmp(verb, "mute") == 0) {
            link->streams[strcmp(way, "up") == 0 ? UP : DOWN].muted = true;
            network->counts.muted += 1;
        } else {
            reset_link(link);
            network->counts.reset += 1;
        }
    }
}

static void hit_nodes(struct network *network, int number, const char *verb, const char *first, const int more[2])
{
    for (int at = 0; at < network->node_count; at++) {
        struct node *node = &network->nodes[at];
        if (number != 0 && number != at + 1) {
            continue;
        }
        if (strcmp(verb, "delay") == 0) {
            node->delay_ms = atoi(first);
        } else if (strcmp(verb, "refuse") == 0) {
            node->refuses = strcmp(first, "on") == 0;
        } else {
            node->hold_api = atoi(first);
            node->hold_count = more[0];
            node->hold_late_ms = more[1];
        }
    }
}

static void obey(struct network *network, const char *line)
{
    char verb[16] = "", first[16] = "";
    int node = 0, more[2] = {0, 0};
    sscanf(line, "%15s %d %15s %d %d", verb, &node, first, &more[0], &more[1]);
    if (strcmp(verb, "quit") == 0) {
        network->ends = true;
    } else if (strcmp(verb, "mute") == 0 || strcmp(verb, "reset") == 0) {
        hit_links(network, node, verb, first);
    } else {
        hit_nodes(network, node, verb, first, more);
    }
    const struct counts *counts = &network->counts;
    printf("muted %u reset %u refused %u held %u late %u\n", counts->muted, counts->reset, counts->refused, counts->held,
           counts->late);
    fflush(stdout);
    network->counts = (struct counts){0};
}

static void read_commands(struct network *network)
{
    ssize_t count = read(STDIN_FILENO, network->line + network->line_length, sizeof network->line - 1 - network->line_length);
    network->ends = network->ends || count <= 0;
    network->line_length += count > 0 ? (size_t)count : 0;
    for (char *end; (end = memchr(network->line, '\n', network->line_length)) != NULL;) {
        *end = '\0';
        obey(network, network->line);
        size_t length = (size_t)(end - network->line) + 1;
        network->line_length -= length;
        memmove(network->line, end + 1, network->line_length);
    }
}

/* ---- The loop ---- */

static short wanted_events(const struct link *link, enum way way)
{
    const struct stream *stream = &link->streams[way];
    const struct stream *other = &link->streams[way == UP ? DOWN : UP];
    bool reads = stream->count < WAITING_BYTES_MAX || (way == UP && next_request(stream) == 0 && stream->passed == 0);
    return (short)((reads ? POLLIN : 0) | (other->passed > 0 && !other->muted ? POLLOUT : 0));
}

/* Whether something waits for a time, and poll may not sleep for long. */
static bool is_timed(const struct link *link)
{
    return link->held || link->leave_ms != 0 || link->streams[UP].due_ms != 0 || link->streams[DOWN].due_ms != 0;
}

static void turn(struct network *network, struct pollfd *polls)
{
    polls[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    for (int at = 0; at < network->node_count; at++) {
        polls[1 + at] = (struct pollfd){.fd = network->nodes[at].listener, .events = POLLIN};
    }
    struct pollfd *of_links = polls + 1 + network->node_count;
    bool timed = false;
    for (int at = 0; at < network->link_count; at++) {
        const struct link *link = &network->links[at];
        for (int way = 0; way < WAY_COUNT; way++) {
            of_links[WAY_COUNT * at + way] =
                (struct pollfd){.fd = link->used ? link->sockets[way] : -1, .events = wanted_events(link, (enum way)way)};
        }
        timed = timed || (link->used && is_timed(link));
    }
    nfds_t count = (nfds_t)(1 + network->node_count + WAY_COUNT * network->link_count);
    MUST(poll(polls, count, timed ? 5 : -1) >= 0 || errno == EINTR);
    int64_t now = now_ms();
    for (int at = 0; at < network->link_count; at++) {
        const struct pollfd *both = &of_links[WAY_COUNT * at];
        const bool ready[WAY_COUNT] = {(both[UP].revents & (POLLIN | POLLHUP | POLLERR)) != 0,
                                       (both[DOWN].revents & (POLLIN | POLLHUP | POLLERR)) != 0};
        const struct link *link = &network->links[at];
        if (link->used && (both[UP].revents != 0 || both[DOWN].revents != 0 || is_timed(link))) {
            serve(network, &network->links[at], ready, now);
        }
    }
    for (int at = 0; at < network->node_count; at++) {
        if (polls[1 + at].revents != 0) {
            welcome(network, at);
        }
    }
    if (polls[0].revents != 0) {
        read_commands(network);
    }
}

static void listen_at(struct node *node, const char *ports)
{
    unsigned from = 0, to = 0;
    MUST(sscanf(ports, "%u:%u", &from, &to) == 2);
    struct sockaddr_in address = address_of((uint16_t)from);
    int on = 1;
    node->broker = (uint16_t)to;
    node->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(node->listener >= 0);
    MUST(setsockopt(node->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    MUST(bind(node->listener, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(listen(node->listener, 128) == 0);
}

int main(int count, char **arguments)
{
    struct network *network = calloc(1, sizeof *network);
    struct pollfd *polls = calloc(1 + NODES_MAX + WAY_COUNT * LINKS_MAX, sizeof *polls);
    MUST(network != NULL && polls != NULL);
    MUST(count > 1 && count - 1 <= NODES_MAX);
    signal(SIGPIPE, SIG_IGN);
    for (int at = 1; at < count; at++) {
        listen_at(&network->nodes[network->node_count], arguments[at]);
        network->node_count += 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (!network->ends) {
        turn(network, polls);
    }
    for (int at = 0; at < network->link_count; at++) {
        unlink_all(&network->links[at]);
    }
    free(polls);
    free(network);
    return 0;
}
