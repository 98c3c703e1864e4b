#include "bus/bus_port.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

int64_t bus_port_now_ms(struct bus *bus)
{
    (void)bus;
    struct timespec now;
    ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bus_port_random(struct bus *bus, uint8_t *bytes, size_t length)
{
    (void)bus;
    size_t done = 0;
    while (done < length) {
        ssize_t got = getrandom(bytes + done, length - done, 0);
        if (got > 0) {
            done += (size_t)got;
        }
    }
}

void bus_port_no_statistics(struct bus *bus, struct bus_statistics *out_statistics)
{
    (void)bus;
    *out_statistics = (struct bus_statistics){.told = {false}};
}

enum status bus_port_fail(struct bus_error *out_error, enum status status, const char *format, ...)
{
    if (out_error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(out_error->text, sizeof out_error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}
