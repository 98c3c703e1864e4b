#include "cli/child.h"

#include "base/log.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct beats {
    int count;
};

static void count_beat(void *owner, const struct task *task)
{
    (void)task;
    ((struct beats *)owner)->count++;
}

/* A task as it comes from the topic. */
struct given {
    const char *parameters;
    int64_t deadline_ms; /* from now on; 0: none */
    int64_t heartbeat_seconds;
    bool whole;
};

static struct task *make_task(const struct codec *codec, const struct given *given)
{
    struct arena *arena = arena_create(1024 * 1024);
    struct task_request request;
    struct bus_record record = {.offset = 1};
    struct str problem;
    record_init(RECORD_task_request, &request);
    request.task_token = STR("token");
    request.execution_arn = STR("arn:e");
    request.state_name = STR("State");
    request.resource = STR("arn:aws:lambda:us-east-1:123456789012:function:f");
    request.parameters = str_of(given->parameters);
    request.attempt = 2;
    request.deadline = given->deadline_ms == 0 ? RECORD_NONE : (child_now_ms() + given->deadline_ms) * 1000;
    request.heartbeat_in_seconds = given->heartbeat_seconds == 0 ? RECORD_NONE : given->heartbeat_seconds;
    assert_int_equal(codec_encode(arena, CODEC_AVRO, SCHEMA_task_request, RECORD_task_request, &request, &record.value),
                     STATUS_OK);
    struct task *task = task_create(codec, &record, given->whole, &problem);
    assert_non_null(task);
    assert_non_null(task->request);
    arena_destroy(arena);
    return task;
}

struct row {
    const char *command;
    enum task_outcome outcome;
    const char *output; /* of success; else the error */
    const char *cause;
};

static void check(const struct task *task, const struct row *row)
{
    assert_int_equal(task->outcome, row->outcome);
    struct str text = row->outcome == TASK_SUCCEEDED ? task->output : task->error;
    if (row->output != NULL) {
        print_message("  %.*s: %.*s\n", STR_ARGS(text), STR_ARGS(task->cause));
        assert_true(str_equal(text, str_of(row->output)));
    }
    if (row->cause != NULL) {
        assert_true(str_equal(task->cause, str_of(row->cause)));
    }
}

static void test_run(void **state)
{
    static const struct row rows[] = {
        {"cat", TASK_SUCCEEDED, "{\"a\":[1.10,\"x\"]}", NULL},
        {"echo '  null '", TASK_SUCCEEDED, "null", NULL},
        {"echo 1; exec >&-; sleep 0.1", TASK_SUCCEEDED, "1", NULL},
        {"echo $PAWL_ATTEMPT", TASK_SUCCEEDED, "2", NULL},
        {"echo \\\"$PAWL_TASK_TOKEN $PAWL_EXECUTION_ARN $PAWL_STATE_NAME\\\"", TASK_SUCCEEDED, "\"token arn:e State\"", NULL},
        {"true", TASK_FAILED, "Pawl.BadOutput", "the command printed nothing; print null for no result"},
        {"echo hello", TASK_FAILED, "Pawl.BadOutput", "the command's output is no JSON: hello"},
        {"echo 1; echo 2", TASK_FAILED, "Pawl.BadOutput", "the command's output is no JSON: 1\n2"},
        {"printf '\"\\377\"'", TASK_FAILED, "Pawl.BadOutput", "the command's output is no JSON: \"\xEF\xBF\xBD\""},
        {"exit 3", TASK_FAILED, "Pawl.Exit.3", ""},
        {"echo why >&2; exit 3", TASK_FAILED, "Pawl.Exit.3", "why"},
        {"printf 'w\\377y' >&2; exit 3", TASK_FAILED, "Pawl.Exit.3", "w\xEF\xBF\xBDy"},
        {"echo no; echo why >&2; exit 3", TASK_FAILED, "Pawl.Exit.3", "why"},
        {"echo '{\"error\":\"E\",\"cause\":\"c\"}'; exit 1", TASK_FAILED, "E", "c"},
        {"echo '{\"error\":\"E\"}'; echo why >&2; exit 1", TASK_FAILED, "E", "why"},
        {"echo '{\"error\":7}'; exit 1", TASK_FAILED, "Pawl.Exit.1", ""},
        {"kill -9 $$", TASK_FAILED, "Pawl.Signal.9", ""},
        {"nonexistent-command", TASK_FAILED, "Pawl.Exit.127", NULL},
        {"head -c 5000000 /dev/zero", TASK_FAILED, "Pawl.BadOutput", "the command's output is larger than 4 MiB"},
        {"yes | head -c 1000000 >&2; echo 1", TASK_SUCCEEDED, "1", NULL},
    };
    const struct codec *codec = *state;
    static const struct given given = {"{ \"a\" : [1.10,\n \"x\"] }", 0, 0, false};
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct beats beats = {0};
        struct child_runner runner = {.command = rows[at].command, .heartbeat = count_beat, .owner = &beats};
        struct task *task = make_task(codec, &given);
        print_message("%s\n", rows[at].command);
        child_run(&runner, task);
        check(task, &rows[at]);
        task_destroy(task);
    }
}

/* A megabyte in and out: both pipes fill up. */
static void test_large(void **state)
{
    const struct codec *codec = *state;
    size_t length = 1000000;
    char *parameters = malloc(length + 3);
    struct given given = {parameters, 0, 0, false};
    struct child_runner runner = {.command = "cat; sleep 0.05"};
    memset(parameters, 'x', length + 2);
    parameters[0] = '"';
    parameters[length + 1] = '"';
    parameters[length + 2] = '\0';
    struct task *task = make_task(codec, &given);
    child_run(&runner, task);
    assert_int_equal(task->outcome, TASK_SUCCEEDED);
    assert_int_equal(task->output.length, length + 2);
    task_destroy(task);
    /* It does not read its input. */
    runner.command = "echo 1";
    task = make_task(codec, &given);
    child_run(&runner, task);
    assert_int_equal(task->outcome, TASK_SUCCEEDED);
    task_destroy(task);
    free(parameters);
}

static void test_time(void **state)
{
    const struct codec *codec = *state;
    struct given given = {"1", 300, 0, false};
    struct beats beats = {0};
    struct child_runner runner = {.command = "sleep 30; echo 1", .heartbeat = count_beat, .owner = &beats};
    int64_t begin_ms = child_now_ms();
    struct task *task = make_task(codec, &given);
    child_run(&runner, task);
    assert_int_equal(task->outcome, TASK_SILENT);
    task_destroy(task);
    /* SIGTERM does not impress it. */
    runner.command = "trap '' TERM; sleep 30 & wait; sleep 30; echo 1";
    task = make_task(codec, &given);
    child_run(&runner, task);
    assert_int_equal(task->outcome, TASK_SILENT);
    task_destroy(task);
    assert_true(child_now_ms() - begin_ms < 28000); /* they were not waited for */

    given = (struct given){"1", 0, 1, false};
    runner.command = "sleep 1.3; echo 1";
    begin_ms = child_now_ms();
    task = make_task(codec, &given);
    child_run(&runner, task);
    assert_int_equal(task->outcome, TASK_SUCCEEDED);
    assert_in_range(beats.count, 2, 2 + (child_now_ms() - begin_ms) / 500); /* at once, and each half second */
    task_destroy(task);
}

static void test_lines(void **state)
{
    static const struct row rows[] = {
        {"1", TASK_SUCCEEDED, "1", NULL},
        {"{\"a\": 1}", TASK_SUCCEEDED, "{\"a\":1}", NULL},
        {"\"fail\"", TASK_FAILED, "Oh.No", "it failed"},
        {"\"bare\"", TASK_FAILED, "Pawl.Failed", ""},
        {"\"text\"", TASK_FAILED, "Pawl.BadOutput", NULL},
        {"\"end\"", TASK_FAILED, "Pawl.Exit.4", "the command ended instead of answering"},
        {"2", TASK_SUCCEEDED, "2", NULL},
        {"\"two\"", TASK_SUCCEEDED, "1", NULL},
        {"3", TASK_SUCCEEDED, "3", NULL},
        {"\"die\"", TASK_FAILED, "Pawl.Signal.9", NULL},
        {"4", TASK_SUCCEEDED, "4", NULL},
        {"\"slow\"", TASK_SILENT, NULL, NULL},
        {"5", TASK_SUCCEEDED, "5", NULL},
    };
    static const char command[] = "while read -r line; do case \"$line\" in"
                                  " '\"fail\"') echo '!Oh.No it failed' ;;"
                                  " '\"bare\"') echo '!' ;;"
                                  " '\"text\"') echo hello ;;"
                                  " '\"end\"') exit 4 ;;"
                                  " '\"two\"') printf '1\\n2\\n' ;;"
                                  " '\"die\"') kill -9 $$ ;;"
                                  " '\"slow\"') sleep 30 ;;"
                                  " *) printf '%s\\n' \"$line\" ;;"
                                  " esac; done";
    const struct codec *codec = *state;
    struct beats beats = {0};
    struct child_runner runner = {.command = command, .heartbeat = count_beat, .owner = &beats};
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct given given = {rows[at].command, rows[at].outcome == TASK_SILENT ? 1500 : 25000, 0, false};
        struct task *task = make_task(codec, &given);
        print_message("%s\n", rows[at].command);
        child_run_line(&runner, task);
        check(task, &rows[at]);
        task_destroy(task);
    }
    child_end_lines(&runner);
    assert_int_equal(runner.pid, 0);
}

static void test_whole_request(void **state)
{
    const struct codec *codec = *state;
    static const struct given given = {"{ \"a\": 1 }", 0, 0, true};
    struct child_runner runner = {.command = "read -r line; printf '%s' \"$line\""};
    struct task *task = make_task(codec, &given);
    child_run(&runner, task);
    assert_int_equal(task->outcome, TASK_SUCCEEDED);
    assert_true(str_find_str(task->output, STR("\"parameters\":{\"a\":1}")) < task->output.length);
    assert_true(str_find_str(task->output, STR("\"attempt\":2")) < task->output.length);
    task_destroy(task);
}

static void test_unreadable(void **state)
{
    const struct codec *codec = *state;
    static const struct str rows[] = {STR_INIT(""), STR_INIT("x"), STR_INIT("{}"), STR_INIT("\xC3\x01zzzzzzzzz"), {NULL, 0}};
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct bus_record record = {.value = rows[at]};
        struct str problem = STR_NONE;
        struct task *task = task_create(codec, &record, false, &problem);
        assert_non_null(task);
        print_message("%.*s\n", STR_ARGS(problem));
        /* An empty object is a request whose fields are all empty: its parameters are no JSON. */
        assert_null(task->request);
        assert_int_equal(task->outcome, TASK_SILENT);
        assert_true(problem.length > 0);
        task_destroy(task);
    }
}

static int set_up(void **state)
{
    struct codec *codec;
    signal(SIGPIPE, SIG_IGN);
    log_level_set(LOG_ERROR);
    if (codec_create(&codec) != STATUS_OK) {
        return 1;
    }
    *state = codec;
    return 0;
}

static int tear_down(void **state)
{
    codec_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),   cmocka_unit_test(test_large),         cmocka_unit_test(test_time),
        cmocka_unit_test(test_lines), cmocka_unit_test(test_whole_request), cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
