#include "gateway/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_addresses(void **state)
{
    static const struct {
        const char *text;
        const char *shown; /* NULL: invalid */
        bool loopback;
    } rows[] = {
        {"127.0.0.1:8083", "127.0.0.1:8083", true},
        {"127.3.2.1:1", "127.3.2.1:1", true},
        {"localhost:80", "127.0.0.1:80", true},
        {"[::1]:8083", "[::1]:8083", true},
        {"0.0.0.0:8083", "0.0.0.0:8083", false},
        {"[::]:8083", "[::]:8083", false},
        {"10.0.0.1:65535", "10.0.0.1:65535", false},
        {"[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", false},
        {"127.0.0.1:0", "127.0.0.1:0", true},
        {"127.0.0.1:65536", NULL, false},
        {"127.0.0.1:-1", NULL, false},
        {"127.0.0.1:", NULL, false},
        {"127.0.0.1", NULL, false},
        {":8083", NULL, false},
        {"", NULL, false},
        {"::1:8083", NULL, false},
        {"[]:1", NULL, false},
        {"example.org:80", NULL, false},
        {"[::1:8083", NULL, false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1", NULL, false},
    };
    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        union listen_address address;
        char shown[64] = "";
        enum status status = listen_parse(str_of(rows[at].text), &address);
        if ((status == STATUS_OK) != (rows[at].shown != NULL)) {
            fail_msg("%s: %s", rows[at].text, status_text(status));
        }
        if (status == STATUS_OK) {
            listen_show(&address, shown, sizeof shown);
            assert_string_equal(shown, rows[at].shown);
            assert_int_equal(listen_is_loopback(&address), rows[at].loopback);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
