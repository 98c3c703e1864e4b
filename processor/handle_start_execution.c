#include "asl/arn.h"
#include "asl/value.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mutant.h"
#include "processor/dead_letter.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/headers.h"
#include "schemas/execution_statuses.h"
#include "state/timers.h"

#include <inttypes.h>

/* A start on its way to the step. */
struct start {
    const struct start_execution *command;
    struct reply_to to;
    struct str machine_arn; /* the command's without a qualifier */
    struct str version_arn; /* STR_NONE: none, as the next */
    struct str alias_arn;
    struct definition_head head; /* of the machine, or of the version */
    struct str name;  /* given or made */
    struct str input; /* given or {} */
    struct str arn;
};

/* ---- Names ---- */

/* Tries for a UUID whose ARN comes to the partition: each succeeds with 1/P, and none of 64 P fails once in e^64. */
#define NAME_TRIES_PER_PARTITION 64

/* A UUID that only this record can make (design, section 2). */
static void make_uuid(const struct handling *handling, uint64_t counter, char out_text[UUID_CHARACTERS + 1])
{
    const struct bus_record *record = handling->record;
    uint64_t numbers[] = {record->partition, (uint64_t)record->offset, (uint64_t)record->timestamp_ms, counter};
    const struct str parts[] = {
        bus_cluster_id(handling->bus),
        bus_topic_name(record->topic),
        {(const char *)numbers, sizeof numbers},
    };
    uint8_t digest[SHA256_BYTES];
    hash_sha256(parts, sizeof parts / sizeof *parts, digest);
    env_uuid_format(digest, 8, out_text);
}

static enum status make_arn(struct handling *handling, struct start *start, struct str uuid)
{
    if (start->head.express) {
        return arn_express(handling->arena, start->machine_arn, start->name, uuid, &start->arn);
    }
    return arn_execution(handling->arena, start->machine_arn, start->name, &start->arn);
}

/* Makes a name, or an Express execution's UUID, such that the ARN belongs to this partition. */
static enum status make_name(struct handling *handling, struct start *start)
{
    uint64_t tries = (uint64_t)topics_partition_count(handling->topics) * NAME_TRIES_PER_PARTITION;
    bool named = start->command->name.bytes != NULL;
    char *text = arena_allocate(handling->arena, UUID_CHARACTERS + 1);
    TRY_NEW(text);
    struct str uuid = {text, UUID_CHARACTERS};
    if (!named && start->head.express) {
        /* Its name and its UUID differ. */
        make_uuid(handling, UINT64_MAX, text);
        TRY(arena_copy(handling->arena, uuid, &start->name));
        named = true;
    }
    for (uint64_t counter = 0; counter < tries; counter++) {
        make_uuid(handling, counter, text);
        if (!named) {
            start->name = uuid;
        }
        TRY(make_arn(handling, start, uuid));
        if (forward_is_owner(handling, hash_murmur2(start->arn))) {
            return STATUS_OK;
        }
    }
    return STATUS_LIMIT_EXCEEDED;
}

/* ---- Answers ---- */

static enum status accept(struct handling *handling, const struct start *start, struct reply_version version)
{
    struct str date;
    struct buffer data = buffer_in(handling->arena);
    TRY(reply_date(handling->arena, version.incarnation, &date));
    TRY(buffer_add(&data, STR("{\"executionArn\":")));
    TRY(value_write_string(&data, start->arn));
    TRY(buffer_format(&data, ",\"startDate\":%.*s}", STR_ARGS(date)));
    return reply_accept(handling, &start->to, buffer_text(&data), version);
}

static enum status refuse_existing(struct handling *handling, const struct start *start)
{
    return reply_refuse(handling, &start->to, STR("ExecutionAlreadyExists"), "Execution Already Exists: '%.*s'",
                        STR_ARGS(start->arn));
}

/* ---- Checks ---- */

static enum status refuse_machine(struct handling *handling, const struct start *start)
{
    return reply_refuse(handling, &start->to, STR("StateMachineDoesNotExist"), "State Machine Does Not Exist: '%.*s'",
                        STR_ARGS(start->command->state_machine_arn));
}

/* One of the alias's versions, each as often as its weight says. */
static struct str choose_version(struct handling *handling, const struct routing *routing)
{
    int64_t drawn = (int64_t)env_random_below(handling->env, ROUTING_WEIGHTS_SUM);
    size_t at = 0;
    while (at + 1 < routing->count && drawn >= routing->versions[at].weight) {
        drawn -= routing->versions[at].weight;
        at++;
    }
    return routing->versions[at].arn;
}

/* From the machine's head to the version's that the command names, by itself or by an alias. NOT_FOUND: there is none. */
static enum status find_version(struct handling *handling, struct start *start)
{
    struct str arn = start->command->state_machine_arn;
    TRY(definitions_head(handling->definitions, handling->arena, arn, &start->head));
    if (start->head.kind == DEFINITION_ALIAS && start->head.routing.count > 0) {
        start->alias_arn = arn;
        arn = choose_version(handling, &start->head.routing);
        TRY(definitions_head(handling->definitions, handling->arena, arn, &start->head));
    }
    start->version_arn = arn;
    return start->head.kind == DEFINITION_VERSION ? STATUS_OK : STATUS_NOT_FOUND;
}

/* What is to be started as this process sees it. *out_refused: answered, it does not exist. */
static enum status find_head(struct handling *handling, struct start *start, bool *out_refused)
{
    const struct start_execution *command = start->command;
    *out_refused = false;
    enum status status = definitions_head(handling->definitions, handling->arena, start->machine_arn, &start->head);
    bool seen = status == STATUS_OK && (command->min_definition_version == RECORD_NONE ||
                                        start->head.version >= command->min_definition_version);
    bool deleting = status == STATUS_OK && start->head.deleting;
    if (seen && !deleting && start->machine_arn.length < command->state_machine_arn.length) {
        status = find_version(handling, start);
        seen = status == STATUS_OK;
    }
    if (seen && !deleting) {
        return STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    if (!seen && (handling->attempt == NULL || !handling->attempt->definition_overdue)) {
        return handling_needs(handling, (struct need){.type = NEED_DEFINITION});
    }
    *out_refused = true;
    if (deleting) {
        return reply_refuse(handling, &start->to, STR("StateMachineDeleting"), "State Machine is being deleted: '%.*s'",
                            STR_ARGS(command->state_machine_arn));
    }
    return refuse_machine(handling, start);
}

static enum status check(struct handling *handling, struct start *start, bool *out_refused)
{
    const struct start_execution *command = start->command;
    struct str qualifier;
    *out_refused = true;
    start->machine_arn = command->state_machine_arn;
    switch (arn_type_of(command->state_machine_arn)) {
    case ARN_MACHINE:
        break;
    case ARN_QUALIFIED:
        arn_split_qualified(command->state_machine_arn, &start->machine_arn, &qualifier);
        break;
    case ARN_LABELLED:
    case ARN_NONE:
    case ARN_EXECUTION:
    case ARN_EXPRESS:
    case ARN_ACTIVITY:
    case ARN_OTHER:
        return reply_refuse_arn(handling, &start->to, command->state_machine_arn);
    }
    if (command->name.bytes != NULL && !arn_name_is_valid(command->name)) {
        return reply_refuse(handling, &start->to, STR("InvalidName"), "Invalid Name: '%.*s'", STR_ARGS(command->name));
    }
    struct value_error error;
    if (!value_text_is_valid(start->input)) {
        const struct value *ignored;
        error.message = STR("Invalid execution input.");
        (void)!value_parse(handling->arena, start->input, &ignored, &error);
        return reply_refuse(
            handling, &start->to, STR("InvalidExecutionInput"), "Invalid State Machine Execution Input: '%.*s'",
            STR_ARGS(str_trim(start->input).length == 0 ? STR("Invalid execution input.") : error.message));
    }
    if (start->input.length > handling->config->step.payload_bytes_max) {
        return reply_refuse(
            handling, &start->to, STR("ValidationException"),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have "
            "length less than or equal to %zu",
            handling->config->step.payload_bytes_max);
    }
    return find_head(handling, start, out_refused);
}

/* ---- The step ---- */

/* The same start again: the answer it had, as long as it runs. */
static enum status answer_existing(struct handling *handling, const struct start *start, const struct name_row *name)
{
    struct store *store = &handling->partition->store;
    const struct execution_row *row;
    struct execution_id id = execution_id_of(start->arn, name->incarnation);
    enum status status = store_execution(store, handling->arena, &id, &row);
    if (status == STATUS_NOT_FOUND) {
        return refuse_existing(handling, start);
    }
    TRY(status);
    if (row->status != EXECUTION_STATUS_RUNNING) {
        return refuse_existing(handling, start);
    }
    struct str input = row->input;
    if (input.bytes == NULL) {
        const struct payload_id payload = {.scope = 0, .slot = PAYLOAD_EXECUTION_INPUT, .index = 0};
        TRY(store_payload(store, handling->arena, &id, &payload, &input));
    }
    if (!str_equal(input, start->input)) {
        return refuse_existing(handling, start);
    }
    return accept(handling, start, (struct reply_version){row->incarnation, row->last_event_id});
}

static enum status put_name(struct handling *handling, const struct start *start, int64_t incarnation)
{
    struct store *store = &handling->partition->store;
    struct key key;
    struct name_row name;
    record_init(RECORD_name_row, &name);
    name.execution_arn = start->arn;
    name.incarnation = incarnation;
    keys_name(store->partition, start->arn, &key);
    return store_put(store, &key, RECORD_name_row, &name);
}

static enum status step(struct handling *handling, const struct start *start, const struct machine *machine,
                        int64_t incarnation)
{
    const struct start_execution *command = start->command;
    const struct step_start step_start = {
        .arn = start->arn,
        .state_machine_arn = start->machine_arn,
        .state_machine_version_arn = start->version_arn,
        .state_machine_alias_arn = start->alias_arn,
        .revision_id = start->head.revision_id,
        .role_arn = start->head.role_arn,
        .express = start->head.express,
        .input = start->input,
        .trace_header = command->trace_header,
        .traceparent = headers_find(handling->record, STR("traceparent")),
        .tracestate = headers_find(handling->record, STR("tracestate")),
        .incarnation = incarnation,
    };
    const struct step_event event = {.type = STEP_START, .execution = handling->execution, .start = &step_start};
    struct effects effects = effects_in(handling->arena);
    enum step_outcome outcome;
    const struct emit_subject subject = {
        .id = handling->execution,
        .arn = start->arn,
        .incarnation = incarnation,
        .state_machine_arn = start->machine_arn,
        .traceparent = step_start.traceparent,
        .tracestate = step_start.tracestate,
    };
    TRY(handle_apply(handling, &event, machine, &subject, &effects, &outcome));
    ASSERT(outcome == STEP_APPLIED);
    int64_t last_event_id;
    TRY(emit_effects(handling, &subject, &effects, &last_event_id));
    return accept(handling, start, (struct reply_version){incarnation, last_event_id});
}

static enum status begin(struct handling *handling, struct start *start)
{
    int64_t incarnation = handling_now_us(handling);
    const struct machine *machine;
    if (!start->head.express && !MUTANT(START_TWICE)) {
        const struct name_row *name;
        enum status status = store_name(&handling->partition->store, handling->arena, start->arn, &name);
        if (status == STATUS_OK) {
            return answer_existing(handling, start, name);
        }
        if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    enum status status =
        handling_machine(handling, start->machine_arn, start->head.revision_id, &machine);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        return refuse_machine(handling, start);
    }
    TRY(status);
    handling->execution = execution_id_of(start->arn, incarnation);
    handling->has_execution = true;
    if (!start->head.express) {
        TRY(put_name(handling, start, incarnation));
    }
    return step(handling, start, machine, incarnation);
}

enum status handle_start_execution(struct handling *handling, const struct start_execution *command)
{
    struct start start = {
        .command = command,
        .to = REPLY_TO(command),
        .name = command->name,
        .input = command->input.bytes == NULL ? STR("{}") : command->input,
    };
    bool refused;
    TRY(check(handling, &start, &refused));
    if (refused) {
        return STATUS_OK;
    }
    if (start.head.express || command->name.bytes == NULL) {
        TRY(make_name(handling, &start));
        return begin(handling, &start);
    }
    TRY(make_arn(handling, &start, STR_NONE));
    uint32_t murmur2 = hash_murmur2(start.arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    return begin(handling, &start);
}
