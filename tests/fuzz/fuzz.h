/* A fuzzer: one entry, called with inputs that libFuzzer makes up, or by replay.c with those of tests/fuzz/corpus. */
#ifndef PAWL_TESTS_FUZZ_FUZZ_H
#define PAWL_TESTS_FUZZ_FUZZ_H

#include "asl/value.h"

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_ARENA_BYTES ((size_t)128 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input; libFuzzer keeps the input that breaks it. */
#define FUZZ_REQUIRE(condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* An input of two parts: the first line, JSON, and what follows it. A document that is none is *out_document == NULL. */
static inline void fuzz_split(struct arena *arena, const uint8_t *data, size_t size, const struct value **out_document,
                              struct str *out_rest)
{
    struct str text = {(const char *)data, size};
    size_t end = str_find(text, '\n');
    *out_document = NULL;
    if (value_parse(arena, str_slice(text, 0, end), out_document, NULL) != STATUS_OK) {
        *out_document = NULL;
    }
    *out_rest = str_from(text, end == size ? end : end + 1);
}

/* Whether whoever calls could give this text: expressions and paths come out of JSON strings. What is no UTF-8 must end in some
 * answer all the same, but may be handed through. */
static inline bool fuzz_is_text(struct str text)
{
    return str_is_utf8(text);
}

/* A value prints as JSON text that is read again as an equal value; one that is nested too deeply may be refused. */
static inline void fuzz_check_value(struct arena *arena, const struct value *value)
{
    struct str text;
    const struct value *again = NULL;
    enum status status = value_to_text(arena, value, &text);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_LIMIT_EXCEEDED);
    if (status == STATUS_OK) {
        FUZZ_REQUIRE(value_text_is_valid(text));
        status = value_parse(arena, text, &again, NULL);
        FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_LIMIT_EXCEEDED);
        FUZZ_REQUIRE(status != STATUS_OK || value_equal(value, again));
    }
}

#endif
