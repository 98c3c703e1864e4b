#include "asl/arn.h"
#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/page.h"
#include "gateway/subject.h"
#include "schemas/definition_kinds.h"

#include <inttypes.h>
#include <stdlib.h>

#define VERSIONS_MAX 10000 /* AWS: 1,000 of a machine */

struct version {
    int64_t number;
    const struct definition *definition;
};

struct versions {
    struct version *items;
    size_t count;
};

static enum status collect(void *owner, struct str position, const void *value)
{
    struct versions *versions = owner;
    const struct definition *definition = value;
    struct version *version = &versions->items[versions->count];
    if (definition->kind.bytes == NULL || !str_equal(definition->kind, DEFINITION_KIND_VERSION) ||
        !str_to_int64(position, &version->number)) {
        return STATUS_OK;
    }
    version->definition = definition;
    versions->count += 1;
    return versions->count == VERSIONS_MAX ? STATUS_END : STATUS_OK;
}

/* The newest first. */
static int compare(const void *a, const void *b)
{
    int64_t first = ((const struct version *)a)->number;
    int64_t second = ((const struct version *)b)->number;
    return first < second ? 1 : first > second ? -1 : 0;
}

static enum status add(struct page *page, const struct version *version)
{
    struct answer answer;
    struct str text;
    struct str position;
    TRY(answer_begin(page->call->arena, &answer));
    TRY(answer_text(&answer, "stateMachineVersionArn", version->definition->resource_arn));
    TRY(answer_time(&answer, "creationDate", version->definition->creation_date));
    TRY(answer_end(&answer, &text));
    TRY(arena_format(page->call->arena, &position, "%" PRId64, version->number));
    TRY(page_item_begin(page));
    TRY(buffer_add(&page->items, text));
    return page_item_end(page, position);
}

enum status op_list_state_machine_versions(struct call *call)
{
    struct str arn = call_text(call, "stateMachineArn");
    struct versions versions = {0};
    struct view_definitions query = {.position = STR_NONE};
    struct page page;
    bool refused;
    int64_t below = INT64_MAX;
    TRY(subject_check_arn(call, arn, ARN_MACHINE, &refused));
    if (refused) {
        return STATUS_OK;
    }
    TRY(page_begin(call, &page, &refused));
    if (refused) {
        return STATUS_OK;
    }
    if (page.position.bytes != NULL && !str_to_int64(page.position, &below)) {
        return STATUS_CORRUPT;
    }
    versions.items = arena_array(call->arena, struct version, VERSIONS_MAX);
    TRY_NEW(versions.items);
    TRY(arena_concat(call->arena, arn, STR(":"), &query.prefix));
    TRY(view_each_definition(call->gateway->view, call->arena, &query, collect, &versions));
    qsort(versions.items, versions.count, sizeof *versions.items, compare);
    for (size_t at = 0; at < versions.count; at++) {
        if (versions.items[at].number < below) {
            if (!page_has_room(&page)) {
                break;
            }
            TRY(add(&page, &versions.items[at]));
        }
    }
    return page_answer(&page, "stateMachineVersions");
}
