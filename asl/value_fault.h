/* What the JSON parser found wrong, and Jackson's words for it (AWS shows Jackson's messages as they are).
 *
 * Private to asl/value_parse.c: the parser notes only the kind and the place; the words are made when somebody asks. */
#ifndef PAWL_ASL_VALUE_FAULT_H
#define PAWL_ASL_VALUE_FAULT_H

#include "asl/value.h"

enum value_fault_kind {
    VALUE_FAULT_NONE,
    VALUE_FAULT_TOKEN,     /* a word that is no literal; `at` is its first byte. What turns out to be no word is a
                              VALUE_FAULT_CHARACTER with the detail */
    VALUE_FAULT_CHARACTER, /* `at` is the byte; detail follows the message */
    VALUE_FAULT_NUMBER,    /* the same in a number's fraction or exponent */
    VALUE_FAULT_SPACE,     /* a control character between tokens */
    VALUE_FAULT_CONTROL,   /* a raw control character; detail says in what */
    VALUE_FAULT_ESCAPE,    /* `at` is what follows the backslash */
    VALUE_FAULT_END,       /* the text ends; detail follows the message */
    VALUE_FAULT_OPEN,      /* the text ends inside the container that starts at `open` */
    VALUE_FAULT_CLOSE,     /* `at` closes what `open` did not open */
    VALUE_FAULT_TEXT,      /* detail is the message */
    VALUE_FAULT_UTF8,      /* `at` is the malformed sequence */
    VALUE_FAULT_DEPTH,     /* too many containers inside each other */
};

struct value_fault {
    enum value_fault_kind kind;
    const char *at;
    const char *open;   /* the container around, or NULL at the root */
    const char *detail; /* static text; may be NULL where nothing is said of it above */
};

/* Fills *out_error: offset, line and column as Jackson reports them (just after what it had read), and its message. */
MUST_CHECK enum status value_fault_describe(struct arena *arena, struct str text, const struct value_fault *fault,
                                            struct value_error *out_error);

#endif
