#include "bus/bus_kafka_error.h"

#include <librdkafka/rdkafka.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every code that this librdkafka knows is in the table, under its name. */
static void test_complete(void **state)
{
    (void)state;
    const struct rd_kafka_err_desc *descriptions;
    size_t count;
    rd_kafka_get_err_descs(&descriptions, &count);
    for (size_t at = 0; at < count; at++) {
        int code = descriptions[at].code;
        if (descriptions[at].name == NULL || code == RD_KAFKA_RESP_ERR__BEGIN || code == RD_KAFKA_RESP_ERR__END ||
            code == 0) {
            continue;
        }
        const char *name = bus_kafka_error_name(code);
        if (name == NULL) {
            fail_msg("%d %s is not in bus_kafka_error.def", code, descriptions[at].name);
        }
        assert_string_equal(name, descriptions[at].name);
    }
}

/* What each code means in a transaction, written down a second time: a change of the table is a change here too. */
static void test_in_transaction(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        int codes[96]; /* ends with 0 */
    } rows[] = {
        {STATUS_RETRIABLE,
         {-197, -196, -195, -193, -191, -187, -185, -183, -182, -180, -178, -177, -175, -174, -173, -167, -166,
          -164, -163, -158, -153, -147, -146, -141, 3,    5,    6,    7,    8,    9,    11,   13,   14,   15,
          16,   19,   20,   27,   41,   51,   55,   56,   60,   70,   71,   72,   74,   75,   77,   78,   79,
          80,   83,   88,   89,   98,   99,   100,  102,  103,  106,  107,  108,  109,  116,  117,  118,  119}},
        {STATUS_ABORTABLE,
         {-199, -198, -192, -190, -188, -184, -172, -168, -162, -161, -160, -159, -155, -152, -151, -149, -148, -143,
          -1, 2, 4, 10, 12, 18, 28, 32, 45, 46, 49, 59, 87, 105, 120,
          /* REFUSED outside */
          -179, -156, -140, 1, 17, 29, 36, 37, 38, 39, 40, 42, 44, 68, 69, 73, 84, 85, 86, 91, 92}},
        {STATUS_FENCED, {-150, -144, -142, 22, 25, 47, 48, 52, 82, 90, 110, 113}},
        {STATUS_FATAL, {-194, -189, -186, -181, -176, -171, -170, -169, -165, -157, -154, -145, 21,  23,  24, 26,
                        30,   31,   33,   34,   35,   43,   50,   53,   54,   57,   58,   61,   62,  63,  64, 65, 66,
                        67,   76,   81,   93,   94,   95,   96,   97,   101,  104,  111,  112, 114, 115}},
    };
    size_t seen = 0;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        for (const int *code = rows[at].codes; *code != 0; code++) {
            if (bus_kafka_error_of(*code, BUS_KAFKA_IN_TRANSACTION) != rows[at].status) {
                fail_msg("%d %s", *code, bus_kafka_error_name(*code));
            }
            seen += 1;
        }
    }
    size_t known = 0;
    for (int code = -300; code < 300; code++) {
        known += bus_kafka_error_name(code) != NULL;
    }
    assert_int_equal(seen, known);
}

static void test_outside(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum status status;
    } rows[] = {
        {0, STATUS_OK},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, STATUS_RETRIABLE}, /* there is nothing to abort */
        {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, STATUS_REFUSED},
        {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, STATUS_REFUSED},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, STATUS_FENCED},
        {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, STATUS_FENCED},
        {12345, STATUS_RETRIABLE}, /* a newer broker's */
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        print_message("%d\n", rows[at].code);
        assert_int_equal(bus_kafka_error_of(rows[at].code, BUS_KAFKA_OUTSIDE), rows[at].status);
    }
    assert_int_equal(bus_kafka_error_of(12345, BUS_KAFKA_IN_TRANSACTION), STATUS_ABORTABLE);
}

static void test_objects(void **state)
{
    (void)state;
    struct bus_error error;
    assert_int_equal(bus_kafka_error_take(NULL, BUS_KAFKA_OUTSIDE, "what", &error), STATUS_OK);
    rd_kafka_error_t *made = rd_kafka_error_new(RD_KAFKA_RESP_ERR_PRODUCER_FENCED, "text %d", 1);
    assert_int_equal(bus_kafka_error_take(made, BUS_KAFKA_IN_TRANSACTION, "what", &error), STATUS_FENCED);
    assert_string_equal(error.text, "what: text 1 (PRODUCER_FENCED)");
    made = rd_kafka_error_new(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "text");
    assert_int_equal(bus_kafka_error_take(made, BUS_KAFKA_IN_TRANSACTION, "what", &error), STATUS_FENCED);
    assert_string_equal(error.text, "what: text (FENCED_INSTANCE_ID)");
    made = rd_kafka_error_new(RD_KAFKA_RESP_ERR__TRANSPORT, "text");
    assert_int_equal(bus_kafka_error_take(made, BUS_KAFKA_IN_TRANSACTION, "what", NULL), STATUS_RETRIABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_in_transaction),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
