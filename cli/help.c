#include "cli/help.h"

#include "cli/arguments.h"
#include "cli/settings.h"

void help_overview(FILE *out)
{
    fputs("pawl: AWS Step Functions as a stream processor, on Kafka\n\nusage: pawl COMMAND …\n\n", out);
    for (int id = 0; id < COMMAND_COUNT; id++) {
        fprintf(out, "  %-9.*s %.*s\n", STR_ARGS(command_table[id].name), STR_ARGS(command_table[id].line));
    }
    fputs("\n`pawl help COMMAND` explains one, `pawl help config` the configuration, `pawl help exit-codes` the exit codes.\n",
          out);
}

static void print_flags(FILE *out, enum command_id command)
{
    for (int id = 0; id < FLAG_COUNT; id++) {
        const struct flag *flag = &flag_table[id];
        char text[64];
        if (flag->command != command) {
            continue;
        }
        snprintf(text, sizeof text, "--%.*s %.*s", STR_ARGS(flag->name), STR_ARGS(flag->value));
        fprintf(out, "  %-24s %.*s\n", text, STR_ARGS(flag->help));
    }
}

void help_command(FILE *out, enum command_id command)
{
    const struct command *entry = &command_table[command];
    fprintf(out, "pawl %.*s: %.*s\n\nusage: pawl %.*s%s%.*s [FLAGS]\n", STR_ARGS(entry->name), STR_ARGS(entry->line),
            STR_ARGS(entry->name), entry->arguments.length > 0 ? " " : "", STR_ARGS(entry->arguments));
    if (entry->help.length > 0) {
        fprintf(out, "\n%.*s", STR_ARGS(entry->help));
    }
    fputs("\n", out);
    print_flags(out, command);
    print_flags(out, COMMAND_ALL);
}

static void print_range(FILE *out, const struct option *option)
{
    switch (option->kind) {
    case OPTION_KIND_NUMBER:
        fprintf(out, "; %lld to %lld", (long long)option->least, (long long)option->most);
        return;
    case OPTION_KIND_BYTES:
        fputs("; bytes, or with KiB, MiB, GiB", out);
        return;
    case OPTION_KIND_BOOLEAN:
        fputs("; true or false", out);
        return;
    case OPTION_KIND_ENCODING:
        fputs("; avro or json", out);
        return;
    case OPTION_KIND_STANDBY:
        fputs("; none, auto or all", out);
        return;
    case OPTION_KIND_TEXT:
    case OPTION_KIND_TOPIC:
    case OPTION_KIND_DIGITS:
        return;
    }
}

void help_config(FILE *out)
{
    fputs("The configuration is a properties file (--config FILE). The environment wins over the file: PAWL_STATE_DIR is\n"
          "state.dir, PAWL_KAFKA_BOOTSTRAP_SERVERS is kafka.bootstrap.servers. --set KEY=VALUE wins over both.\n\n",
          out);
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = &option_table[id];
        fprintf(out, "%.*s=%.*s\n    %.*s", STR_ARGS(option->key), STR_ARGS(option->initial), STR_ARGS(option->help));
        print_range(out, option);
        fputs("\n", out);
    }
    fputs("\nkafka.bootstrap.servers=\n"
          "    the brokers; not set: commands use the `pawl dev` of state.dir\n"
          "kafka.*=, kafka.consumer.*=, kafka.producer.*=\n"
          "    any property of librdkafka, for all its clients, its consumers or its producers, but for those that\n"
          "    exactly-once depends on. Secrets may be in a file of their own: kafka.sasl.password.file=PATH\n",
          out);
}

void help_exit_codes(FILE *out)
{
#define EXIT_CODE(id, code, text) fprintf(out, "%d  %s\n", code, text);
#include "cli/exit_codes.def"
}
