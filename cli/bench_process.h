/* What a benchmark needs of processes: starting one, ending it, and what it has used so far (from /proc). */
#ifndef PAWL_CLI_BENCH_PROCESS_H
#define PAWL_CLI_BENCH_PROCESS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Starts /proc/self/exe with these arguments (arguments[0] is its name, the last NULL); what it prints goes to `log`. It dies
 * with its parent. RETRIABLE: it could not be started. */
MUST_CHECK enum status bench_process_start(char *const *arguments, const char *log, pid_t *out_pid);

/* Whether it still runs. */
bool bench_process_runs(pid_t pid);

/* Ends it and waits: first by `signal`, after 10 s by SIGKILL. */
void bench_process_end(pid_t pid, int signal);

/* Seconds of processor time of all its threads, user and system; 0 when there is no such process. */
double bench_process_cpu_seconds(pid_t pid);

/* Resident memory; 0 when there is no such process. */
int64_t bench_process_resident_bytes(pid_t pid);

/* The process that listens on a local TCP port; 0: not to be found. */
pid_t bench_process_listening(uint16_t port);

#endif
