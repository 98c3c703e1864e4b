#include "cli/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ARENA_BYTES_MAX (1024 * 1024)
#define WORDS_MAX 12

/* The words of a line, split at single blanks; *out_argv ends with NULL. */
static int split(char *line, char *out_argv[WORDS_MAX + 2])
{
    int count = 0;
    out_argv[count++] = (char *)"pawl";
    for (char *word = strtok(line, " "); word != NULL && count <= WORDS_MAX; word = strtok(NULL, " ")) {
        out_argv[count++] = word;
    }
    out_argv[count] = NULL;
    return count;
}

static enum status parse(struct arena *arena, const char *line, struct arguments *out_arguments, struct str *out_problem)
{
    struct str copy;
    char *argv[WORDS_MAX + 2];
    assert_int_equal(arena_copy(arena, str_of(line), &copy), STATUS_OK);
    int argc = split((char *)copy.bytes, argv);
    return arguments_parse(arena, argc, argv, out_arguments, out_problem);
}

static void test_good(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    struct arguments arguments;
    struct str problem = STR_NONE;
    assert_int_equal(parse(arena, "start order --input={} --name o-1 --json", &arguments, &problem), STATUS_OK);
    assert_int_equal(arguments.command, COMMAND_start);
    assert_int_equal(arguments.positional_count, 1);
    assert_true(str_equal(arguments.positionals[0], STR("order")));
    assert_true(str_equal(arguments.values[FLAG_START_INPUT], STR("{}")));
    assert_true(str_equal(arguments.values[FLAG_START_NAME], STR("o-1")));
    assert_true(arguments.given[FLAG_JSON]);
    assert_false(arguments.given[FLAG_START_WAIT]);

    assert_int_equal(parse(arena, "--set a=1 --config f start --set b=2 --input - -- --wait", &arguments, &problem), STATUS_OK);
    assert_int_equal(arguments.set_count, 2);
    assert_true(str_equal(arguments.sets[1], STR("b=2")));
    assert_true(str_equal(arguments.values[FLAG_CONFIG], STR("f")));
    assert_true(str_equal(arguments.values[FLAG_START_INPUT], STR("-")));
    assert_true(str_equal(arguments.positionals[0], STR("--wait")));

    assert_int_equal(parse(arena, "define -", &arguments, &problem), STATUS_OK);
    assert_true(str_equal(arguments.positionals[0], STR("-")));
    assert_int_equal(parse(arena, "", &arguments, &problem), STATUS_OK);
    assert_int_equal(arguments.command, COMMAND_ALL);
    assert_int_equal(parse(arena, "--version", &arguments, &problem), STATUS_OK);
    assert_int_equal(arguments.command, COMMAND_version);
    assert_int_equal(parse(arena, "start -h", &arguments, &problem), STATUS_OK);
    assert_true(arguments.given[FLAG_HELP]);
    arena_destroy(arena);
}

static void test_bad(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *problem;
    } rows[] = {
        {"strat order", "there is no command 'strat'; is start meant?"},
        {"frobnicate", "there is no command 'frobnicate'; `pawl help` lists them"},
        {"start", "NAME is missing"},
        {"start a b", "'b' is one argument too many"},
        {"start a --inptu {}", "there is no --inptu here; is --input meant?"},
        {"start a --partitions 3", "there is no --partitions here"},
        {"--partitions 3 topics create", "--partitions stands after the command"},
        {"start a --input", "--input needs a value: JSON|@FILE|-"},
        {"start a --wait=1", "--wait takes no value"},
        {"start a --name b --name c", "--name is given twice"},
        {"start a -x", "there is no -x here"},
        {"version x", "'x' is one argument too many"},
        {"start a --", NULL},
        {"start a --=", "there is no -- here"},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct arguments arguments;
        struct str problem = STR_NONE;
        print_message("%s\n", rows[at].line);
        enum status status = parse(arena, rows[at].line, &arguments, &problem);
        assert_int_equal(status, rows[at].problem == NULL ? STATUS_OK : STATUS_INVALID);
        if (rows[at].problem != NULL) {
            assert_string_equal(problem.bytes, rows[at].problem);
        }
    }
    arena_destroy(arena);
}

static void test_number(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool good;
        int64_t number;
    } rows[] = {
        {"list", true, 7},
        {"list --max 0", true, 0},
        {"list --max 100", true, 100},
        {"list --max 101", false, 0},
        {"list --max -1", false, 0},
        {"list --max x", false, 0},
        {"list --max=", false, 0},
        {"list --max 99999999999999999999", false, 0},
    };
    struct arena *arena = arena_create(ARENA_BYTES_MAX);
    struct argument_range range = {7, 0, 100};
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct arguments arguments;
        struct str problem = STR_NONE;
        int64_t number = -1;
        print_message("%s\n", rows[at].line);
        assert_int_equal(parse(arena, rows[at].line, &arguments, &problem), STATUS_OK);
        enum status status = arguments_number(arena, &arguments, FLAG_LIST_MAX, range, &number, &problem);
        assert_int_equal(status, rows[at].good ? STATUS_OK : STATUS_INVALID);
        if (rows[at].good) {
            assert_true(number == rows[at].number);
        }
    }
    arena_destroy(arena);
}

/* No two flags of a command have one name, and none of all commands hides one of a command. */
static void test_table(void **state)
{
    (void)state;
    for (int left = 0; left < FLAG_COUNT; left++) {
        for (int right = 0; right < left; right++) {
            bool meet = flag_table[left].command == flag_table[right].command || flag_table[right].command == COMMAND_ALL;
            assert_false(meet && str_equal(flag_table[left].name, flag_table[right].name));
        }
    }
    for (int id = 0; id < COMMAND_COUNT; id++) {
        assert_true(command_table[id].positionals_max <= COMMAND_POSITIONALS_MAX);
        assert_true(command_table[id].positionals_min <= command_table[id].positionals_max);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
