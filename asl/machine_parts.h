/* The insides of a compiled definition (asl/machine.h), for asl/ alone. Written by parse*.c, read by everything else. */
#ifndef PAWL_ASL_MACHINE_PARTS_H
#define PAWL_ASL_MACHINE_PARTS_H

#include "asl/expression.h"
#include "asl/machine.h"
#include "asl/resource.h"

enum state_type {
#define STATE(id, name, parse, enter) STATE_##id,
#include "asl/states.def"
    STATE_TYPE_COUNT
};

#define STATE_NONE UINT32_MAX /* as `next`: the machine, branch or iteration ends here */

/* InputPath, OutputPath, ResultPath: absent or `$`, null, or a path. */
enum path_use { PATH_USE_WHOLE, PATH_USE_NOTHING, PATH_USE_PATH };

struct path_field {
    enum path_use use;
    const struct path *path;
};

struct retrier {
    const struct str *error_equals;
    uint32_t error_count;
    int64_t interval_seconds;
    int64_t attempts_max;
    double backoff_rate;
    int64_t delay_seconds_max; /* 0: none */
    bool jitter_full;
};

struct catcher {
    const struct str *error_equals;
    uint32_t error_count;
    uint32_t next;
    struct path_field result_path;
    const struct expression *assign; /* NULL: none, as the next */
    const struct expression *output;
};

enum condition_kind { CONDITION_AND, CONDITION_OR, CONDITION_NOT, CONDITION_COMPARISON, CONDITION_EXPRESSION };

enum comparison {
#define COMPARISON(id, name, operand, path, compare, relation) COMPARISON_##id,
#include "asl/comparisons.def"
    COMPARISON_COUNT
};

struct condition {
    enum condition_kind kind;
    uint32_t count;                     /* parts of And, Or, Not */
    const struct condition *parts;
    enum comparison comparison;
    const struct path *variable;
    const struct value *operand;        /* a constant, or */
    const struct path *operand_path;    /* the …Path form */
    const struct expression *expression; /* JSONata's Condition */
};

struct choice_rule {
    const struct condition *condition;
    uint32_t next;
    const struct expression *assign; /* NULL: none */
    const struct expression *output; /* NULL: none */
};

struct state_task {
    struct resource resource;
    struct str resource_text;
    struct str route;
    const struct expression *timeout;     /* TimeoutSeconds or …Path; NULL: none */
    const struct expression *heartbeat;   /* HeartbeatSeconds or …Path; NULL: none */
    const struct expression *credentials; /* NULL: none */
};

struct state_choice {
    const struct choice_rule *rules;
    uint32_t rule_count;
    uint32_t default_next; /* STATE_NONE: no Default */
    bool scans;            /* few paths, and Reference Paths into the input alone: they need no tree of it */
};

struct state_wait {
    const struct expression *seconds;   /* Seconds or SecondsPath, or */
    const struct expression *timestamp; /* Timestamp or TimestampPath */
};

struct state_fail {
    const struct expression *error; /* Error or ErrorPath; NULL: none */
    const struct expression *cause;
};

struct state_parallel {
    const uint32_t *branches; /* indexes of machines */
    uint32_t branch_count;
};

struct state_map {
    uint32_t processor;                 /* index of the machine */
    const struct expression *items;     /* ItemsPath or Items; NULL: the effective input */
    const struct expression *selector;  /* ItemSelector, or Parameters of old; NULL: the item */
    const struct expression *max_concurrency; /* NULL: 0 */
};

struct state {
    struct str name;
    enum state_type type;
    bool jsonata;          /* its query language */
    bool reads_context;    /* any of its fields reads the context object */
    bool reads_variables;  /* any of its fields reads a variable */
    bool ends;             /* by End: the machine, branch or iteration is over after it */
    uint32_t machine;
    uint32_t next;
    struct path_field input_path;
    struct path_field output_path;
    struct path_field result_path;
    const struct expression *parameters;      /* Parameters or Arguments; NULL: none, as the following */
    const struct expression *result_selector;
    const struct expression *output;
    const struct expression *assign;
    const struct value *result; /* Pass's Result; NULL: none */
    const struct retrier *retriers;
    uint32_t retrier_count;
    const struct catcher *catchers;
    uint32_t catcher_count;
    union {
        struct state_task task;
        struct state_choice choice;
        struct state_wait wait;
        struct state_fail fail;
        struct state_parallel parallel;
        struct state_map map;
    };
};

struct submachine {
    uint32_t start_at;     /* index of a state */
    uint32_t parent_state; /* the Parallel or Map it belongs to; STATE_NONE: the top */
};

struct machine {
    const struct state *states;
    uint32_t state_count;
    const struct submachine *submachines; /* 0 is the top */
    uint32_t submachine_count;
    enum machine_type type;
    int64_t timeout_seconds; /* 0: none */
    const struct str *routes;
    uint32_t route_count;
};

struct str machine_state_type_name(enum state_type type);

#endif
