/* What a side is sent: definitions, starts and task results. The forwarder knows no starts: there a start is a result, which
 * it answers with a task as it does every other. */
#ifndef PAWL_CLI_BENCH_CLIENT_H
#define PAWL_CLI_BENCH_CLIENT_H

#include "cli/bench_side.h"

#define BENCH_KEY_BYTES 128

struct bench_client {
    struct bench_side *side;
    struct bus_producer *producer;
    struct arena *arena; /* of one record */
    char *noise;         /* what payloads are cut from */
    struct str machine_arn;
};

/* An execution, by the number that its name ends with. */
struct bench_execution {
    char key[BENCH_KEY_BYTES]; /* its ARN */
    size_t key_bytes;
};

enum exit_code bench_client_open(struct bench_side *side, struct bench_client *out_client);
void bench_client_close(struct bench_client *client);

/* Defines the machine `bench`; only once a side. */
enum exit_code bench_client_define(struct bench_client *client, struct str definition);

/* Waits until everything that was sent is acknowledged. */
enum exit_code bench_client_flush(struct bench_client *client);

/* An ARN whose name ends with `number`; the rest of the name is by chance. */
void bench_client_name(struct bench_client *client, uint32_t number, struct bench_execution *out_execution);

/* The number of the ARN that is a record's key; false: none of ours. */
bool bench_client_number(struct str key, uint32_t *out_number);

/* Starts it. input.bytes == NULL: a payload. */
enum exit_code bench_client_start(struct bench_client *client, const struct bench_execution *execution, struct str input);

/* Answers a task: success, with a payload. */
enum exit_code bench_client_answer(struct bench_client *client, const struct bus_record *task);

#endif
