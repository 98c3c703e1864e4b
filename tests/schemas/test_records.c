#include "schemas/records.h"

#include "schemas/execution_statuses.h"
#include "schemas/topics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_init(void **state)
{
    (void)state;
    struct execution_row row;
    memset(&row, 0x55, sizeof row);
    record_init(RECORD_execution_row, &row);
    assert_null(row.state_machine_alias_arn.bytes);
    assert_non_null(row.arn.bytes);
    assert_int_equal(row.arn.length, 0);
    assert_true(row.deadline == RECORD_NONE && row.incarnation == 0 && !row.express);
    assert_true(row.root.heartbeat_ms == RECORD_NONE && row.root.id == 0 && row.root.retry_counts.count == 0);
    assert_null(row.root.input.bytes);
}

/* Names are unique, offsets lie in the struct, no schema is empty, no record of a union is another's name. */
static void test_tables(void **state)
{
    (void)state;
    for (int id = 0; id < RECORD_COUNT; id++) {
        const struct record_type *type = &record_types[id];
        assert_true(type->field_count > 0);
        for (uint32_t at = 0; at < type->field_count; at++) {
            assert_true(type->fields[at].offset < type->size);
            for (uint32_t other = 0; other < at; other++) {
                assert_false(str_equal(type->fields[at].name, type->fields[other].name));
            }
        }
    }
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        assert_true(record_schemas[schema].member_count > 0);
    }
    assert_int_equal(record_union_index(SCHEMA_command, RECORD_stop_execution), 1);
    assert_int_equal(record_union_index(SCHEMA_command, RECORD_reply), -1);
}

/* The member that tells a union's records apart must be no field of theirs. */
static void test_discriminators(void **state)
{
    (void)state;
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        struct str name = schema == SCHEMA_command ? STR("operation") : STR("type");
        for (uint32_t at = 0; record_schemas[schema].member_count > 1 && at < record_schemas[schema].member_count;
             at++) {
            const struct record_type *type = &record_types[record_schemas[schema].members[at]];
            for (uint32_t field = 0; field < type->field_count; field++) {
                assert_false(str_equal(type->fields[field].name, name));
            }
        }
    }
}

static void test_topics(void **state)
{
    (void)state;
    assert_true(str_equal(topic_types[TOPIC_COMMANDS].name, STR("commands")));
    assert_true(topic_types[TOPIC_COMMANDS].partitioned && !topic_types[TOPIC_DEFINITIONS].partitioned);
    assert_true(topic_types[TOPIC_STATE].compacted && topic_types[TOPIC_STATE].min_compaction_lag_ms == 86400000);
    assert_true(topic_types[TOPIC_STATE].retention_ms == -1 && topic_types[TOPIC_REPLIES].retention_ms == 3600000);
    assert_int_equal(topic_types[TOPIC_DEAD_LETTERS].schema, SCHEMA_COUNT);
    assert_int_equal(topic_types[TOPIC_RESULTS].schema, SCHEMA_task_result);
}

static void test_statuses(void **state)
{
    (void)state;
    enum execution_status_id found = EXECUTION_STATUS_COUNT;
    assert_true(execution_status_of(STR("TIMED_OUT"), &found));
    assert_int_equal(found, EXECUTION_STATUS_TIMED_OUT);
    assert_false(execution_status_of(STR("timed_out"), &found));
    assert_true(str_equal(execution_status_name(EXECUTION_STATUS_RUNNING), STR("RUNNING")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),   cmocka_unit_test(test_tables),   cmocka_unit_test(test_discriminators),
        cmocka_unit_test(test_topics), cmocka_unit_test(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
