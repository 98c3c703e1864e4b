#include "cli/commands.h"

#include "schemas/codec/nearest.h"

const struct command command_table[COMMAND_COUNT] = {
#define COMMAND(id, positionals, least, most, one, rest)                                                               \
    {                                                                                                                  \
        .name = STR_INIT(#id),                                                                                         \
        .arguments = STR_INIT(positionals),                                                                            \
        .positionals_min = least,                                                                                      \
        .positionals_max = most,                                                                                       \
        .line = STR_INIT(one),                                                                                         \
        .help = STR_INIT(rest),                                                                                        \
        .run = command_##id,                                                                                           \
    },
#include "cli/commands.def"
};

bool commands_find(struct str name, enum command_id *out_id)
{
    for (int id = 0; id < COMMAND_COUNT; id++) {
        if (str_equal(command_table[id].name, name)) {
            *out_id = (enum command_id)id;
            return true;
        }
    }
    return false;
}

struct str commands_nearest(struct str name)
{
    struct nearest nearest = nearest_to(name);
    for (int id = 0; id < COMMAND_COUNT; id++) {
        nearest_offer(&nearest, command_table[id].name);
    }
    return nearest_best(&nearest);
}
