/* pawl as users run it: each command's good way over `pawl dev`, and its bad inputs. */
#include "pawl.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define ARN "arn:aws:states:us-east-1:000000000000:"

/* What needs no bus. */
static void test_alone(void **state)
{
    struct pawl *pawl = *state;
    static const struct pawl_step steps[] = {
        {"$P", 2, "usage: pawl COMMAND"},
        {"$P --help", 0, "usage: pawl COMMAND"},
        {"$P --version", 0, "pawl 0.1.0"},
        {"$P doctor", 2, "pawl doctor: kafka.bootstrap.servers is not set"},
        {"$P version --json", 0, "{\"version\":\"0.1.0\",\"librdkafka\":\""},
        {"$P help", 0, "worker"},
        {"$P help start", 0, "usage: pawl start NAME [FLAGS]"},
        {"$P start --help", 0, "--wait"},
        {"$P help config", 0, "topics.prefix=pawl"},
        {"$P help exit-codes", 0, "4  pawl refused it"},
        {"$P help nothing", 2, "pawl help: there is no help for 'nothing'"},
        {"$P nothing", 2, "pawl: there is no command 'nothing'"},
        {"$P list --json --text", 2, "pawl list: --json and --text exclude each other"},
        {"$P list --log-level loud", 2, "--log-level must be debug, info, warning or error, not 'loud'"},
        {"$P list --config nowhere", 2, "pawl list: nowhere: No such file or directory"},
        {"$P list --set topics.prefixx=a", 2, "is topics.prefix meant?"},
        {"$P list", 3, "no `pawl dev` runs in state"},
        {"$P list --set kafka.bootstrap.servers=127.0.0.1:1 --set kafka.bogus=1", 2, "bogus"},
        {"$P serve", 2, "kafka.bootstrap.servers is not set"},
        {"$P dev --set kafka.bootstrap.servers=127.0.0.1:1", 2, "`pawl serve` works on Kafka"},
        {"$P dev --set state.dir=/proc/nowhere", 1, "/proc/nowhere"},
        {"$P bench share", 2, "kafka.bootstrap.servers is not set"},
        {"$P bench speed", 2, "can't be measured"},
        {"$P bench bare --set state.dir=/nowhere", 1, "can't be read; `pawl bench` starts this server itself"},
        {"$P version > /dev/full", 1, "No space left on device"},
    };
    PLAY(pawl, steps);
}

static const char make_files[] =
    "cat > order.json <<'END'\n"
    "{\"StartAt\": \"Check\", \"States\": {\n"
    "  \"Check\": {\"Type\": \"Pass\", \"ResultPath\": \"$.checked\", \"Next\": \"Charge\"},\n"
    "  \"Charge\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:lambda:us-east-1:000000000000:function:charge\",\n"
    "             \"TimeoutSeconds\": 60, \"End\": true}}}\n"
    "END\n"
    "cat > pass.v2.json <<'END'\n"
    "{\"StartAt\": \"P\", \"States\": {\"P\": {\"Type\": \"Pass\", \"End\": true}}}\n"
    "END\n"
    "cat > wait.json <<'END'\n"
    "{\"StartAt\": \"W\", \"States\": {\"W\": {\"Type\": \"Wait\", \"Seconds\": 3600, \"End\": true}}}\n"
    "END\n"
    "cat > fail.json <<'END'\n"
    "{\"StartAt\": \"F\", \"States\": {\"F\": {\"Type\": \"Fail\", \"Error\": \"Oh\", \"Cause\": \"no\"}}}\n"
    "END\n"
    "cat > bad.json <<'END'\n"
    "{\"StartAt\": \"A\", \"States\": {\n"
    "  \"A\": {\"Type\": \"Tusk\",\n"
    "        \"End\": true}}}\n"
    "END\n"
    "echo '{\"n\": 7}' > seven.json; echo 'not json' > no.json";

static void test_define(struct pawl *pawl)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"$P define --check bad.json", 4, "bad.json:2:"},
        {"$P define bad.json", 4, "InvalidDefinition: 1 error"},
        {"$P define no.json", 4, "no.json:1:"},
        {"$P define --check order.json", 0, NULL},
        {"$P define missing.json", 1, "missing.json: No such file or directory"},
        {"$P define - < order.json", 2, "needs --name"},
        {"$P define order.json --name 'a b'", 2, "is no name of a state machine"},
        {"$P define order.json --name " ARN "stateMachine:x", 2, "--name takes a name"},
        {"$P define order.json --type WEEKLY", 2, "--type must be STANDARD or EXPRESS"},
        {"$P define order.json --text", 0, "defined " ARN "stateMachine:order"},
        {"$P define order.json", 0, "\"created\":true"},
        {"$P define pass.v2.json", 0, "stateMachine:pass"},
        {"$P define - --name order --text < pass.v2.json", 0, "updated"},
        {"$P define order.json --type EXPRESS", 4, "StateMachineAlreadyExists: order is STANDARD"},
        {"$P define order.json --role arn:aws:iam::000000000000:role/r", 0, "\"revisionId\":\""},
        {"$P define wait.json && $P define fail.json", 0, NULL},
        {"$P describe order --text", 0, "\"Charge\": {"},
        {"$P describe order", 0, "\"roleArn\":\"arn:aws:iam::000000000000:role/r\""},
        {"$P describe nothing", 4, "StateMachineDoesNotExist"},
    };
    PLAY(pawl, steps);
}

static void test_start(struct pawl *pawl)
{
    static const struct pawl_step steps[] = {
        {"$P start nothing", 4, "StateMachineDoesNotExist"},
        {"$P start pass --input '{'", 2, "--input is no JSON: line 1, column"},
        {"$P start pass --input @no.json", 2, "--input is no JSON"},
        {"$P start pass --input @missing.json", 1, "No such file"},
        {"$P start pass --name 'a/b'", 2, "is no name of an execution"},
        {"$P start 'pa ss'", 2, "is no name of a state machine"},
        {"$P start " ARN "execution:a:b", 2, "is no ARN of a state machine"},
        {"$P start pass --text", 0, ARN "execution:pass:"},
        {"$P start pass", 0, "{\"executionArn\":\"" ARN "execution:pass:"},
        {"$P start pass --wait --text --input '{\"n\": 1.10}'", 0, "{\"n\": 1.10}\n"},
        {"$P start pass --wait --text --input @seven.json", 0, "{\"n\": 7}\n"},
        {"echo '[1]' | $P start pass --wait --text --input -", 0, "[1]\n"},
        {"$P start pass --name p-1 --wait", 0, "\"status\":\"SUCCEEDED\""},
        {"$P start pass --name p-1", 4, "ExecutionAlreadyExists"},
        {"$P start fail --name f-1 --wait --text", 6, "execution:fail:f-1 FAILED: Oh: no"},
        {"printf '{\"id\":\"e-1\"}\\n\\n{\"id\":2}\\n' | $P start pass --each --name-by id", 0, "execution:pass:2\""},
        {"printf '{\"id\":\"e-3\"}\\n{\"id\":2}\\n' | $P start pass --each --name-by id", 4, "line 2: ExecutionAlreadyExists"},
        {"$P describe pass/e-3", 0, "\"status\":\"SUCCEEDED\""},
        {"printf '{\"id\":\"e-4\"}\\n{\"no\":2}\\n' | $P start pass --each --name-by id", 1, "line 2 has no name"},
        {"$P describe pass/e-4", 0, "\"status\":\"SUCCEEDED\""},
        {"echo '{' | $P start pass --each", 2, "line 1, column"},
        {"$P start pass --each --wait", 2, "--each takes inputs from stdin"},
        {"$P start pass --name-by id", 2, "--name-by goes with --each"},
        {"i=0; while [ $i -lt 2500 ]; do echo $i; i=$((i+1)); done | $P start pass --each --text | sort -u | wc -l", 0, "2500"},
        {"$P start wait --name w-1 && $P start wait --name w-1", 0, "w-1"},
        {"$P start wait --name w-1 --input '{\"other\":1}'", 4, "ExecutionAlreadyExists"},
    };
    PLAY(pawl, steps);
}

static void test_look(struct pawl *pawl)
{
    static const struct pawl_step steps[] = {
        {"$P describe pass/p-1", 0, "\"output\":\"{}\""},
        {"$P describe " ARN "execution:pass:p-1 --text", 0, "status     SUCCEEDED"},
        {"$P describe fail/f-1 --text", 0, "error      Oh"},
        {"$P describe pass/none", 4, "ExecutionDoesNotExist"},
        {"$P describe " ARN "activity:a", 2, "is no ARN of a state machine"},
        {"$P history pass/p-1 --text", 0, "4  "},
        {"$P history pass/p-1", 0, "{\"events\":[{"},
        {"$P history pass/p-1 | tail -c 3", 0, "]}\n"},
        {"$P history fail/f-1 --follow", 0, "\"executionFailedEventDetails\":{\"error\":\"Oh\",\"cause\":\"no\"}"},
        {"$P history pass/none", 4, "ExecutionDoesNotExist"},
        {"$P history pass", 2, "neither an execution's ARN nor STATE-MACHINE/NAME"},
        {"$P list pass --text --max 0 | tail -1", 0, "SUCCEEDED  " ARN "execution:pass:"},
        {"$P list --status FAILED", 0, "f-1"},
        {"$P list --status RUNNING --max 1 --text", 0, "w-1"},
        {"$P list --max 1 --text", 0, "more (--max)"},
        {"$P list nothing", 0, "{\"executions\":[]}"},
        {"$P list wait --count", 0, "{\"counts\":{\"RUNNING\":1,\"SUCCEEDED\":0"},
        {"$P list pass --count --text", 0, "SUCCEEDED        25"},
        {"$P list --status LATE", 2, "--status must be RUNNING"},
        {"$P list --max -1", 2, "--max must be a whole number"},
        {"$P stop wait/w-1 --error Enough --cause 'that is it' --text", 0, "stopped " ARN "execution:wait:w-1"},
        {"$P describe wait/w-1", 0, "\"status\":\"ABORTED\""},
        {"$P redrive wait/w-1 --client-token once --text", 0, "redriven " ARN "execution:wait:w-1"},
        {"$P redrive wait/w-1 --client-token once", 0, "{\"redriveDate\":"},
        {"$P redrive wait/w-1", 4, "ExecutionNotRedrivable: Execution is RUNNING and cannot be redriven"},
        {"$P describe wait/w-1", 0, "\"status\":\"RUNNING\""},
        {"$P describe wait/w-1 --text", 0, "redriven"},
        {"$P history wait/w-1", 0, "\"executionRedrivenEventDetails\":{\"redriveCount\":1}"},
        {"$P stop wait/w-1", 0, "stopDate"},
        {"$P describe wait/w-1", 0, "\"redriveStatus\":\"REDRIVABLE\""},
        {"$P redrive fail/f-1 && sleep 0.3 && $P describe fail/f-1", 0, "\"redriveCount\":1"},
        {"$P resume fail/f-1", 4, "ExecutionNotParked: Execution is not parked: '" ARN "execution:fail:f-1'"},
        {"$P resume fail/f-1 --endpoint http://127.0.0.1:1", 2, "it does not work at an --endpoint"},
        {"$P redrive wait/none", 4, "ExecutionDoesNotExist"},
        {"$P redrive " ARN "express:a:b:c", 4, "InvalidArn"},
        {"$P redrive", 2, "redrive"},
        {"$P stop wait/none", 4, "ExecutionDoesNotExist"},
        {"$P stop wait", 2, "neither an execution's ARN"},
    };
    PLAY(pawl, steps);
}

static void test_work(struct pawl *pawl)
{
    static const struct pawl_step steps[] = {
        {"$P worker --exec true", 2, "--task is missing"},
        {"$P worker --task charge", 2, "--exec is missing"},
        {"$P worker --task 'a b' --exec cat", 2, "'a b' is no task"},
        {"$P worker --task \"$(printf '%0201d' 0)\" --exec cat", 2, "is no task: 1 to 200 of"},
        {"$P worker --activity 'a b' --exec cat", 2, "'a b' is no activity"},
        {"$P worker --activity a --task b --exec cat", 2, "either --task or --activity"},
        {"$P worker --task charge --exec cat --jobs 0", 2, "--jobs must be a whole number between 1 and 1024"},
        {"$P worker --task charge --exec cat --jobs 2 --log-level error & w=$!; "
         "$P start order --name a --input '{\"n\":1}' --wait --text; c=$?; kill $w; wait $w; exit $c",
         0, "{\"n\":1,\"checked\":{\"n\":1}}"},
        {"$P worker --task arn:aws:lambda:us-east-1:000000000000:function:charge --exec 'echo no; exit 1'"
         " --log-level error & w=$!; $P start order --name b --wait --text; c=$?; kill $w; wait $w; exit $c", 6, "FAILED: Pawl.Exit.1"},
        {"$P worker --task charge --lines --request --exec 'while read -r l; do echo 7; done'"
         " --log-level error & w=$!; for n in 1 2 3 4 5; do $P start order --wait --text || exit 1; done; kill $w; wait $w",
         0, "7\n7\n7\n7\n7\n"},
        {"$P history order/b --text", 0, "LambdaFunctionFailed"},
        {"$P verify", 0, "\"broken\":0}"},
        {"$P verify --text", 0, "status"},
        {"$P topics describe --text", 0, "pawl.tasks.charge"},
        {"$P topics trim --task charge --group nobody", 0, "group nobody has done nothing of it; not trimmed"},
        {"$P topics trim --task charge --group nobody --ended", 2, "either --group or --ended"},
        {"$P topics trim --task charge --text", 0, ": trimmed below"},
        {"$P topics trim --task charge --ended --text", 0, "partition 3: trimmed below"},
        {"$P topics trim --task nothing", 1, "pawl.tasks.nothing does not exist"},
        {"$P topics trim", 2, "either --task or --topic"},
        {"$P topics trim --topic pawl.tasks.charge", 2, "--partition and --before"},
        {"$P topics trim --topic pawl.tasks.charge --partition 4 --before 0", 2, "has partitions 0 to 3"},
        {"$P topics trim --topic pawl.tasks.charge --partition 3 --before 0", 0, NULL},
        {"$P verify", 0, "\"broken\":0}"},
        {"$P topics create --partitions 4", 0, "\"name\":\"pawl.commands\",\"partitions\":4"},
        {"$P topics create --partitions 5", 2, "partitions"},
        {"$P topics create --partitions 0", 2, "--partitions must be"},
        {"$P topics delete", 2, "neither create nor describe nor trim"},
        {"echo '{\"key\":\"YWJj\",\"value\":\"eHl6\",\"headers\":[[\"a\",\"Yg\"]]}' | $P topics write --topic pawl.tasks.charge", 0,
         "{\"partition\":"},
        {"$P topics read --topic pawl.tasks.charge", 0, "\"key\":\"YWJj\",\"value\":\"eHl6\",\"headers\":[[\"a\",\"Yg\"]]}"},
        {"$P topics read --topic pawl.tasks.charge | tail -1 | sed 's/YWJj/ZGVm/' | $P topics write --topic pawl.tasks.charge", 0,
         "{\"partition\":"},
        {"$P topics read --topic pawl.tasks.charge", 0, "\"key\":\"ZGVm\",\"value\":\"eHl6\",\"headers\":[[\"a\",\"Yg\"]]}"},
        {"echo '{\"value\":\"\",\"partition\":2}' | $P topics write --topic pawl.tasks.charge", 0, "{\"partition\":2}"},
        {"$P topics read --topic pawl.tasks.charge", 0, "\"key\":null,\"value\":\"\",\"headers\":[]}"},
        {"echo '{\"key\":\"a*\"}' | $P topics write --topic pawl.tasks.charge", 0, "{\"error\":\"InvalidRecord\""},
        {"echo '{\"partition\":4}' | $P topics write --topic pawl.tasks.charge", 0, "{\"error\":\"InvalidRecord\""},
        {"echo '{\"headers\":[[1,\"\"]]}' | $P topics write --topic pawl.tasks.charge", 0, "{\"error\":\"InvalidRecord\""},
        {"echo '[]' | $P topics write --topic pawl.tasks.charge", 0, "{\"error\":\"InvalidLine\""},
        {"$P topics write", 2, "write needs --topic"},
        {"$P topics write --topic pawl.nothing < /dev/null", 1, "the topic pawl.nothing does not exist"},
    };
    PLAY(pawl, steps);
}

/* A worker that is killed in the middle of a task, one that works longer than a heartbeat may take, and one that is told to end
 * once and again. What is waited for is seen by a file that the task makes. */
#define BEGUN(name) "while ! [ -e " name " ]; do sleep 0.1; done"
#define ENDED(execution) "while $P describe " execution " | grep -q RUNNING; do sleep 0.2; done"

static void test_hard_work(struct pawl *pawl)
{
    static const struct pawl_step steps[] = {
        {"cat > slow.json <<'END'\n"
         "{\"StartAt\": \"S\", \"States\": {\"S\": {\"Type\": \"Task\", \"HeartbeatSeconds\": 60, \"TimeoutSeconds\": 300,\n"
         "  \"Resource\": \"arn:aws:lambda:us-east-1:000000000000:function:slow\", \"End\": true}}}\n"
         "END\n"
         "sed 's/60/5/' slow.json > long.json; $P define slow.json; $P define long.json", 0, NULL},
        {"$P worker --task slow --exec 'touch a; sleep 4; echo 1' --log-level error & w=$!; $P start slow --name a"
         "; " BEGUN("a") "; kill -KILL $w; $P worker --task slow --exec 'echo 2' --log-level error & w=$!"
         "; " ENDED("slow/a") "; kill $w; wait $w", 0, NULL},
        {"$P describe slow/a", 0, "\"output\":\"2\""},
        {"$P start slow --name idle && $P worker --task slow --exec 'echo 5' --until-idle 3 --log-level error"
         "; " ENDED("slow/idle"), 0, NULL},
        {"$P describe slow/idle", 0, "\"output\":\"5\""},
        {"$P worker --task slow --exec 'sleep 8; echo 3' --log-level error & w=$!; $P start long --wait --text"
         "; c=$?; kill $w; wait $w; exit $c", 0, "3\n"},
        {"$P worker --task slow --exec 'touch b; sleep 1; echo 4' --log-level error & w=$!; $P start slow --name b"
         "; " BEGUN("b") "; kill $w; wait $w; " ENDED("slow/b") "; $P describe slow/b", 0, "\"output\":\"4\""},
        {"$P worker --task slow --exec 'touch c; sleep 30; echo 4' --log-level error & w=$!; $P start slow --name c"
         "; " BEGUN("c") "; while kill $w 2> kill.err; do sleep 0.5; done; wait $w", 1, NULL},
    };
    PLAY(pawl, steps);
}

static void test_dev(void **state)
{
    struct pawl *pawl = *state;
    static const struct pawl_step again[] = {
        {"$P dev", 1, "is in use by another process"},
        {"$P describe pass/p-1", 0, "\"status\":\"SUCCEEDED\""},
        {"$P start pass --name p-2 --wait", 0, "\"status\":\"SUCCEEDED\""},
    };
    static const struct pawl_step gone[] = {
        {"$P list", 3, "no `pawl dev` runs"},
        {"$P dev --set topics.partitions=5", 2, "partitions"},
    };
    pawl_start_dev(pawl, "");
    test_define(pawl);
    test_start(pawl);
    test_look(pawl);
    test_work(pawl);
    test_hard_work(pawl);
    assert_int_equal(pawl_stop_dev(pawl, SIGTERM), 0);
    PLAY(pawl, gone);
    /* What it knew it knows again, after a crash too. */
    pawl_start_dev(pawl, "");
    PLAY(pawl, again);
    assert_int_equal(pawl_stop_dev(pawl, SIGKILL), 128 + SIGKILL);
    pawl_start_dev(pawl, "--set encoding.history=json --set encoding.replies=json --set encoding.executions=json");
    pawl_play(pawl, again + 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_alone, pawl_set_up, pawl_tear_down),
        cmocka_unit_test_setup_teardown(test_dev, pawl_set_up, pawl_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
