#include "cli/bench_bare.h"

#include "cli/file.h"
#include "gateway/bare.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define ANSWER_BYTES_MAX ((size_t)4 << 20)

enum exit_code bench_bare(struct context *context)
{
    struct str path;
    struct str body;
    struct bare *bare;
    sigset_t signals;
    int number;
    /* Blocked before there is any other thread, so that they all are. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    TRY_MEMORY(context, arena_format(context->arena, &path, "%.*s/" BENCH_BARE_FILE,
                                     STR_ARGS(settings_text(context->settings, OPTION_STATE_DIR))));
    if (file_read(context->arena, path.bytes, ANSWER_BYTES_MAX, &body) != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "%s can't be read; `pawl bench` starts this server itself", path.bytes);
    }
    if (bare_open((uint32_t)settings_number(context->settings, OPTION_GATEWAY_THREADS), body, &bare) != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "it can't listen: %s", strerror(errno));
    }
    fprintf(context->out, "event=listening address=127.0.0.1:%u\n", (unsigned)bare_port(bare));
    fflush(context->out);
    sigwait(&signals, &number);
    bare_close(bare);
    return EXIT_CODE_OK;
}
