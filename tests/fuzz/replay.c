/* Calls a fuzzer once with every file of a folder: what it has learnt so far, as an ordinary test without libFuzzer.
 *
 *     replay_NAME FOLDER
 */
#include "fuzz.h"

#include <dirent.h>

#define FILE_BYTES_MAX ((size_t)1024 * 1024)

/* Its own allocation of the exact size, so that a sanitizer sees a read behind the end. */
static void run_file(const char *path)
{
    static char bytes[FILE_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    FUZZ_REQUIRE(file != NULL);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argument_count, char **arguments)
{
    char path[4096];
    size_t count = 0;
    FUZZ_REQUIRE(argument_count == 2);
    DIR *folder = opendir(arguments[1]);
    FUZZ_REQUIRE(folder != NULL);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", arguments[1], entry->d_name);
            printf("%s\n", entry->d_name);
            fflush(stdout);
            run_file(path);
            count++;
        }
    }
    closedir(folder);
    printf("%zu inputs\n", count);
    return count == 0;
}
