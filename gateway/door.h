/* Where connections come in. A thread of its own accepts them and hands them to the server while there is room; those beyond
 * the limit, or for which the process has no file left, are told so in HTTP and end. The same thread ends those that take
 * too long: the server says what it expects of each, and by when. */
#ifndef PAWL_GATEWAY_DOOR_H
#define PAWL_GATEWAY_DOOR_H

#include "gateway/listen.h"

#include <stdint.h>

struct door;
struct door_guest; /* a connection that was let in */

struct door_config {
    union listen_address address; /* port 0: any */
    uint32_t guest_count_max;
    struct str refusal; /* what one hears who is not let in, an HTTP answer; empty: nothing */
    /* Takes the file, also when it returns false: then nothing has come of the connection. By the door's thread. */
    bool (*let_in)(void *owner, int file, const struct sockaddr *address, socklen_t length);
    /* Told once when refusing begins, with the reason and 0, and once when it has ended, with how many it were. */
    void (*told)(void *owner, const char *reason, uint64_t refused_count);
    void *owner;
};

/* Listens. IO, with errno: it can't. `address` is then where, with its port. */
MUST_CHECK enum status door_open(const struct door_config *config, struct door **out_door);
const union listen_address *door_address(const struct door *door);

/* Starts the thread. */
MUST_CHECK enum status door_start(struct door *door);

/* Ends the thread; nobody comes in any more. Those that are inside stay. */
void door_stop(struct door *door);

/* After door_stop, and when all have left. */
void door_close(struct door *door);

/* ---- For the server, from any of its threads ---- */

/* Of each that was let in, once: it is there now. NULL: no memory; it is not watched then. */
struct door_guest *door_enter(struct door *door, int file);

/* It has ended; its file is still open. NULL is as good as any. */
void door_leave(struct door *door, struct door_guest *guest);

enum door_wait {
    DOOR_FOR_GUEST,  /* for what it sends */
    DOOR_FOR_READER, /* until it has read */
    DOOR_FOR_SERVER, /* it has all time */
};

/* What is waited for from now on. The connection is shut unless this is called again, or it has left, within `ms`. */
void door_expect(struct door_guest *guest, enum door_wait wait, int64_t ms);

#endif
