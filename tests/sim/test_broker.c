/* The modelled broker does what every bus must: the cases for members and transactions that Kafka and the embedded bus pass
 * (tests/bus/bus_suite.c), in its own time. */
#include "broker.h"

#include "tests/bus/bus_suite.h"

#include <stdlib.h>

struct opened {
    struct faults faults;
    struct broker *broker;
};

static struct bus *open_model(void *owner)
{
    struct opened *opened = owner;
    const struct broker_hooks none = {.owner = NULL};
    faults_init(&opened->faults, 1, NULL);
    opened->faults.on = false;
    opened->broker = broker_create(1, &opened->faults, &none);
    return broker_bus(opened->broker, -1, 0);
}

static void close_model(void *owner, struct bus *bus)
{
    struct opened *opened = owner;
    (void)bus; /* the broker's */
    broker_destroy(opened->broker);
    faults_clear(&opened->faults);
}

int main(void)
{
    struct opened opened;
    const struct bus_suite suite = {
        .owner = &opened,
        .open = open_model,
        .close = close_model,
        .prefix = "t-",
        .members = true,
        .modelled = true,
        .wait_ms = 60 * 1000,
    };
    return bus_suite_run("the modelled broker", &suite);
}
