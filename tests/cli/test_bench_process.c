#include "cli/bench_process.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void what_this_process_uses(void **state)
{
    struct timespec begin;
    struct timespec now;
    (void)state;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < begin.tv_sec * 1000 + begin.tv_nsec / 1000000 + 50);
    assert_true(bench_process_cpu_seconds(getpid()) >= 0.03);
    assert_true(bench_process_resident_bytes(getpid()) > 100000);
}

static void a_process_that_is_not_there(void **state)
{
    (void)state;
    assert_true(bench_process_cpu_seconds(-1) == 0);
    assert_int_equal(bench_process_resident_bytes(-1), 0);
    assert_int_equal(bench_process_listening(0), 0);
}

static void who_listens(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    (void)state;
    int one = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(one, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(one, 1), 0);
    assert_int_equal(getsockname(one, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(bench_process_listening(ntohs(address.sin_port)), getpid());
    close(one);
}

static void a_child_that_is_ended(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_true(bench_process_runs(pid));
    bench_process_end(pid, SIGTERM);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_this_process_uses),
        cmocka_unit_test(a_process_that_is_not_there),
        cmocka_unit_test(who_listens),
        cmocka_unit_test(a_child_that_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
