/* Requests on their way to the modelled broker. One that is held up is kept here after its sender has given it up: it arrives
 * when it likes, in another transaction, after a newer producer, or when its process is dead, and nobody hears the answer. */
#ifndef PAWL_TESTS_SIM_NETWORK_H
#define PAWL_TESTS_SIM_NETWORK_H

#include "coordinator.h"
#include "group.h"

enum request_kind { REQUEST_INIT, REQUEST_ADD_PARTITION, REQUEST_PRODUCE, REQUEST_ADD_OFFSETS, REQUEST_OFFSETS, REQUEST_END };

struct request {
    enum request_kind kind;
    struct producer_id id;
    struct str transactional_id; /* of INIT */
    struct topic *topic;         /* of ADD_PARTITION and PRODUCE, as the next */
    uint32_t partition;
    int64_t sequence; /* of PRODUCE, as the next */
    const struct log_record *item;
    struct group_sender sender; /* of OFFSETS, as the next */
    const struct bus_position *positions;
    size_t position_count;
    bool commit; /* of END */
};

/* What an answer tells beside what it is. */
struct response {
    struct producer_id id; /* of INIT */
    int64_t offset;        /* of PRODUCE */
};

struct held {
    struct held *next;
    struct request request;
    int process;
    int64_t due_ms;
};

struct network {
    struct arena *arena;
    struct coordinator *coordinator;
    struct group *group;
    struct held *held;
    size_t arrived; /* held ones, when their senders had given them up */
};

const char *request_name(enum request_kind kind);

/* The request arrives now. */
enum answer network_perform(struct network *network, const struct request *request, struct response *out_response);

/* It does later. What it points to must live as long as the network. */
void network_hold(struct network *network, const struct request *request, int process, int64_t due_ms);

/* Those arrive whose time has come. */
void network_pass_time(struct network *network, int64_t now_ms);

/* The worst moment: one arrives whose producer is in the middle of a transaction. NULL: there is none; else what arrived. */
const struct request *network_arrive_worst(struct network *network, int process);

#endif
