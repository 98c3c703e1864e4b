/* Pagination tokens. The first line is taken as one, which is never accepted: nobody can make a digest up. The rest becomes
 * the place that a token of ours names: it comes back, but not from a token that was changed, nor elsewhere, nor too late. */
#include "fuzz.h"

#include "gateway/page.h"
#include "tests/fuzz/served.h"

#define DAYS_MS (30LL * 24 * 3600 * 1000)

static struct call list_with(struct arena *arena, enum operation_id operation, struct str token)
{
    struct call call = served_call(arena);
    struct value_member *member = arena_new(arena, struct value_member);
    struct value *request = arena_new(arena, struct value);
    FUZZ_REQUIRE(member != NULL && request != NULL);
    member->key = STR("nextToken");
    FUZZ_REQUIRE(value_string(arena, token, &member->value) == STATUS_OK);
    *request = (struct value){.type = VALUE_OBJECT, .members = member, .count = 1};
    call.operation = &operations[operation];
    call.request = request;
    return call;
}

/* Whether the token is one; *out_position then. */
static bool is_accepted(struct call *call, struct str *out_position)
{
    struct page page;
    bool refused;
    FUZZ_REQUIRE(page_begin(call, &page, &refused) == STATUS_OK);
    FUZZ_REQUIRE(!refused || str_equal(call->error, STR("InvalidToken")));
    *out_position = page.position;
    return !refused;
}

static bool is_token(struct arena *arena, enum operation_id operation, struct str token)
{
    struct call call = list_with(arena, operation, token);
    struct str position;
    return is_accepted(&call, &position);
}

static struct str make_token(struct arena *arena, struct str position)
{
    struct call call = list_with(arena, OPERATION_ListActivities, STR_NONE);
    struct page page = {.call = &call, .items = buffer_in(arena)};
    const struct value *answer;
    call.request = &(struct value){.type = VALUE_OBJECT};
    FUZZ_REQUIRE(page_skip(&page, position) == STATUS_END);
    FUZZ_REQUIRE(page_answer(&page, "activities") == STATUS_OK);
    FUZZ_REQUIRE(value_parse(arena, call.body, &answer, NULL) == STATUS_OK);
    return value_get(answer, STR("nextToken"))->string;
}

/* One character, anywhere. */
static struct str changed(struct arena *arena, struct str token, size_t chance)
{
    struct str copy;
    FUZZ_REQUIRE(arena_copy(arena, token, &copy) == STATUS_OK);
    char *byte = (char *)copy.bytes + chance % copy.length;
    *byte = *byte == 'A' ? 'B' : 'A';
    return copy;
}

static void check_own(struct arena *arena, struct str position, size_t chance)
{
    struct str token = make_token(arena, position);
    struct call call = list_with(arena, OPERATION_ListActivities, token);
    struct call late = list_with(arena, OPERATION_ListActivities, token);
    struct str found;
    FUZZ_REQUIRE(is_accepted(&call, &found) && str_equal(found, position));
    late.now_ms += DAYS_MS;
    FUZZ_REQUIRE(!is_accepted(&late, &found));
    FUZZ_REQUIRE(!is_token(arena, OPERATION_ListStateMachines, token));
    FUZZ_REQUIRE(!is_token(arena, OPERATION_ListActivities, changed(arena, token, chance)));
    FUZZ_REQUIRE(!is_token(arena, OPERATION_ListActivities, str_slice(token, 0, chance % token.length)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    size_t end = str_find(text, '\n');
    size_t chance = size;
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    for (size_t at = 0; at < size; at++) {
        chance = chance * 31 + data[at];
    }
    FUZZ_REQUIRE(!is_token(arena, OPERATION_ListActivities, str_slice(text, 0, end)));
    check_own(arena, str_from(text, end == size ? end : end + 1), chance);
    arena_destroy(arena);
    return 0;
}
