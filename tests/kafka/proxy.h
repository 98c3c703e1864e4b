/* A network that can be troubled: takes connections on a port of its own and passes them on to the broker, request by
 * request. In the broker's answers it puts itself in the broker's place, so that clients stay with it.
 *
 * One thread works for it; any thread may call. Whatever it can't do ends the process. */
#ifndef PAWL_TESTS_KAFKA_PROXY_H
#define PAWL_TESTS_KAFKA_PROXY_H

#include <stdbool.h>
#include <stdint.h>

struct proxy;

enum proxy_api { PROXY_METADATA = 3, PROXY_FIND_COORDINATOR = 10, PROXY_HEARTBEAT = 12, PROXY_END_TXN = 26, PROXY_NOTHING = -1 };

/* `upstream`: the broker, as 127.0.0.1:port. */
struct proxy *proxy_open(const char *upstream);
void proxy_close(struct proxy *proxy);

/* As 127.0.0.1:port. */
const char *proxy_bootstrap(const struct proxy *proxy);

/* The next `count` requests of that kind stay in the network, and so does what comes behind each on its connection. The
 * client may hang up: the broker gets them all the same once they are released. */
void proxy_hold(struct proxy *proxy, enum proxy_api api, int count);
bool proxy_holds(struct proxy *proxy);

/* Lets them go. False: the broker has not answered any of them within the time. */
bool proxy_release(struct proxy *proxy, int64_t timeout_ms);

/* The broker's answers to requests of that kind are lost from now on, and what comes behind them on their connections. */
void proxy_lose(struct proxy *proxy, enum proxy_api api);

#endif
