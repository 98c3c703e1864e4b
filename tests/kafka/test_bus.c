/* The suite that every bus passes, over Kafka. */
#include "fixture.h"

#include "tests/bus/bus_suite.h"

#include <stdio.h>

static struct bus *open_kafka(void *owner)
{
    struct bus_kafka_property property = {"bootstrap.servers", owner};
    struct bus_kafka_options options = {.common = &property, .common_count = 1};
    struct bus *bus = NULL;
    struct bus_error error = {{0}};
    if (bus_kafka_open(&options, &bus, &error) != STATUS_OK) {
        print_message("%s\n", error.text);
        return NULL;
    }
    return bus;
}

static void close_kafka(void *owner, struct bus *bus)
{
    (void)owner;
    bus_close(bus);
}

int main(void)
{
    if (fixture_bootstrap() == NULL) {
        printf("skipped: PAWL_TEST_BOOTSTRAP is not set (run under tests/kafka/with-broker)\n");
        return 77;
    }
    const struct bus_suite suite = {.owner = (void *)fixture_bootstrap(),
                                    .open = open_kafka,
                                    .close = close_kafka,
                                    .prefix = "suite-",
                                    .members = true,
                                    .wait_ms = FIXTURE_WAIT_MS};
    return bus_suite_run("bus_kafka", &suite);
}
