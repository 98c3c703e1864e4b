#include "processor/tags.h"

#include "asl/arn.h"
#include "asl/value.h"
#include "base/assert.h"
#include "base/limits.h"
#include "processor/machine_rows.h"

struct tag {
    struct str key;
    struct str value;
};

struct tags {
    size_t count;
    struct tag items[RESOURCE_TAGS_MAX + 1]; /* one more than there may be: then there are too many */
};

/* ---- Reading and writing ---- */

static void set(struct tags *tags, struct tag tag)
{
    size_t at = 0;
    while (at < tags->count && !str_equal(tags->items[at].key, tag.key)) {
        at++;
    }
    if (at <= RESOURCE_TAGS_MAX) {
        tags->items[at] = tag;
        tags->count += at == tags->count;
    }
}

static void drop(struct tags *tags, struct str key)
{
    size_t kept = 0;
    for (size_t at = 0; at < tags->count; at++) {
        if (!str_equal(tags->items[at].key, key)) {
            tags->items[kept++] = tags->items[at];
        }
    }
    tags->count = kept;
}

/* NULL, or what is wrong with the tag. */
static const char *read_tag(const struct value *item, struct tag *out_tag)
{
    const struct value *key = value_get(item, STR("key"));
    const struct value *value = value_get(item, STR("value"));
    if (key == NULL || key->type != VALUE_STRING || key->string.length == 0) {
        return "key' failed to satisfy constraint: Member must have length greater than or equal to 1";
    }
    if (str_character_count(key->string) > TAG_KEY_CHARACTERS_MAX) {
        return "key' failed to satisfy constraint: Member must have length less than or equal to 128";
    }
    if (value != NULL && value->type != VALUE_STRING) {
        return "value' failed to satisfy constraint: Member must not be null";
    }
    *out_tag = (struct tag){key->string, value == NULL ? STR("") : value->string};
    if (str_character_count(out_tag->value) > TAG_VALUE_CHARACTERS_MAX) {
        return "value' failed to satisfy constraint: Member must have length less than or equal to 256";
    }
    return NULL;
}

/* Reads an array in JSON. *out_refused: it is none, and that was answered. */
static enum status read_array(struct handling *handling, const struct reply_to *to, struct str text, const char *member,
                              const struct value **out_array, bool *out_refused)
{
    *out_refused = false;
    *out_array = &value_empty_array;
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    enum status status = value_parse(handling->arena, text, out_array, NULL);
    if (status == STATUS_INVALID || (status == STATUS_OK && (*out_array)->type != VALUE_ARRAY)) {
        *out_refused = true;
        return reply_refuse(handling, to, STR("ValidationException"),
                            "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must be a "
                            "list",
                            member);
    }
    return status;
}

static enum status read_tags(struct handling *handling, const struct reply_to *to, struct str text, struct tags *tags,
                             bool *out_refused)
{
    const struct value *array;
    TRY(read_array(handling, to, text, "tags", &array, out_refused));
    for (uint32_t at = 0; !*out_refused && at < array->count; at++) {
        struct tag tag;
        const char *problem = read_tag(array->items[at], &tag);
        if (problem != NULL) {
            *out_refused = true;
            return reply_refuse(handling, to, STR("ValidationException"),
                                "1 validation error detected: Value at 'tags.%u.member.%s", at + 1, problem);
        }
        set(tags, tag);
    }
    return STATUS_OK;
}

static enum status write_tags(struct arena *arena, const struct tags *tags, struct str *out_text)
{
    struct buffer buffer = buffer_in(arena);
    *out_text = STR_NONE;
    if (tags->count == 0) {
        return STATUS_OK;
    }
    for (size_t at = 0; at < tags->count; at++) {
        TRY(buffer_add(&buffer, at == 0 ? STR("[{\"key\":") : STR(",{\"key\":")));
        TRY(value_write_string(&buffer, tags->items[at].key));
        TRY(buffer_add(&buffer, STR(",\"value\":")));
        TRY(value_write_string(&buffer, tags->items[at].value));
        TRY(buffer_add_byte(&buffer, '}'));
    }
    TRY(buffer_add_byte(&buffer, ']'));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

/* ---- Changing ---- */

enum status tags_add(struct handling *handling, const struct reply_to *to, struct str resource_arn, struct str present,
                     struct str given, struct str *out_tags, bool *out_refused)
{
    struct tags *tags = arena_new(handling->arena, struct tags);
    TRY_NEW(tags);
    TRY(read_tags(handling, to, present, tags, out_refused));
    if (!*out_refused) {
        TRY(read_tags(handling, to, given, tags, out_refused));
    }
    if (*out_refused) {
        return STATUS_OK;
    }
    if (tags->count > RESOURCE_TAGS_MAX) {
        *out_refused = true;
        return reply_refuse(handling, to, STR("TooManyTags"), "Too Many Tags: '%.*s'", STR_ARGS(resource_arn));
    }
    return write_tags(handling->arena, tags, out_tags);
}

enum status tags_remove(struct handling *handling, const struct reply_to *to, struct str present, struct str keys,
                        struct str *out_tags, bool *out_refused)
{
    const struct value *array;
    struct tags *tags = arena_new(handling->arena, struct tags);
    TRY_NEW(tags);
    TRY(read_tags(handling, to, present, tags, out_refused));
    if (!*out_refused) {
        TRY(read_array(handling, to, keys, "tagKeys", &array, out_refused));
    }
    if (*out_refused) {
        return STATUS_OK;
    }
    for (uint32_t at = 0; at < array->count; at++) {
        drop(tags, array->items[at]->string);
    }
    return write_tags(handling->arena, tags, out_tags);
}

/* ---- The resource ---- */

static enum status refuse_missing(struct handling *handling, const struct reply_to *to, struct str arn)
{
    return reply_refuse(handling, to, STR("ResourceNotFound"), "Resource not found: '%.*s'", STR_ARGS(arn));
}

enum status tags_check_arn(struct handling *handling, const struct reply_to *to, struct str arn, bool *out_refused)
{
    *out_refused = true;
    switch (arn_type_of(arn)) {
    case ARN_MACHINE:
    case ARN_ACTIVITY:
        *out_refused = false;
        return STATUS_OK;
    case ARN_QUALIFIED:
    case ARN_LABELLED:
        return refuse_missing(handling, to, arn);
    case ARN_EXECUTION:
    case ARN_EXPRESS:
    case ARN_OTHER:
    case ARN_NONE:
        return reply_refuse_arn(handling, to, arn);
    }
    UNREACHABLE("type of ARN");
}

enum status tags_to_change(struct handling *handling, const struct reply_to *to, struct str arn,
                           const struct definition **out_head, bool *out_refused)
{
    enum status status = machine_rows_head(handling, arn, out_head);
    *out_refused =
        status == STATUS_NOT_FOUND || (status == STATUS_OK && str_equal((*out_head)->status, MACHINE_STATUS_DELETED));
    return *out_refused ? refuse_missing(handling, to, arn) : status;
}

enum status tags_put(struct handling *handling, const struct reply_to *to, const struct definition *head,
                     struct str tags)
{
    struct definition next = *head;
    if (!str_equal(head->tags, tags)) {
        next.version = head->version + 1;
        next.tags = tags;
        TRY(machine_rows_put_head(handling, &next));
    }
    return reply_accept(handling, to, STR("{}"), (struct reply_version){RECORD_NONE, next.version});
}
