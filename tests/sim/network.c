#include "network.h"

#include "base/assert.h"

const char *request_name(enum request_kind kind)
{
    static const char *const names[] = {"InitProducerId",  "AddPartitionsToTxn", "Produce",
                                        "AddOffsetsToTxn", "TxnOffsetCommit",    "EndTxn"};
    return names[kind];
}

static enum answer produce(struct network *network, const struct request *request, struct response *out_response)
{
    const struct log_producer *known = &request->topic->logs[request->partition].producers[request->id.number];
    if (!known->open || known->epoch != request->id.epoch) {
        enum answer answer =
            coordinator_verify_partition(network->coordinator, request->id, request->topic, request->partition);
        if (answer != ANSWER_OK) {
            return answer;
        }
    }
    const struct log_sequence sequence = {request->id.number, request->id.epoch, request->sequence};
    enum log_answer answer = log_produce(request->topic, request->partition, &sequence, request->item,
                                         network->coordinator->now_ms, &out_response->offset);
    return answer == LOG_OK ? ANSWER_OK : answer == LOG_FENCED ? ANSWER_FENCED : ANSWER_SEQUENCE;
}

enum answer network_perform(struct network *network, const struct request *request, struct response *out_response)
{
    struct coordinator *coordinator = network->coordinator;
    switch (request->kind) {
    case REQUEST_INIT:
        return coordinator_init(coordinator, request->transactional_id, &out_response->id);
    case REQUEST_ADD_PARTITION:
        return coordinator_add_partition(coordinator, request->id, request->topic, request->partition);
    case REQUEST_PRODUCE:
        return produce(network, request, out_response);
    case REQUEST_ADD_OFFSETS:
        return coordinator_add_offsets(coordinator, request->id);
    case REQUEST_OFFSETS:
        return group_send_offsets(network->group, request->id, request->sender, request->positions, request->position_count);
    case REQUEST_END:
        return coordinator_end(coordinator, request->id, request->commit);
    }
    UNREACHABLE("kind of request");
}

void network_hold(struct network *network, const struct request *request, int process, int64_t due_ms)
{
    struct held *held = arena_new(network->arena, struct held);
    struct held **last = &network->held;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *held = (struct held){.request = *request, .process = process, .due_ms = due_ms};
    *last = held;
}

static void arrive(struct network *network, struct held **place)
{
    struct held *held = *place;
    struct response ignored;
    *place = held->next;
    network->arrived++;
    (void)network_perform(network, &held->request, &ignored);
}

void network_pass_time(struct network *network, int64_t now_ms)
{
    for (struct held **at = &network->held; *at != NULL;) {
        if ((*at)->due_ms <= now_ms) {
            arrive(network, at);
        } else {
            at = &(*at)->next;
        }
    }
}

const struct request *network_arrive_worst(struct network *network, int process)
{
    for (struct held **at = &network->held; *at != NULL; at = &(*at)->next) {
        const struct request *request = &(*at)->request;
        if ((*at)->process == process && request->kind != REQUEST_INIT &&
            coordinator_is_ongoing(network->coordinator, request->id)) {
            arrive(network, at);
            return request;
        }
    }
    return NULL;
}
