/* How the API is used: calls, exceptions and times of each operation. Any thread. */
#ifndef PAWL_GATEWAY_API_COUNTS_H
#define PAWL_GATEWAY_API_COUNTS_H

#include "gateway/operations.h"
#include "metrics/metrics.h"

struct api_counts;

MUST_CHECK enum status api_counts_create(struct api_counts **out_counts);
void api_counts_destroy(struct api_counts *counts);

/* A call was answered. `operation` is NULL when it could not be told; `exception` has no bytes when there was none;
 * `began_us` is clock_us of its beginning. */
void api_counts_add(struct api_counts *counts, const struct operation *operation, struct str exception, int64_t began_us);

void api_counts_show(struct api_counts *counts, struct metrics_page *page);

#endif
