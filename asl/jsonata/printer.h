/* $string: values as text. Numbers print with 15 significant digits, as the reference's do. */
#ifndef PAWL_ASL_JSONATA_PRINTER_H
#define PAWL_ASL_JSONATA_PRINTER_H

#include "asl/jsonata/evaluation.h"

/* A string is itself, a function "", undefined stays undefined; all else is JSON, indented by two blanks when `pretty`. */
MUST_CHECK enum status printer_string(struct evaluation *evaluation, struct datum datum, bool pretty, struct datum *out_text);

#endif
