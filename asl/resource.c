#include "asl/resource.h"

#include "base/nearest.h"

#define ARN_PARTS_MAX 8

/* Splits at ':' into at most ARN_PARTS_MAX parts; the last one keeps the rest. */
static size_t split(struct str arn, struct str parts[ARN_PARTS_MAX])
{
    size_t count = 0;
    while (count < ARN_PARTS_MAX - 1) {
        size_t end = str_find(arn, ':');
        if (end == arn.length) {
            break;
        }
        parts[count++] = str_slice(arn, 0, end);
        arn = str_from(arn, end + 1);
    }
    parts[count++] = arn;
    return count;
}

/* What follows the first `count` colons, which must be there. */
static struct str after_colons(struct str text, int count)
{
    for (int at = 0; at < count; at++) {
        text = str_from(text, str_find(text, ':') + 1);
    }
    return text;
}

static enum resource_pattern pattern_of(struct str action)
{
    if (str_ends_with(action, STR(".waitForTaskToken"))) {
        return RESOURCE_WAIT_FOR_TASK_TOKEN;
    }
    return str_ends_with(action, STR(".sync")) || str_ends_with(action, STR(".sync:2")) ? RESOURCE_SYNC
                                                                                          : RESOURCE_REQUEST_RESPONSE;
}

/* `text` is what follows "arn:<p>:states:::"; a service of two words is "aws-sdk:<service>". */
static enum status parse_integration(struct str text, struct resource *out_resource)
{
    size_t from = str_starts_with(text, STR("aws-sdk:")) ? sizeof "aws-sdk:" - 1 : 0;
    size_t end = from + str_find(str_from(text, from), ':');
    if (end == from || end + 1 >= text.length) {
        return STATUS_INVALID;
    }
    struct str action = str_from(text, end + 1);
    *out_resource = (struct resource){
        .kind = RESOURCE_INTEGRATION,
        .pattern = pattern_of(action),
        .service = str_slice(text, 0, end),
        .action = action,
    };
    return STATUS_OK;
}

enum status resource_parse(struct str arn, struct resource *out_resource)
{
    struct str parts[ARN_PARTS_MAX];
    size_t count = split(arn, parts);
    if (count < 6 || !str_equal(parts[0], STR("arn")) || parts[1].length == 0) {
        return STATUS_INVALID;
    }
    if (str_equal(parts[2], STR("lambda")) && count >= 7 && str_equal(parts[5], STR("function")) && parts[6].length > 0) {
        *out_resource = (struct resource){.kind = RESOURCE_LAMBDA, .name = parts[6]};
        return STATUS_OK;
    }
    if (!str_equal(parts[2], STR("states"))) {
        return STATUS_INVALID;
    }
    if (count == 7 && str_equal(parts[5], STR("activity")) && parts[6].length > 0 && parts[3].length > 0) {
        *out_resource = (struct resource){.kind = RESOURCE_ACTIVITY, .name = parts[6]};
        return STATUS_OK;
    }
    if (parts[3].length == 0 && parts[4].length == 0) {
        return parse_integration(after_colons(arn, 5), out_resource);
    }
    return STATUS_INVALID;
}

struct integration {
    struct str service;
    struct str action;
    const char *patterns;
};

static const struct integration integrations[] = {
#define INTEGRATION(service, action, patterns) {STR_INIT(service), STR_INIT(action), patterns},
#include "asl/integrations.def"
};

/* Takes the pattern's suffix off the action, and gives its letter. */
static char split_pattern(struct str *action)
{
    static const struct {
        struct str suffix;
        char letter;
    } suffixes[] = {{STR_INIT(".waitForTaskToken"), 'W'}, {STR_INIT(".sync:2"), '2'}, {STR_INIT(".sync"), 'S'}};
    for (size_t at = 0; at < sizeof suffixes / sizeof suffixes[0]; at++) {
        if (str_ends_with(*action, suffixes[at].suffix)) {
            action->length -= suffixes[at].suffix.length;
            return suffixes[at].letter;
        }
    }
    return 'R';
}

bool resource_is_known(const struct resource *resource)
{
    if (resource->kind != RESOURCE_INTEGRATION) {
        return true;
    }
    struct str action = resource->action;
    char pattern = split_pattern(&action);
    if (str_starts_with(resource->service, STR("aws-sdk:"))) {
        /* "s3:listBuckets": AWS does not know ListBuckets. */
        return (pattern == 'R' || pattern == 'W') && action.length > 0 && action.bytes[0] >= 'a' && action.bytes[0] <= 'z';
    }
    for (size_t at = 0; at < sizeof integrations / sizeof integrations[0]; at++) {
        if (str_equal(integrations[at].service, resource->service) && str_equal(integrations[at].action, action)) {
            return strchr(integrations[at].patterns, pattern) != NULL;
        }
    }
    return false;
}

void resource_try_names(struct nearest *nearest)
{
    static const struct str names[] = {
#define INTEGRATION(service, action, patterns) STR_INIT(service ":" action),
#include "asl/integrations.def"
    };
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        nearest_try(nearest, names[at]);
    }
}
