/* Rows of an execution without children, as those who drive one step by step have them: there is none but its own. */
#ifndef PAWL_ASL_ROWS_SINGLE_H
#define PAWL_ASL_ROWS_SINGLE_H

#include "asl/rows.h"

/* *row is the execution's whenever it is asked for; NULL: there is none. Borrowed. */
struct rows rows_single(const struct execution_row **row);

#endif
