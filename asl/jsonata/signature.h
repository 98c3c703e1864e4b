/* Signatures of functions: <s-nn?:s> says which arguments one takes (docs.jsonata.org, "Function signature syntax"). */
#ifndef PAWL_ASL_JSONATA_SIGNATURE_H
#define PAWL_ASL_JSONATA_SIGNATURE_H

#include "asl/jsonata/fault.h"

struct signature;

struct signature_error {
    uint32_t offset; /* characters into the signature */
    bool choice;     /* S0402, else S0401 */
};

/* `text` with its < and >. STATUS_INVALID: *out_error is set. */
MUST_CHECK enum status signature_parse(struct arena *arena, struct str text, struct signature **out_signature,
                                       struct signature_error *out_error);

struct arguments {
    const struct datum *items;
    size_t count;
};

/* Checks the arguments of a call: puts the context where one may be left out and is, wraps what must be an array.
 * STATUS_INVALID: *out_fault has code, index and type. */
MUST_CHECK enum status signature_apply(struct arena *arena, const struct signature *signature, struct arguments arguments,
                                       struct datum context, struct arguments *out_arguments, struct fault *out_fault);

#endif
