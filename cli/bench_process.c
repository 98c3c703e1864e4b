#include "cli/bench_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_MS_MAX 10000
#define PATH_BYTES 300

/* ---- Starting and ending ---- */

enum status bench_process_start(char *const *arguments, const char *log, pid_t *out_pid)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        return STATUS_RETRIABLE;
    }
    if (pid > 0) {
        *out_pid = pid;
        return STATUS_OK;
    }
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (file >= 0 && getppid() == parent && dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0) {
        execv("/proc/self/exe", arguments);
    }
    _exit(127);
}

bool bench_process_runs(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void bench_process_end(pid_t pid, int how)
{
    kill(pid, how);
    for (int ms = 0; ms < END_MS_MAX && bench_process_runs(pid); ms += 2) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- What it has used ---- */

static bool read_text(const char *path, char *text, size_t capacity)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(text, 1, capacity - 1, file);
    fclose(file);
    text[length] = '\0';
    return length > 0;
}

double bench_process_cpu_seconds(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return 0;
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

int64_t bench_process_resident_bytes(pid_t pid)
{
    char path[PATH_BYTES];
    char text[256];
    long long pages;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (!read_text(path, text, sizeof text) || sscanf(text, "%*d %lld", &pages) != 1) {
        return 0;
    }
    return pages * sysconf(_SC_PAGESIZE);
}

/* ---- Who listens ---- */

/* The inode of the socket that listens on the port, from a table of /proc/net; 0: none. */
static unsigned long inode_of(const char *table, uint16_t port)
{
    char line[512];
    unsigned long found = 0;
    FILE *file = fopen(table, "re");
    while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL) {
        unsigned local;
        unsigned state;
        unsigned long inode;
        int fields = sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %lu", &local, &state, &inode);
        if (fields == 3 && local == port && state == 0x0A) {
            found = inode;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

static bool has_socket(const char *process, unsigned long inode)
{
    char path[PATH_BYTES];
    char wanted[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    DIR *folder = opendir(path);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL && !found; entry = readdir(folder)) {
        char link[sizeof wanted];
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
        if (length > 0) {
            link[length] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return found;
}

pid_t bench_process_listening(uint16_t port)
{
    unsigned long inode = inode_of("/proc/net/tcp6", port);
    pid_t found = 0;
    if (inode == 0) {
        inode = inode_of("/proc/net/tcp", port);
    }
    DIR *folder = inode == 0 ? NULL : opendir("/proc");
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL && found == 0; entry = readdir(folder)) {
        int pid = atoi(entry->d_name);
        if (pid > 0 && has_socket(entry->d_name, inode)) {
            found = pid;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return found;
}
