#include "asl/arn.h"
#include "asl/value.h"
#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/machine_rows.h"
#include "processor/tags.h"
#include "schemas/definition_kinds.h"

static enum status accept(struct handling *handling, const struct create_activity *command,
                          const struct definition *activity)
{
    struct reply_to to = REPLY_TO(command);
    struct buffer data = buffer_in(handling->arena);
    struct str date;
    TRY(reply_date(handling->arena, activity->creation_date, &date));
    TRY(buffer_add(&data, STR("{\"activityArn\":")));
    TRY(value_write_string(&data, activity->resource_arn));
    TRY(buffer_format(&data, ",\"creationDate\":%.*s}", STR_ARGS(date)));
    return reply_accept(handling, &to, buffer_text(&data), (struct reply_version){RECORD_NONE, activity->version});
}

/* The API: other tags are ignored, another encryption is not. */
static enum status answer_existing(struct handling *handling, const struct create_activity *command,
                                   const struct definition *activity)
{
    struct reply_to to = REPLY_TO(command);
    bool same;
    TRY(machine_rows_same_json(handling->arena, command->encryption_configuration, activity->encryption_configuration,
                               &same));
    if (same) {
        return accept(handling, command, activity);
    }
    return reply_refuse(handling, &to, STR("ActivityAlreadyExists"), "Activity Already Exists: '%.*s'",
                        STR_ARGS(activity->resource_arn));
}

static enum status create(struct handling *handling, const struct create_activity *command, struct str arn,
                          struct str tags)
{
    struct definition activity;
    record_init(RECORD_definition, &activity);
    activity.resource_arn = arn;
    activity.kind = DEFINITION_KIND_ACTIVITY;
    /* Nothing is kept of one that was deleted: the time goes on where it stopped counting. */
    activity.version = handling_now_us(handling);
    activity.name = command->name;
    activity.status = MACHINE_STATUS_ACTIVE;
    activity.creation_date = handling_now_us(handling);
    activity.update_date = activity.creation_date;
    activity.encryption_configuration = command->encryption_configuration;
    activity.tags = tags;
    TRY(machine_rows_put_head(handling, &activity));
    return accept(handling, command, &activity);
}

static enum status check(struct handling *handling, const struct create_activity *command, bool *out_refused)
{
    struct reply_to to = REPLY_TO(command);
    const struct machine_configurations configurations = {.encryption = command->encryption_configuration};
    *out_refused = true;
    if (!arn_name_is_valid(command->name)) {
        return reply_refuse(handling, &to, STR("InvalidName"), "Invalid Name: '%.*s'", STR_ARGS(command->name));
    }
    return machine_rows_check_configurations(handling, &to, &configurations, out_refused);
}

enum status handle_create_activity(struct handling *handling, const struct create_activity *command)
{
    struct reply_to to = REPLY_TO(command);
    const struct definition *activity;
    struct str arn;
    struct str tags;
    bool refused;
    TRY(check(handling, command, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(arn_activity(handling->arena, &handling->config->step, command->name, &arn));
    uint32_t murmur2 = hash_murmur2(arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    enum status status = machine_rows_head(handling, arn, &activity);
    if (status == STATUS_OK) {
        return answer_existing(handling, command, activity);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(tags_add(handling, &to, arn, STR_NONE, command->tags, &tags, &refused));
    return refused ? STATUS_OK : create(handling, command, arn, tags);
}
