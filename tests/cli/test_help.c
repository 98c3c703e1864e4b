/* docs/commands.md and docs/configuration.md are as the tables say. `test_cli_help --write` makes them anew. */
#include "cli/help.h"

#include "cli/arguments.h"
#include "cli/file.h"
#include "cli/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PAGE_BYTES_MAX (1024 * 1024)

/* True for --write. */
static bool is_writing;

/* In a cell of a table. */
static void cell(FILE *out, struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        fprintf(out, "%s%c", text.bytes[at] == '|' ? "\\" : "", text.bytes[at]);
    }
}

static void flags(FILE *out, enum command_id command)
{
    fputs("| flag | what it does |\n| --- | --- |\n", out);
    for (int id = 0; id < FLAG_COUNT; id++) {
        if (flag_table[id].command == command) {
            fprintf(out, "| `--%.*s%s", STR_ARGS(flag_table[id].name), flag_table[id].value.length > 0 ? " " : "");
            cell(out, flag_table[id].value);
            fputs("` | ", out);
            cell(out, flag_table[id].help);
            fputs(" |\n", out);
        }
    }
    fputs("\n", out);
}

static bool has_flags(enum command_id command)
{
    for (int id = 0; id < FLAG_COUNT; id++) {
        if (flag_table[id].command == command) {
            return true;
        }
    }
    return false;
}

static void write_commands(FILE *out)
{
    fputs("# Commands\n\nMade from cli/commands.def, flags.def and exit_codes.def; `pawl help COMMAND` says the same.\n\n", out);
    for (int id = 0; id < COMMAND_COUNT; id++) {
        const struct command *command = &command_table[id];
        fprintf(out, "## pawl %.*s\n\n`pawl %.*s%s%.*s`: %.*s.\n\n", STR_ARGS(command->name), STR_ARGS(command->name),
                command->arguments.length > 0 ? " " : "", STR_ARGS(command->arguments), STR_ARGS(command->line));
        if (command->help.length > 0) {
            fprintf(out, "```text\n%.*s```\n\n", STR_ARGS(command->help));
        }
        if (has_flags((enum command_id)id)) {
            flags(out, (enum command_id)id);
        }
    }
    fputs("## Flags of every command\n\n", out);
    flags(out, COMMAND_ALL);
    fputs("Without --json and --text, what is printed is for people when stdout is a terminal, and JSON elsewhere.\n\n"
          "## Exit codes\n\n| code | meaning |\n| --- | --- |\n",
          out);
#define EXIT_CODE(id, code, text) fprintf(out, "| %d | %s |\n", code, text);
#include "cli/exit_codes.def"
}

static void write_configuration(FILE *out)
{
    fputs("# Configuration\n\nMade from cli/options.def; `pawl help config` says the same.\n\n"
          "One properties file, as Kafka's (`--config FILE`). The environment wins over it: `PAWL_` and the key in upper case, with\n"
          "dots as underscores. `--set KEY=VALUE` wins over both. A key that does not exist is an error.\n\n"
          "| key | default | what it does |\n| --- | --- | --- |\n",
          out);
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = &option_table[id];
        fprintf(out, "| `%.*s` | ", STR_ARGS(option->key));
        fprintf(out, option->initial.length > 0 ? "`%.*s`" : "%.*s", STR_ARGS(option->initial));
        fputs(" | ", out);
        cell(out, option->help);
        fputs(" |\n", out);
    }
    fputs("\n## Kafka\n\n"
          "`kafka.bootstrap.servers` names the brokers. Where it is not set, commands use the `pawl dev` of `state.dir`.\n\n"
          "Any other `kafka.*` is a property of [librdkafka](https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md)\n"
          "for all of pawl's clients, `kafka.consumer.*` and `kafka.producer.*` for one kind of them. A secret may be in a file of its\n"
          "own: `kafka.sasl.password.file=PATH`.\n\n"
          "    kafka.bootstrap.servers=kafka-1:9093,kafka-2:9093\n"
          "    kafka.security.protocol=SASL_SSL\n"
          "    kafka.sasl.mechanism=SCRAM-SHA-512\n"
          "    kafka.sasl.username=pawl\n"
          "    kafka.sasl.password.file=/run/secrets/kafka\n\n"
          "These would break exactly-once and are refused:\n\n| property | because |\n| --- | --- |\n",
          out);
#define REFUSED(property, because) fprintf(out, "| `%s` | %s |\n", property, because);
#include "bus/bus_kafka_refused.def"
}

static void check_page(const char *name, void (*write)(FILE *out))
{
    char path[4096];
    char *made = NULL;
    size_t length = 0;
    struct str present = STR_NONE;
    struct arena *arena = arena_create(4 * PAGE_BYTES_MAX);
    FILE *out = open_memstream(&made, &length);
    assert_non_null(out);
    write(out);
    fclose(out);
    snprintf(path, sizeof path, "%s/docs/%s", PAWL_SOURCE_DIR, name);
    if (is_writing) {
        FILE *page = fopen(path, "w");
        assert_non_null(page);
        assert_int_equal(fwrite(made, 1, length, page), length);
        assert_int_equal(fclose(page), 0);
    }
    assert_int_equal(file_read(arena, path, PAGE_BYTES_MAX, &present), STATUS_OK);
    if (!str_equal(present, (struct str){made, length})) {
        fail_msg("docs/%s is not what the tables say: run test_cli_help --write", name);
    }
    free(made);
    arena_destroy(arena);
}

static void test_pages(void **state)
{
    (void)state;
    check_page("commands.md", write_commands);
    check_page("configuration.md", write_configuration);
}

/* A terminal has eighty columns and more, not two hundred. */
static void test_lines(void **state)
{
    (void)state;
    for (int id = 0; id < COMMAND_COUNT; id++) {
        struct str text = command_table[id].help;
        while (text.length > 0) {
            size_t end = str_find(text, '\n');
            assert_true(end < text.length);
            assert_true(end <= 130);
            text = str_from(text, end + 1);
        }
    }
}

int main(int argc, char **argv)
{
    is_writing = argc > 1 && strcmp(argv[1], "--write") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
