/* A processor with its threads over the embedded bus, and a client of its topics. */
#ifndef PAWL_TESTS_PROCESSOR_FIXTURE_H
#define PAWL_TESTS_PROCESSOR_FIXTURE_H

#include "processor/processor.h"
#include "schemas/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PARTITIONS 3
#define WAIT_MS 60000
#define MACHINE_ARN "arn:aws:states:us-east-1:000000000000:stateMachine:"
#define EXECUTION_ARN "arn:aws:states:us-east-1:000000000000:execution:"
#define LAMBDA_ARN "arn:aws:lambda:us-east-1:000000000000:function:"
#define PASS "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"
#define PASS_TWICE                                                                                                     \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"End\":true}}}"
#define TASK "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA_ARN "work\",\"End\":true}}}"

/* The members of a command, without braces. */
#define START(machine, more) "\"operation\":\"StartExecution\",\"stateMachineArn\":\"" MACHINE_ARN machine "\"" more
#define STOP(execution) "\"operation\":\"StopExecution\",\"executionArn\":\"" EXECUTION_ARN execution "\""

struct fixture {
    char bus_path[64];
    char state_path[64];
    struct bus *bus;
    struct processor *processor;
    struct codec *codec;
    struct arena *arena;
    struct bus_reader *replies;
    int correlation;
    struct processor_config config; /* of the next processor that is started */
    FILE *log;
    int stderr_kept;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Until it is ready; a fixture that was set up has one. */
void fixture_start_processor(struct fixture *fixture);
void fixture_stop_processor(struct fixture *fixture);

/* Removes the rows of a stopped processor. */
void fixture_lose_disk(struct fixture *fixture);

/* A record as it is, to a partition that need not own it. */
void fixture_send(struct fixture *fixture, const char *topic_name, uint32_t partition, struct str value);

/* The same, with a header that says where the answer is wanted. */
void fixture_send_addressed(struct fixture *fixture, const char *topic_name, uint32_t partition, struct str value,
                            const char *address);

/* Sends a command or result in JSON, `members` without braces; fixture_reply will be its reply. */
void fixture_post(struct fixture *fixture, const char *topic_name, uint32_t partition, const char *members);

/* The same; its reply. */
const struct reply *fixture_ask_at(struct fixture *fixture, uint32_t partition, const char *members);
const struct reply *fixture_ask(struct fixture *fixture, const char *members);
void fixture_expect_refused(struct fixture *fixture, const char *members, const char *error, const char *message);
const struct reply *fixture_expect_accepted(struct fixture *fixture, const char *members);

/* The next reply. */
const struct reply *fixture_reply(struct fixture *fixture);

const struct reply *fixture_create(struct fixture *fixture, const char *name, const char *definition);

/* The record number `number` (from 0) of the topic whose key has `contains` in it, waited for. */
const void *fixture_find(struct fixture *fixture, const char *topic_name, enum schema_id schema, const char *contains,
                         size_t number);
const struct execution_status *fixture_await_status(struct fixture *fixture, const char *name, const char *status);
void fixture_await_count(struct fixture *fixture, enum counter counter, int64_t count);

/* The types of the execution's events up to the `count`-th, with blanks between. */
const char *fixture_types(struct fixture *fixture, const char *name, size_t count);

/* What the process writes to stderr meanwhile. */
void fixture_log_begin(struct fixture *fixture);
const char *fixture_log_end(struct fixture *fixture);

#endif
