/* A mock file of `pawl run`: every case of it reads, and its outputs are JSON. */
#include "fuzz.h"

#include "cli/mocks.h"

#define FUZZ_DEFINITION                                                                                                \
    "{\"StartAt\":\"A\",\"States\":{"                                                                                  \
    "\"A\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"Next\":\"B\"},"         \
    "\"B\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"End\":true}}}"

static void check_case(struct arena *arena, const struct mocks_case *test_case)
{
    struct machine_run_mock *fresh = NULL;
    FUZZ_REQUIRE(mocks_fresh(arena, test_case, &fresh) == STATUS_OK);
    for (size_t at = 0; at < test_case->count; at++) {
        FUZZ_REQUIRE(!fresh[at].used && fresh[at].state_name.bytes != NULL);
        FUZZ_REQUIRE(fresh[at].fails == (fresh[at].output.bytes == NULL));
        FUZZ_REQUIRE(fresh[at].fails || value_text_is_valid(fresh[at].output));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    const struct value *file = NULL;
    struct mocks mocks = {NULL, 0};
    struct expectation_problem problem = {STR_NONE, NULL};
    struct mocks_subject subject = {STR("Machine"), NULL};
    struct findings findings = {0};
    FUZZ_REQUIRE(machine_compile(arena, STR(FUZZ_DEFINITION), MACHINE_STANDARD, &subject.machine, &findings) == STATUS_OK);
    if (value_parse(arena, (struct str){(const char *)data, size}, &file, NULL) == STATUS_OK) {
        enum status status = mocks_read(arena, file, &subject, &mocks, &problem);
        FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_LIMIT_EXCEEDED || (status == STATUS_INVALID && problem.message.length > 0));
        for (size_t at = 0; status == STATUS_OK && at < mocks.count; at++) {
            check_case(arena, &mocks.cases[at]);
        }
    }
    arena_destroy(arena);
    return 0;
}
