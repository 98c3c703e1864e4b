#include "asl/value_members.h"

#include <stdlib.h>

#define LINEAR_MAX 16 /* so few are compared pairwise */

static int compare_keys(const void *a, const void *b, void *context)
{
    const struct value_member *members = context;
    uint32_t first = *(const uint32_t *)a;
    uint32_t second = *(const uint32_t *)b;
    struct str x = members[first].key;
    struct str y = members[second].key;
    int order = (x.length > y.length) - (x.length < y.length);
    order = order != 0 || x.length == 0 ? order : memcmp(x.bytes, y.bytes, x.length);
    return order != 0 ? order : (first > second) - (first < second);
}

/* Removes the members without a value, keeping the order. */
static size_t compact_members(struct value_member *members, size_t count)
{
    size_t kept = 0;
    for (size_t at = 0; at < count; at++) {
        if (members[at].value != NULL) {
            members[kept++] = members[at];
        }
    }
    return kept;
}

/* Last value wins at the first place. Sorted, so that no choice of keys makes it quadratic. */
static enum status merge_sorted(struct value_member *members, size_t count)
{
    uint32_t *order = malloc(count * sizeof *order);
    TRY_NEW(order);
    for (size_t at = 0; at < count; at++) {
        order[at] = (uint32_t)at;
    }
    qsort_r(order, count, sizeof *order, compare_keys, members);
    size_t first = 0;
    for (size_t at = 1; at < count; at++) {
        if (str_equal(members[order[first]].key, members[order[at]].key)) {
            members[order[first]].value = members[order[at]].value;
            members[order[at]].value = NULL;
        } else {
            first = at;
        }
    }
    free(order);
    return STATUS_OK;
}

static void merge_linear(struct value_member *members, size_t count)
{
    for (size_t at = 1; at < count; at++) {
        for (size_t earlier = 0; earlier < at; earlier++) {
            if (members[earlier].value != NULL && str_equal(members[earlier].key, members[at].key)) {
                members[earlier].value = members[at].value;
                members[at].value = NULL;
                break;
            }
        }
    }
}

enum status value_members_merge(struct value_member *members, size_t count, size_t *out_count)
{
    if (count <= LINEAR_MAX) {
        merge_linear(members, count);
    } else {
        TRY(merge_sorted(members, count));
    }
    *out_count = compact_members(members, count);
    return STATUS_OK;
}
