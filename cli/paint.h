/* Colours for a terminal: each is the text that switches it on, or empty. */
#ifndef PAWL_CLI_PAINT_H
#define PAWL_CLI_PAINT_H

#include <stdio.h>

struct paint {
    const char *bad;
    const char *warning;
    const char *good;
    const char *strong;
    const char *faint;
    const char *stage;
    const char *off;
};

/* For a stream: with colours when it is a terminal, TERM is not dumb and NO_COLOR is not set. */
struct paint paint_for(FILE *stream);

#endif
