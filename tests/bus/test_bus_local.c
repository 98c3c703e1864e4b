#include "bus/bus_local.h"

#include "tests/bus/bus_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bus *open_local(void *owner)
{
    struct bus_local_options options = {.path = owner, .memory_bytes = (size_t)16 * 1024 * 1024};
    struct bus *bus = NULL;
    struct bus_error error = {{0}};
    if (bus_local_open(&options, &bus, &error) != STATUS_OK) {
        print_message("%s\n", error.text);
        return NULL;
    }
    return bus;
}

static void close_local(void *owner, struct bus *bus)
{
    (void)owner;
    bus_close(bus);
}

int main(void)
{
    char *path = bus_suite_folder();
    const struct bus_suite suite = {
        .owner = path, .open = open_local, .close = close_local, .prefix = "t-", .members = true, .wait_ms = 60 * 1000};
    int failed = bus_suite_run("bus_local", &suite);
    bus_suite_folder_remove(path);
    return failed;
}
