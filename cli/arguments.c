#include "cli/arguments.h"

#include "base/assert.h"
#include "schemas/codec/nearest.h"

#include <stdio.h>

#define VALUE(text) STR_INIT(text)
#define NO_VALUE {NULL, 0}

const struct flag flag_table[FLAG_COUNT] = {
#define FLAG(of, id, text, placeholder, about)                                                                         \
    {.command = COMMAND_##of, .name = STR_INIT(text), .value = placeholder, .help = STR_INIT(about)},
#include "cli/flags.def"
};

struct parser {
    struct arena *arena;
    struct arguments *arguments;
    struct str *sets;
    struct str problem;
};

static enum status refuse(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum status refuse(struct parser *parser, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    TRY(arena_copy(parser->arena, str_of(text), &parser->problem));
    return STATUS_INVALID;
}

static bool applies(const struct parser *parser, const struct flag *flag)
{
    return flag->command == COMMAND_ALL || flag->command == parser->arguments->command;
}

static enum status refuse_flag(struct parser *parser, struct str name)
{
    struct nearest nearest = nearest_to(name);
    for (int id = 0; id < FLAG_COUNT; id++) {
        if (applies(parser, &flag_table[id])) {
            nearest_offer(&nearest, flag_table[id].name);
        }
    }
    struct str near = nearest_best(&nearest);
    if (near.length > 0) {
        return refuse(parser, "there is no --%.*s here; is --%.*s meant?", STR_ARGS(name), STR_ARGS(near));
    }
    for (int id = 0; id < FLAG_COUNT; id++) {
        if (str_equal(flag_table[id].name, name) && parser->arguments->command == COMMAND_ALL) {
            return refuse(parser, "--%.*s stands after the command", STR_ARGS(name));
        }
    }
    return refuse(parser, "there is no --%.*s here", STR_ARGS(name));
}

static enum status find_flag(struct parser *parser, struct str name, enum flag_id *out_id)
{
    for (int id = 0; id < FLAG_COUNT; id++) {
        if (applies(parser, &flag_table[id]) && str_equal(flag_table[id].name, name)) {
            *out_id = (enum flag_id)id;
            return STATUS_OK;
        }
    }
    return refuse_flag(parser, name);
}

/* `text` is what follows the two dashes; `next` the next argument or NULL. *out_used: whether `next` was its value. */
static enum status parse_flag(struct parser *parser, struct str text, const char *next, bool *out_used)
{
    size_t name_length = str_find(text, '=');
    struct str name = str_slice(text, 0, name_length);
    struct str value = STR_NONE;
    enum flag_id id = FLAG_COUNT;
    TRY(find_flag(parser, name, &id));
    *out_used = false;
    if (flag_table[id].value.bytes == NULL) {
        if (name_length < text.length) {
            return refuse(parser, "--%.*s takes no value", STR_ARGS(name));
        }
    } else if (name_length < text.length) {
        value = str_from(text, name_length + 1);
    } else if (next != NULL) {
        value = str_of(next);
        *out_used = true;
    } else {
        return refuse(parser, "--%.*s needs a value: %.*s", STR_ARGS(name), STR_ARGS(flag_table[id].value));
    }
    if (id == FLAG_SET) {
        parser->sets[parser->arguments->set_count++] = value;
    } else if (parser->arguments->given[id] && flag_table[id].value.bytes != NULL) {
        return refuse(parser, "--%.*s is given twice", STR_ARGS(name));
    }
    parser->arguments->given[id] = true;
    parser->arguments->values[id] = value;
    return STATUS_OK;
}

static enum status parse_positional(struct parser *parser, struct str text)
{
    struct arguments *arguments = parser->arguments;
    if (arguments->command == COMMAND_ALL) {
        if (commands_find(text, &arguments->command)) {
            return STATUS_OK;
        }
        struct str near = commands_nearest(text);
        if (near.length > 0) {
            return refuse(parser, "there is no command '%.*s'; is %.*s meant?", STR_ARGS(text), STR_ARGS(near));
        }
        return refuse(parser, "there is no command '%.*s'; `pawl help` lists them", STR_ARGS(text));
    }
    if (arguments->positional_count == command_table[arguments->command].positionals_max) {
        return refuse(parser, "'%.*s' is one argument too many", STR_ARGS(text));
    }
    arguments->positionals[arguments->positional_count++] = text;
    return STATUS_OK;
}

static enum status parse_all(struct parser *parser, int argc, char **argv)
{
    bool flags = true;
    for (int at = 1; at < argc; at++) {
        struct str text = str_of(argv[at]);
        bool used = false;
        if (flags && str_equal(text, STR("--"))) {
            flags = false;
        } else if (flags && str_equal(text, STR("-h"))) {
            parser->arguments->given[FLAG_HELP] = true;
        } else if (flags && str_equal(text, STR("--version")) && parser->arguments->command == COMMAND_ALL) {
            parser->arguments->command = COMMAND_version;
        } else if (flags && str_starts_with(text, STR("--"))) {
            TRY(parse_flag(parser, str_from(text, 2), at + 1 < argc ? argv[at + 1] : NULL, &used));
        } else if (flags && text.length > 1 && text.bytes[0] == '-') {
            return refuse(parser, "there is no %.*s here", STR_ARGS(text));
        } else {
            TRY(parse_positional(parser, text));
        }
        at += used;
    }
    const struct arguments *arguments = parser->arguments;
    if (arguments->command != COMMAND_ALL && !arguments->given[FLAG_HELP] &&
        arguments->positional_count < command_table[arguments->command].positionals_min) {
        return refuse(parser, "%.*s is missing", STR_ARGS(command_table[arguments->command].arguments));
    }
    return STATUS_OK;
}

enum status arguments_parse(struct arena *arena, int argc, char **argv, struct arguments *out_arguments,
                            struct str *out_problem)
{
    struct arguments arguments = {.command = COMMAND_ALL};
    struct parser parser = {.arena = arena, .arguments = &arguments};
    parser.sets = arena_array(arena, struct str, (size_t)argc + 1);
    TRY_NEW(parser.sets);
    enum status status = parse_all(&parser, argc, argv);
    arguments.sets = parser.sets;
    if (status == STATUS_INVALID) {
        *out_problem = parser.problem;
    }
    /* On a problem too: whose help is to be pointed at. */
    *out_arguments = arguments;
    return status;
}

enum status arguments_number(struct arena *arena, const struct arguments *arguments, enum flag_id id,
                             struct argument_range range, int64_t *out_number, struct str *out_problem)
{
    int64_t number;
    if (!arguments->given[id]) {
        *out_number = range.initial;
        return STATUS_OK;
    }
    if (!str_to_int64(arguments->values[id], &number) || number < range.least || number > range.most) {
        TRY(arena_format(arena, out_problem, "--%.*s must be a whole number between %lld and %lld, not '%.*s'",
                         STR_ARGS(flag_table[id].name), (long long)range.least, (long long)range.most,
                         STR_ARGS(arguments->values[id])));
        return STATUS_INVALID;
    }
    *out_number = number;
    return STATUS_OK;
}
