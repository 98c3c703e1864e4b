/* Cuts an expression into tokens. */
#ifndef PAWL_ASL_JSONATA_TOKENIZER_H
#define PAWL_ASL_JSONATA_TOKENIZER_H

#include "asl/jsonata/ast.h"
#include "asl/jsonata/fault.h"

enum token_type {
    TOKEN_END,
    TOKEN_OPERATOR,
    TOKEN_NAME,
    TOKEN_VARIABLE,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_BOOLEAN,
    TOKEN_NULL,
    TOKEN_REGEX,
};

struct token {
    enum token_type type;
    enum operator_type operator;
    uint32_t position; /* characters before its end */
    struct str text;   /* operator, name, variable's name, string's characters, number's digits, regex's pattern */
    double number;
    bool boolean;
    bool case_insensitive; /* flags of a regex */
    bool multi_line;
};

struct tokenizer {
    struct arena *arena;
    struct str text;
    size_t at;          /* byte */
    uint32_t character; /* code points before it */
    struct fault *fault;
};

/* The next token. `infix`: an operand has just ended, so that a slash divides. STATUS_INVALID: *fault is set. */
MUST_CHECK enum status tokenizer_next(struct tokenizer *tokenizer, bool infix, struct token *out_token);

/* The token as a fault shows it: text of a name or operator, a literal's value. */
struct datum tokenizer_datum(const struct token *token);

/* The operator's text. */
struct str tokenizer_operator(enum operator_type operator);

#endif
