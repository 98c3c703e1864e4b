/* The configuration in force: built-in defaults, then the properties file, then the environment, then --set; the later
 * wins. The keys are those of options.def and kafka.*, kafka.consumer.*, kafka.producer.*; any other is an error that
 * names the nearest key. */
#ifndef PAWL_CLI_SETTINGS_H
#define PAWL_CLI_SETTINGS_H

#include "base/arena.h"
#include "bus/bus_kafka.h"
#include "schemas/codec/codec.h"

#include <stdint.h>

enum option_id {
#define OPTION(id, key, kind, initial, least, most, help) OPTION_##id,
#include "cli/options.def"
    OPTION_COUNT
};

enum option_kind {
    OPTION_KIND_TEXT,
    OPTION_KIND_TOPIC,
    OPTION_KIND_DIGITS,
    OPTION_KIND_NUMBER,
    OPTION_KIND_BYTES,
    OPTION_KIND_BOOLEAN,
    OPTION_KIND_ENCODING,
    OPTION_KIND_STANDBY,
};

struct option {
    struct str key;
    enum option_kind kind;
    struct str initial;
    int64_t least;
    int64_t most;
    struct str help;
};
extern const struct option option_table[OPTION_COUNT];

struct settings;

/* Where a configuration comes from. */
struct settings_sources {
    const char *file;               /* --config; NULL: none */
    const char *const *environment; /* as environ; NULL: none */
    const struct str *sets;         /* KEY=VALUE of each --set */
    size_t set_count;
};

/* INVALID: *out_problem says what is wrong, and where. Nothing else fails but at the arena's limit. */
MUST_CHECK enum status settings_load(struct arena *arena, const struct settings_sources *sources,
                                     const struct settings **out_settings, struct str *out_problem);

/* Of a TEXT, TOPIC or DIGITS; a NUL follows. */
struct str settings_text(const struct settings *settings, enum option_id id);
/* Of a NUMBER or BYTES. */
int64_t settings_number(const struct settings *settings, enum option_id id);
bool settings_boolean(const struct settings *settings, enum option_id id);
enum codec_encoding settings_encoding(const struct settings *settings, enum option_id id);
enum standby_replicas settings_standby(const struct settings *settings, enum option_id id);

/* Whether somebody set the key. */
bool settings_is_set(const struct settings *settings, enum option_id id);

/* Whether kafka.bootstrap.servers is set: pawl then works on Kafka. */
bool settings_has_kafka(const struct settings *settings);

/* The kafka.* keys; its log is left to the caller. */
struct bus_kafka_options settings_kafka(const struct settings *settings);

#endif
