/* The functions of operations.def, each in the file of its name. Only operations.c and op_*.c include this. */
#ifndef PAWL_GATEWAY_OPERATIONS_PARTS_H
#define PAWL_GATEWAY_OPERATIONS_PARTS_H

#include "gateway/call.h"

#define OPERATION(name, function) enum status function(struct call *call);
#include "gateway/operations.def"

#endif
