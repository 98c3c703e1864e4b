#include "base/hash.h"
#include "processor/forward.h"
#include "processor/handle_parts.h"
#include "processor/tags.h"

enum status handle_tag_resource(struct handling *handling, const struct tag_resource *command)
{
    struct reply_to to = REPLY_TO(command);
    const struct definition *head;
    struct str tags;
    bool refused;
    TRY(tags_check_arn(handling, &to, command->resource_arn, &refused));
    if (refused) {
        return STATUS_OK;
    }
    uint32_t murmur2 = hash_murmur2(command->resource_arn);
    if (!forward_is_owner(handling, murmur2)) {
        return forward_add(handling, murmur2);
    }
    TRY(tags_to_change(handling, &to, command->resource_arn, &head, &refused));
    if (!refused) {
        TRY(tags_add(handling, &to, command->resource_arn, head->tags, command->tags, &tags, &refused));
    }
    return refused ? STATUS_OK : tags_put(handling, &to, head, tags);
}
