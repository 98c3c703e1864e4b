/* Where the Reply to a command or result is wanted, in a header of its record: whoever can't read the record finds it there. */
#ifndef PAWL_SCHEMAS_REPLY_ADDRESS_H
#define PAWL_SCHEMAS_REPLY_ADDRESS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define REPLY_ADDRESS_HEADER STR("pawl-reply-to")

struct reply_address {
    struct str topic;
    int64_t partition;
    struct str correlation_id;
};

/* "<topic>-<partition>@<correlation id>". Requires a topic without '@': Kafka knows no other. */
MUST_CHECK enum status reply_address_format(struct arena *arena, const struct reply_address *address,
                                            struct str *out_text);

/* False: the text is none. The address borrows it. */
bool reply_address_parse(struct str text, struct reply_address *out_address);

#endif
