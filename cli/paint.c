#include "cli/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct paint paint_for(FILE *stream)
{
    const char *terminal = getenv("TERM");
    const char *without = getenv("NO_COLOR");
    if (isatty(fileno(stream)) == 0 || (without != NULL && *without != '\0') || (terminal != NULL && strcmp(terminal, "dumb") == 0)) {
        return (struct paint){"", "", "", "", "", "", ""};
    }
    return (struct paint){"\033[1;31m", "\033[1;33m", "\033[32m", "\033[1m", "\033[2m", "\033[36m", "\033[0m"};
}
