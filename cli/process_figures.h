/* What the operating system says of this process, and what it was built of. */
#ifndef PAWL_CLI_PROCESS_FIGURES_H
#define PAWL_CLI_PROCESS_FIGURES_H

#include "metrics/metrics.h"

/* What can't be read is left out. */
void process_figures_show(struct metrics_page *page);

#endif
