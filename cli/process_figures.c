#include "cli/process_figures.h"

#include "bus/bus_kafka.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of /proc/self/stat (proc(5)): behind the name, which may hold anything, up to the last parenthesis. */
struct process_stat {
    unsigned long long user_ticks;
    unsigned long long system_ticks;
    unsigned long long start_ticks; /* since the machine booted */
    unsigned long long virtual_bytes;
    long long resident_pages;
};

static bool read_stat(struct process_stat *out_stat)
{
    char text[2048];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *after = strrchr(text, ')');
    return after != NULL && sscanf(after + 1,
                                   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu %llu %lld",
                                   &out_stat->user_ticks, &out_stat->system_ticks, &out_stat->start_ticks,
                                   &out_stat->virtual_bytes, &out_stat->resident_pages) == 5;
}

/* When the machine booted, in Unix time; 0: unknown. */
static long long boot_seconds(void)
{
    char line[256];
    long long seconds = 0;
    FILE *file = fopen("/proc/stat", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "btime %lld", &seconds) != 1) {
    }
    if (file != NULL) {
        fclose(file);
    }
    return seconds;
}

static int count_files(void)
{
    int count = -1; /* the directory itself */
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    if (folder == NULL) {
        return 0;
    }
    while ((entry = readdir(folder)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static void show_files(struct metrics_page *page)
{
    struct rlimit limit;
    metrics_add(page, &metric_table[METRIC_PROCESS_FILES], NULL, count_files());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        metrics_add(page, &metric_table[METRIC_PROCESS_FILES_MAX], NULL, (double)limit.rlim_cur);
    }
}

void process_figures_show(struct metrics_page *page)
{
    struct process_stat stat;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    const struct metrics_labels build = {{STR(PAWL_VERSION), str_of(bus_kafka_version())}};
    metrics_add(page, &metric_table[METRIC_BUILD_INFO], &build, 1);
    show_files(page);
    if (!read_stat(&stat) || ticks <= 0) {
        return;
    }
    metrics_add(page, &metric_table[METRIC_PROCESS_CPU], NULL, (double)(stat.user_ticks + stat.system_ticks) / ticks);
    metrics_add(page, &metric_table[METRIC_PROCESS_VIRTUAL], NULL, (double)stat.virtual_bytes);
    metrics_add(page, &metric_table[METRIC_PROCESS_RESIDENT], NULL, (double)stat.resident_pages * (double)sysconf(_SC_PAGESIZE));
    metrics_add(page, &metric_table[METRIC_PROCESS_START], NULL, (double)boot_seconds() + (double)stat.start_ticks / ticks);
}
