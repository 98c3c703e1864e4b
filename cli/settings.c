#include "cli/settings.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "cli/file.h"
#include "cli/properties.h"
#include "processor/config.h"
#include "schemas/codec/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define FILE_BYTES_MAX (1024 * 1024)   /* of a configuration */
#define SECRET_BYTES_MAX (64 * 1024)   /* of a file that a kafka.*.file names */
#define KAFKA_PROPERTIES_MAX 512       /* of each kind; librdkafka has some 170 */
#define ENVIRONMENT_PREFIX "PAWL_"

const struct option option_table[OPTION_COUNT] = {
#define OPTION(id, key, kind, initial, least, most, help)                                                              \
    {STR_INIT(key), OPTION_KIND_##kind, STR_INIT(initial), least, most, STR_INIT(help)},
#include "cli/options.def"
};

struct setting {
    struct str text;
    int64_t number; /* of a NUMBER or BYTES; 0 or 1 of a BOOLEAN; the enum's of an ENCODING or STANDBY */
    bool set;
};

struct kafka_list {
    struct bus_kafka_property *items;
    size_t count;
};

struct settings {
    struct setting values[OPTION_COUNT];
    struct kafka_list common;
    struct kafka_list consumer;
    struct kafka_list producer;
};

/* librdkafka's secrets, each of which may be given by a file: kafka.sasl.password.file=PATH. */
static const struct str secrets[] = {
    STR_INIT("sasl.username"),          STR_INIT("sasl.password"),
    STR_INIT("ssl.key.password"),       STR_INIT("ssl.keystore.password"),
    STR_INIT("ssl.key.pem"),            STR_INIT("ssl.certificate.pem"),
    STR_INIT("ssl.ca.pem"),             STR_INIT("sasl.oauthbearer.config"),
    STR_INIT("sasl.oauthbearer.client.id"), STR_INIT("sasl.oauthbearer.client.secret"),
};

/* Something that somebody set. */
struct assignment {
    struct str key;
    struct str value;
    struct str from; /* for messages: "pawl.properties:3" */
};

struct loader {
    struct arena *arena;
    struct settings *settings;
    struct str problem;
};

static enum status refuse(struct loader *loader, const struct assignment *assignment, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* INVALID, with the problem: "FROM: …". */
static enum status refuse(struct loader *loader, const struct assignment *assignment, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    TRY(arena_format(loader->arena, &loader->problem, "%.*s: %s", STR_ARGS(assignment->from), text));
    return STATUS_INVALID;
}

/* ---- Values ---- */

static bool bytes_of(struct str text, int64_t *out_number)
{
    static const struct {
        struct str name;
        int64_t factor;
    } units[] = {
        {STR_INIT("KiB"), 1024},
        {STR_INIT("MiB"), 1024 * 1024},
        {STR_INIT("GiB"), 1024 * 1024 * 1024},
        {STR_INIT(""), 1},
    };
    for (size_t at = 0; at < sizeof units / sizeof *units; at++) {
        if (str_ends_with(text, units[at].name)) {
            struct str digits = str_trim(str_slice(text, 0, text.length - units[at].name.length));
            int64_t number;
            return str_to_int64(digits, &number) && !__builtin_mul_overflow(number, units[at].factor, out_number);
        }
    }
    UNREACHABLE("unit");
}

static bool is_topic_part(struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        if (!isalnum((unsigned char)text.bytes[at]) && strchr("._-", text.bytes[at]) == NULL) {
            return false;
        }
    }
    return text.length == 0 || (text.bytes[0] != '.' && text.bytes[text.length - 1] != '.');
}

static bool is_digits(struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        if (!isdigit((unsigned char)text.bytes[at])) {
            return false;
        }
    }
    return true;
}

static enum status check_length(struct loader *loader, const struct option *option, const struct assignment *assignment)
{
    if ((int64_t)assignment->value.length < option->least || (int64_t)assignment->value.length > option->most) {
        return refuse(loader, assignment, "%.*s must have %lld to %lld characters", STR_ARGS(option->key),
                      (long long)option->least, (long long)option->most);
    }
    if (memchr(assignment->value.bytes, '\0', assignment->value.length) != NULL) {
        return refuse(loader, assignment, "%.*s must not hold a NUL", STR_ARGS(option->key));
    }
    return STATUS_OK;
}

static enum status check_range(struct loader *loader, const struct option *option, const struct assignment *assignment,
                               bool readable, int64_t number)
{
    if (!readable) {
        return refuse(loader, assignment, "%.*s must be a %s, not '%.*s'", STR_ARGS(option->key),
                      option->kind == OPTION_KIND_BYTES ? "number of bytes (64MiB, 1GiB, …)" : "whole number",
                      STR_ARGS(assignment->value));
    }
    if (number < option->least || number > option->most) {
        return refuse(loader, assignment, "%.*s must lie between %lld and %lld, and %.*s does not", STR_ARGS(option->key),
                      (long long)option->least, (long long)option->most, STR_ARGS(assignment->value));
    }
    return STATUS_OK;
}

struct choice {
    struct str names[3];
    size_t count;
};

/* One of the names, as a number from 0 on. */
static enum status check_choice(struct loader *loader, const struct option *option, const struct assignment *assignment,
                                const struct choice *choice, int64_t *out_number)
{
    struct buffer list = buffer_in(loader->arena);
    for (size_t at = 0; at < choice->count; at++) {
        if (str_equal(assignment->value, choice->names[at])) {
            *out_number = (int64_t)at;
            return STATUS_OK;
        }
        const char *between = at == 0 ? "" : at + 1 == choice->count ? " or " : ", ";
        TRY(buffer_format(&list, "%s%.*s", between, STR_ARGS(choice->names[at])));
    }
    return refuse(loader, assignment, "%.*s must be %.*s, not '%.*s'", STR_ARGS(option->key), STR_ARGS(buffer_text(&list)),
                  STR_ARGS(assignment->value));
}

static enum status read_value(struct loader *loader, const struct option *option, const struct assignment *assignment,
                              int64_t *out_number)
{
    static const struct choice booleans = {{STR_INIT("false"), STR_INIT("true")}, 2};
    static const struct choice encodings = {{[CODEC_AVRO] = STR_INIT("avro"), [CODEC_JSON] = STR_INIT("json")}, 2};
    static const struct choice standbys = {
        {[STANDBY_NONE] = STR_INIT("none"), [STANDBY_AUTO] = STR_INIT("auto"), [STANDBY_ALL] = STR_INIT("all")}, 3};
    int64_t number = 0;
    bool readable;
    switch (option->kind) {
    case OPTION_KIND_TEXT:
        TRY(check_length(loader, option, assignment));
        break;
    case OPTION_KIND_TOPIC:
        TRY(check_length(loader, option, assignment));
        if (!is_topic_part(assignment->value)) {
            return refuse(loader, assignment, "%.*s must be made of A–Z a–z 0–9 . _ -, and not begin or end with a dot",
                          STR_ARGS(option->key));
        }
        break;
    case OPTION_KIND_DIGITS:
        TRY(check_length(loader, option, assignment));
        if (!is_digits(assignment->value)) {
            return refuse(loader, assignment, "%.*s must be made of digits", STR_ARGS(option->key));
        }
        break;
    case OPTION_KIND_NUMBER:
        readable = str_to_int64(assignment->value, &number);
        TRY(check_range(loader, option, assignment, readable, number));
        break;
    case OPTION_KIND_BYTES:
        readable = bytes_of(assignment->value, &number);
        TRY(check_range(loader, option, assignment, readable, number));
        break;
    case OPTION_KIND_BOOLEAN:
        TRY(check_choice(loader, option, assignment, &booleans, &number));
        break;
    case OPTION_KIND_ENCODING:
        TRY(check_choice(loader, option, assignment, &encodings, &number));
        break;
    case OPTION_KIND_STANDBY:
        TRY(check_choice(loader, option, assignment, &standbys, &number));
        break;
    }
    *out_number = number;
    return STATUS_OK;
}

static enum status assign_option(struct loader *loader, enum option_id id, const struct assignment *assignment)
{
    struct setting *setting = &loader->settings->values[id];
    TRY(read_value(loader, &option_table[id], assignment, &setting->number));
    TRY(arena_copy(loader->arena, assignment->value, &setting->text));
    setting->set = true;
    return STATUS_OK;
}

/* ---- kafka.* ---- */

/* The secret's value, when the property is a secret's with `.file`. */
static enum status read_secret(struct loader *loader, const struct assignment *assignment, struct str *property,
                               struct str *value)
{
    for (size_t at = 0; at < sizeof secrets / sizeof *secrets; at++) {
        struct str secret = secrets[at];
        if (!str_starts_with(*property, secret) || !str_equal(str_from(*property, secret.length), STR(".file"))) {
            continue;
        }
        struct str path;
        TRY(arena_copy(loader->arena, assignment->value, &path));
        enum status status = file_read(loader->arena, path.bytes, SECRET_BYTES_MAX, value);
        if (status != STATUS_OK) {
            return refuse(loader, assignment, "%.*s: %s: %s", STR_ARGS(assignment->key), path.bytes,
                          status == STATUS_LIMIT_EXCEEDED ? "too long" : strerror(errno));
        }
        /* Editors and `echo` end a file with a line's end; a PEM needs none at its end either. */
        while (value->length > 0 && (value->bytes[value->length - 1] == '\n' || value->bytes[value->length - 1] == '\r')) {
            value->length--;
        }
        *property = secret;
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* END: there is no room for one more. */
static enum status put_kafka(struct loader *loader, struct kafka_list *list, struct str property, struct str value)
{
    struct str name;
    struct str copy;
    TRY(arena_copy(loader->arena, property, &name));
    TRY(arena_copy(loader->arena, value, &copy));
    for (size_t at = 0; at < list->count; at++) {
        if (str_equal(str_of(list->items[at].name), name)) {
            list->items[at].value = copy.bytes;
            return STATUS_OK;
        }
    }
    if (list->items == NULL) {
        list->items = arena_array(loader->arena, struct bus_kafka_property, KAFKA_PROPERTIES_MAX);
        TRY_NEW(list->items);
    }
    if (list->count == KAFKA_PROPERTIES_MAX) {
        return STATUS_END;
    }
    list->items[list->count++] = (struct bus_kafka_property){name.bytes, copy.bytes};
    return STATUS_OK;
}

static enum status assign_kafka(struct loader *loader, const struct assignment *assignment)
{
    struct settings *settings = loader->settings;
    struct str property = str_from(assignment->key, STR("kafka.").length);
    struct str value = assignment->value;
    struct kafka_list *list = &settings->common;
    if (str_starts_with(property, STR("consumer."))) {
        list = &settings->consumer;
        property = str_from(property, STR("consumer.").length);
    } else if (str_starts_with(property, STR("producer."))) {
        list = &settings->producer;
        property = str_from(property, STR("producer.").length);
    }
    struct str name;
    TRY(read_secret(loader, assignment, &property, &value));
    TRY(arena_copy(loader->arena, property, &name));
    const char *reason = bus_kafka_refused(name.bytes);
    if (reason != NULL) {
        return refuse(loader, assignment, "%.*s may not be set: %s", STR_ARGS(assignment->key), reason);
    }
    if (memchr(value.bytes, '\0', value.length) != NULL) {
        return refuse(loader, assignment, "%.*s must not hold a NUL", STR_ARGS(assignment->key));
    }
    enum status status = put_kafka(loader, list, name, value);
    if (status == STATUS_END) {
        return refuse(loader, assignment, "more than %d keys of kafka.* are set", KAFKA_PROPERTIES_MAX);
    }
    return status;
}

/* ---- Keys ---- */

static bool find_option(struct str key, enum option_id *out_id)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (str_equal(option_table[id].key, key)) {
            *out_id = (enum option_id)id;
            return true;
        }
    }
    return false;
}

static struct str nearest_key(struct str key)
{
    struct nearest nearest = nearest_to(key);
    for (int id = 0; id < OPTION_COUNT; id++) {
        nearest_offer(&nearest, option_table[id].key);
    }
    nearest_offer(&nearest, STR("kafka.bootstrap.servers"));
    return nearest_best(&nearest);
}

static enum status assign(struct loader *loader, const struct assignment *assignment)
{
    enum option_id id;
    if (find_option(assignment->key, &id)) {
        return assign_option(loader, id, assignment);
    }
    if (str_starts_with(assignment->key, STR("kafka.")) && assignment->key.length > STR("kafka.").length) {
        return assign_kafka(loader, assignment);
    }
    struct str near = nearest_key(assignment->key);
    if (near.length > 0) {
        return refuse(loader, assignment, "there is no key '%.*s'; is %.*s meant?", STR_ARGS(assignment->key),
                      STR_ARGS(near));
    }
    return refuse(loader, assignment, "there is no key '%.*s'; `pawl help config` lists them", STR_ARGS(assignment->key));
}

/* ---- Sources ---- */

static enum status load_file(struct loader *loader, const char *path)
{
    struct str text;
    struct properties properties;
    uint32_t line;
    struct assignment whole = {.from = str_of(path)};
    enum status status = file_read(loader->arena, path, FILE_BYTES_MAX, &text);
    if (status == STATUS_LIMIT_EXCEEDED) {
        return refuse(loader, &whole, "the file is too large");
    }
    if (status != STATUS_OK) {
        return refuse(loader, &whole, "%s", strerror(errno));
    }
    status = properties_parse(loader->arena, text, &properties, &line);
    if (status == STATUS_INVALID && line == 0) {
        return refuse(loader, &whole, "the file is not UTF-8");
    }
    if (status == STATUS_INVALID) {
        TRY(arena_format(loader->arena, &whole.from, "%s:%u", path, line));
        return refuse(loader, &whole, "this is no key=value");
    }
    TRY(status);
    for (size_t at = 0; at < properties.count; at++) {
        const struct property *property = &properties.items[at];
        struct assignment assignment = {property->key, property->value, STR_NONE};
        TRY(arena_format(loader->arena, &assignment.from, "%s:%u", path, property->line));
        for (size_t before = 0; before < at; before++) {
            if (str_equal(properties.items[before].key, property->key)) {
                return refuse(loader, &assignment, "%.*s is set in line %u already", STR_ARGS(property->key),
                              properties.items[before].line);
            }
        }
        TRY(assign(loader, &assignment));
    }
    return STATUS_OK;
}

/* PAWL_STATE_DIR is state.dir. Other programs (and pawl's workers) have variables that begin with PAWL_ too: one that is no
 * key is an error only when it is near to one. */
static enum status load_variable(struct loader *loader, struct str variable)
{
    size_t name_length = str_find(variable, '=');
    if (!str_starts_with(variable, STR(ENVIRONMENT_PREFIX)) || name_length == variable.length) {
        return STATUS_OK;
    }
    struct str name = str_slice(variable, 0, name_length);
    struct str key;
    TRY(arena_copy(loader->arena, str_from(name, STR(ENVIRONMENT_PREFIX).length), &key));
    char *bytes = (char *)key.bytes;
    for (size_t at = 0; at < key.length; at++) {
        bytes[at] = bytes[at] == '_' ? '.' : (char)tolower((unsigned char)bytes[at]);
    }
    struct assignment assignment = {key, str_from(variable, name_length + 1), name};
    enum option_id id;
    bool known = find_option(key, &id) || str_starts_with(key, STR("kafka."));
    return known || nearest_key(key).length > 0 ? assign(loader, &assignment) : STATUS_OK;
}

static enum status load_set(struct loader *loader, struct str set)
{
    size_t key_length = str_find(set, '=');
    struct assignment assignment = {.from = STR("--set")};
    if (key_length == set.length) {
        return refuse(loader, &assignment, "'%.*s' is no KEY=VALUE", STR_ARGS(set));
    }
    assignment.key = str_trim(str_slice(set, 0, key_length));
    assignment.value = str_trim(str_from(set, key_length + 1));
    return assign(loader, &assignment);
}

static enum status load_all(struct loader *loader, const struct settings_sources *sources)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        struct assignment assignment = {option_table[id].key, option_table[id].initial, STR("default")};
        enum status status = assign_option(loader, (enum option_id)id, &assignment);
        ASSERT(status != STATUS_INVALID);
        TRY(status);
        loader->settings->values[id].set = false;
    }
    if (sources->file != NULL) {
        TRY(load_file(loader, sources->file));
    }
    for (size_t at = 0; sources->environment != NULL && sources->environment[at] != NULL; at++) {
        TRY(load_variable(loader, str_of(sources->environment[at])));
    }
    for (size_t at = 0; at < sources->set_count; at++) {
        TRY(load_set(loader, sources->sets[at]));
    }
    return STATUS_OK;
}

enum status settings_load(struct arena *arena, const struct settings_sources *sources, const struct settings **out_settings,
                          struct str *out_problem)
{
    struct loader loader = {.arena = arena, .settings = arena_new(arena, struct settings)};
    TRY_NEW(loader.settings);
    enum status status = load_all(&loader, sources);
    if (status == STATUS_OK) {
        *out_settings = loader.settings;
    } else if (status == STATUS_INVALID) {
        *out_problem = loader.problem;
    }
    return status;
}

/* ---- Reading ---- */

struct str settings_text(const struct settings *settings, enum option_id id)
{
    return settings->values[id].text;
}

int64_t settings_number(const struct settings *settings, enum option_id id)
{
    return settings->values[id].number;
}

bool settings_boolean(const struct settings *settings, enum option_id id)
{
    ASSERT(option_table[id].kind == OPTION_KIND_BOOLEAN);
    return settings->values[id].number != 0;
}

enum codec_encoding settings_encoding(const struct settings *settings, enum option_id id)
{
    ASSERT(option_table[id].kind == OPTION_KIND_ENCODING);
    return (enum codec_encoding)settings->values[id].number;
}

enum standby_replicas settings_standby(const struct settings *settings, enum option_id id)
{
    ASSERT(option_table[id].kind == OPTION_KIND_STANDBY);
    return (enum standby_replicas)settings->values[id].number;
}

bool settings_is_set(const struct settings *settings, enum option_id id)
{
    return settings->values[id].set;
}

bool settings_has_kafka(const struct settings *settings)
{
    for (size_t at = 0; at < settings->common.count; at++) {
        if (str_equal(str_of(settings->common.items[at].name), STR("bootstrap.servers"))) {
            return settings->common.items[at].value[0] != '\0';
        }
    }
    return false;
}

struct bus_kafka_options settings_kafka(const struct settings *settings)
{
    return (struct bus_kafka_options){
        .common = settings->common.items,
        .common_count = settings->common.count,
        .consumer = settings->consumer.items,
        .consumer_count = settings->consumer.count,
        .producer = settings->producer.items,
        .producer_count = settings->producer.count,
    };
}
