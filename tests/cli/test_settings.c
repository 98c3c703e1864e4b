#include "cli/settings.h"

#include "base/buffer.h"
#include "processor/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define ARENA_BYTES_MAX (4 * 1024 * 1024)

/* A file with that text, whose name is freed by the caller. */
static char *write_file(const char *text)
{
    char *path = strdup("/tmp/pawl-test-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    return path;
}

static void remove_file(char *path)
{
    unlink(path);
    free(path);
}

static enum status load_set(struct arena *arena, const char *set, const struct settings **out_settings,
                            struct str *out_problem)
{
    struct str sets[] = {str_of(set)};
    struct settings_sources sources = {.sets = sets, .set_count = 1};
    return settings_load(arena, &sources, out_settings, out_problem);
}

static void test_defaults(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    struct settings_sources sources = {NULL, NULL, NULL, 0};
    const struct settings *settings;
    struct str problem;
    const struct processor_config *config = &processor_config_default;
    assert_int_equal(settings_load(arena, &sources, &settings, &problem), STATUS_OK);
    assert_string_equal(settings_text(settings, OPTION_TOPICS_PREFIX).bytes, config->prefix.bytes);
    assert_string_equal(settings_text(settings, OPTION_AWS_REGION).bytes, config->step.region.bytes);
    assert_string_equal(settings_text(settings, OPTION_AWS_ACCOUNT).bytes, config->step.account.bytes);
    assert_int_equal(settings_number(settings, OPTION_STATE_MEMORY_BYTES), config->memory_bytes);
    assert_int_equal(settings_number(settings, OPTION_PROCESSOR_THREADS), config->thread_count);
    assert_int_equal(settings_number(settings, OPTION_STATE_RESTORE_THREADS), config->restore_thread_count);
    assert_int_equal(settings_standby(settings, OPTION_STANDBY_REPLICAS), config->standby_replicas);
    assert_int_equal(settings_number(settings, OPTION_PROCESSOR_BATCH_RECORDS), config->batch_records_max);
    assert_int_equal(settings_number(settings, OPTION_PROCESSOR_BATCH_BYTES), config->batch_bytes_max);
    assert_int_equal(settings_number(settings, OPTION_PROCESSOR_BATCH_MS), config->batch_ms_max);
    assert_int_equal(settings_number(settings, OPTION_LIMITS_PAYLOAD_BYTES), config->step.payload_bytes_max);
    assert_int_equal(settings_number(settings, OPTION_LIMITS_HISTORY_EVENTS), config->step.history_events_max);
    assert_int_equal(settings_number(settings, OPTION_LIMITS_MAP_CONCURRENCY), config->step.map_concurrency_default);
    assert_int_equal(settings_number(settings, OPTION_RETENTION_DAYS) * 86400000, config->step.retention_ms);
    assert_int_equal(settings_number(settings, OPTION_REDRIVE_DAYS) * 86400000, config->step.redrive_ms);
    assert_int_equal(settings_boolean(settings, OPTION_PROCESSOR_CLOUD_EVENTS), config->cloud_events);
    assert_int_equal(settings_encoding(settings, OPTION_ENCODING_TASKS), CODEC_AVRO);
    assert_false(settings_is_set(settings, OPTION_TOPICS_PARTITIONS));
    assert_false(settings_has_kafka(settings));
    arena_destroy(arena);
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        enum option_id id;
        int64_t number;
    } rows[] = {
        {"topics.partitions=1", OPTION_TOPICS_PARTITIONS, 1},
        {" topics.partitions = 65535 ", OPTION_TOPICS_PARTITIONS, 65535},
        {"state.memory.bytes=16777216", OPTION_STATE_MEMORY_BYTES, 16777216},
        {"state.memory.bytes=64MiB", OPTION_STATE_MEMORY_BYTES, 64 * 1024 * 1024},
        {"state.memory.bytes=2 GiB", OPTION_STATE_MEMORY_BYTES, 2LL * 1024 * 1024 * 1024},
        {"limits.payload.bytes=512KiB", OPTION_LIMITS_PAYLOAD_BYTES, 512 * 1024},
        {"processor.cloudevents=false", OPTION_PROCESSOR_CLOUD_EVENTS, 0},
        {"encoding.history=json", OPTION_ENCODING_HISTORY, CODEC_JSON},
        {"limits.history.events=0", OPTION_LIMITS_HISTORY_EVENTS, 0},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const struct settings *settings;
        struct str problem = STR_NONE;
        print_message("%s\n", rows[at].set);
        assert_int_equal(load_set(arena, rows[at].set, &settings, &problem), STATUS_OK);
        assert_true(settings_number(settings, rows[at].id) == rows[at].number);
        assert_true(settings_is_set(settings, rows[at].id));
    }
    arena_destroy(arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        const char *problem;
    } rows[] = {
        {"topics.partitions", "--set: 'topics.partitions' is no KEY=VALUE"},
        {"topic.partitions=3", "--set: there is no key 'topic.partitions'; is topics.partitions meant?"},
        {"bootstrap.servers=x", "--set: there is no key 'bootstrap.servers'; is kafka.bootstrap.servers meant?"},
        {"something.else=3", "--set: there is no key 'something.else'; `pawl help config` lists them"},
        {"=3", "--set: there is no key ''; `pawl help config` lists them"},
        {"kafka.=3", "--set: there is no key 'kafka.'; `pawl help config` lists them"},
        {"topics.partitions=0", "--set: topics.partitions must lie between 1 and 65535, and 0 does not"},
        {"topics.partitions=65536", "--set: topics.partitions must lie between 1 and 65535, and 65536 does not"},
        {"topics.partitions=many", "--set: topics.partitions must be a whole number, not 'many'"},
        {"topics.partitions=", "--set: topics.partitions must be a whole number, not ''"},
        {"topics.partitions=99999999999999999999", "--set: topics.partitions must be a whole number, not '99999999999999999999'"},
        {"state.memory.bytes=9999999999GiB",
         "--set: state.memory.bytes must be a number of bytes (64MiB, 1GiB, …), not '9999999999GiB'"},
        {"state.memory.bytes=MiB", "--set: state.memory.bytes must be a number of bytes (64MiB, 1GiB, …), not 'MiB'"},
        {"encoding.tasks=xml", "--set: encoding.tasks must be avro or json, not 'xml'"},
        {"processor.cloudevents=yes", "--set: processor.cloudevents must be false or true, not 'yes'"},
        {"aws.account=12", "--set: aws.account must have 12 to 12 characters"},
        {"aws.account=12345678901x", "--set: aws.account must be made of digits"},
        {"topics.prefix=a b", "--set: topics.prefix must be made of A–Z a–z 0–9 . _ -, and not begin or end with a dot"},
        {"topics.prefix=a.", "--set: topics.prefix must be made of A–Z a–z 0–9 . _ -, and not begin or end with a dot"},
        {"topics.prefix=", "--set: topics.prefix must have 1 to 40 characters"},
        {"topics.prefix=\xFF", "--set: topics.prefix must be made of A–Z a–z 0–9 . _ -, and not begin or end with a dot"},
        {"aws.region=us:east", "--set: aws.region must be made of A–Z a–z 0–9 . _ -, and not begin or end with a dot"},
        {"aws.region=\"", "--set: aws.region must be made of A–Z a–z 0–9 . _ -, and not begin or end with a dot"},
        {"state.dir=", "--set: state.dir must have 1 to 4096 characters"},
        {"topics.partitions=-1", "--set: topics.partitions must lie between 1 and 65535, and -1 does not"},
        {"topics.partitions=1.5", "--set: topics.partitions must be a whole number, not '1.5'"},
        {"state.memory.bytes=-1GiB", "--set: state.memory.bytes must lie between 16777216 and 1099511627776, and -1GiB does not"},
        {"kafka.sasl.password.file=/tmp", "--set: kafka.sasl.password.file: /tmp: Is a directory"},
        {"kafka.acks=1", "--set: kafka.acks may not be set: a record is written when all in-sync replicas have it"},
        {"kafka.consumer.isolation.level=read_uncommitted",
         "--set: kafka.consumer.isolation.level may not be set: what an aborted transaction wrote must never be read"},
        {"kafka.producer.transactional.id=x",
         "--set: kafka.producer.transactional.id may not be set: it is made of the prefix, the instance and the thread"},
        {"kafka.sasl.password.file=/nonexistent/secret",
         "--set: kafka.sasl.password.file: /nonexistent/secret: No such file or directory"},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const struct settings *settings;
        struct str problem = STR_NONE;
        print_message("%s\n", rows[at].set);
        assert_int_equal(load_set(arena, rows[at].set, &settings, &problem), STATUS_INVALID);
        assert_string_equal(problem.bytes, rows[at].problem);
    }
    arena_destroy(arena);
}

static void test_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *problem; /* after the path; NULL: none */
    } rows[] = {
        {"topics.prefix=mine\n", NULL},
        {"", NULL},
        {"# x\n\ntopics.prefixx=mine\n", ":3: there is no key 'topics.prefixx'; is topics.prefix meant?"},
        {"topics.prefix=a\naws.region=x\ntopics.prefix=b\n", ":3: topics.prefix is set in line 1 already"},
        {"topics.prefix=a\n=b\n", ":2: this is no key=value"},
        {"topics.prefix=\xFF\n", ": the file is not UTF-8"},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        char *path = write_file(rows[at].text);
        struct settings_sources sources = {.file = path};
        const struct settings *settings;
        struct str problem = STR_NONE;
        char expected[512];
        print_message("%s\n", rows[at].text);
        enum status status = settings_load(arena, &sources, &settings, &problem);
        if (rows[at].problem != NULL) {
            snprintf(expected, sizeof expected, "%s%s", path, rows[at].problem);
            assert_int_equal(status, STATUS_INVALID);
            assert_string_equal(problem.bytes, expected);
        } else {
            assert_int_equal(status, STATUS_OK);
        }
        remove_file(path);
    }
    struct settings_sources folder = {.file = "/tmp"};
    const struct settings *none;
    struct str is_folder = STR_NONE;
    assert_int_equal(settings_load(arena, &folder, &none, &is_folder), STATUS_INVALID);
    assert_string_equal(is_folder.bytes, "/tmp: Is a directory");
    struct settings_sources missing = {.file = "/nonexistent/pawl.properties"};
    const struct settings *settings;
    struct str problem = STR_NONE;
    assert_int_equal(settings_load(arena, &missing, &settings, &problem), STATUS_INVALID);
    assert_string_equal(problem.bytes, "/nonexistent/pawl.properties: No such file or directory");
    arena_destroy(arena);
}

/* Files that are too much of something. */
static void test_excess(void **state)
{
    (void)state;
    struct arena *arena = arena_create((size_t)64 << 20);
    struct buffer text = buffer_in(arena);
    const struct settings *settings;
    struct str problem = STR_NONE;
    for (int at = 0; at < 600; at++) {
        assert_int_equal(buffer_format(&text, "kafka.some.%d=1\n", at), STATUS_OK);
    }
    assert_int_equal(buffer_add_byte(&text, 0), STATUS_OK);
    char *path = write_file(text.bytes);
    struct settings_sources sources = {.file = path};
    assert_int_equal(settings_load(arena, &sources, &settings, &problem), STATUS_INVALID);
    assert_non_null(strstr(problem.bytes, ":513: more than 512 keys of kafka.* are set"));
    remove_file(path);
    text = buffer_in(arena);
    for (int at = 0; at < 1024 * 1024 / 16 + 1; at++) {
        assert_int_equal(buffer_add(&text, STR("# a comment ...\n")), STATUS_OK);
    }
    assert_int_equal(buffer_add_byte(&text, 0), STATUS_OK);
    path = write_file(text.bytes);
    sources.file = path;
    assert_int_equal(settings_load(arena, &sources, &settings, &problem), STATUS_INVALID);
    assert_non_null(strstr(problem.bytes, ": the file is too large"));
    remove_file(path);
    arena_destroy(arena);
}

/* File, environment and --set: the later wins. */
static void test_precedence(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    char *path = write_file("topics.prefix=file\naws.region=file\nstate.dir=file\nkafka.bootstrap.servers=file:1\n");
    const char *environment[] = {"PAWL_AWS_REGION=environment", "PAWL_STATE_DIR=environment", "HOME=/",
                                 "PAWL_KAFKA_BOOTSTRAP_SERVERS=environment:1", "PAWL_TASK_TOKEN=x", "PAWL_BROKEN", NULL};
    struct str sets[] = {STR("state.dir=first"), STR("state.dir=set")};
    struct settings_sources sources = {path, environment, sets, 2};
    const struct settings *settings;
    struct str problem = STR_NONE;
    assert_int_equal(settings_load(arena, &sources, &settings, &problem), STATUS_OK);
    assert_string_equal(settings_text(settings, OPTION_TOPICS_PREFIX).bytes, "file");
    assert_string_equal(settings_text(settings, OPTION_AWS_REGION).bytes, "environment");
    assert_string_equal(settings_text(settings, OPTION_STATE_DIR).bytes, "set");
    assert_true(settings_has_kafka(settings));
    struct bus_kafka_options kafka = settings_kafka(settings);
    assert_int_equal(kafka.common_count, 1);
    assert_string_equal(kafka.common[0].name, "bootstrap.servers");
    assert_string_equal(kafka.common[0].value, "environment:1");
    const char *near[] = {"PAWL_STATE_DIRS=x", NULL};
    struct settings_sources mistyped = {.environment = near};
    assert_int_equal(settings_load(arena, &mistyped, &settings, &problem), STATUS_INVALID);
    assert_string_equal(problem.bytes, "PAWL_STATE_DIRS: there is no key 'state.dirs'; is state.dir meant?");
    remove_file(path);
    arena_destroy(arena);
}

static void test_kafka(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    char *secret = write_file("s3cret\r\n");
    struct str sets[] = {STR("kafka.bootstrap.servers=a:1"), STR("kafka.consumer.fetch.min.bytes=2"),
                         STR("kafka.producer.linger.ms=7"), STR("kafka.producer.linger.ms=8"), STR_NONE};
    assert_int_equal(arena_format(arena, &sets[4], "kafka.sasl.password.file=%s", secret), STATUS_OK);
    struct settings_sources sources = {.sets = sets, .set_count = 5};
    const struct settings *settings;
    struct str problem = STR_NONE;
    assert_int_equal(settings_load(arena, &sources, &settings, &problem), STATUS_OK);
    struct bus_kafka_options kafka = settings_kafka(settings);
    assert_int_equal(kafka.common_count, 2);
    assert_string_equal(kafka.common[1].name, "sasl.password");
    assert_string_equal(kafka.common[1].value, "s3cret");
    assert_int_equal(kafka.consumer_count, 1);
    assert_string_equal(kafka.consumer[0].name, "fetch.min.bytes");
    assert_int_equal(kafka.producer_count, 1);
    assert_string_equal(kafka.producer[0].value, "8");
    remove_file(secret);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_values), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_file),       cmocka_unit_test(test_excess),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_kafka),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
