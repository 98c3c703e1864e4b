/* A compiled path: its steps. Private to asl/jsonpath/. */
#ifndef PAWL_ASL_JSONPATH_PATH_TOKEN_H
#define PAWL_ASL_JSONPATH_PATH_TOKEN_H

#include "asl/jsonpath/path.h"

struct path_filter;

enum path_function {
#define FUNCTION(id, name, call) PATH_FUNCTION_##id,
#include "asl/jsonpath/path_functions.def"
    PATH_FUNCTION_COUNT
};

enum path_token_type {
    PATH_TOKEN_PROPERTY,
    PATH_TOKEN_INDEX,
    PATH_TOKEN_SLICE,
    PATH_TOKEN_WILDCARD,
    PATH_TOKEN_SCAN, /* `..`: the token after it is tried at every value below */
    PATH_TOKEN_FILTER,
    PATH_TOKEN_FUNCTION,
};

/* An argument of a function: a path or a constant. */
struct path_argument {
    const struct path *path;
    const struct value *value; /* when path is NULL */
};

struct path_slice {
    bool has_from;
    bool has_to;
    int32_t from;
    int32_t to;
};

struct path_token {
    enum path_token_type type;
    bool definite;          /* the token finds one value at most */
    bool upstream_definite; /* so do all before it */
    uint32_t count;         /* names, indexes or arguments */
    struct str text;        /* as Jayway prints it in messages: "['a']", "[0]", "[1:2]", ".length()" */
    union {
        const struct str *names;
        const int32_t *indexes;
        struct path_slice slice;
        const struct path_filter *filter;
        struct {
            enum path_function function;
            const struct path_argument *arguments;
        };
    };
};

struct path {
    struct str text;
    enum path_root root;
    struct str variable;
    bool item;      /* begins with `@`: of a filter, at the item that is filtered */
    bool definite;  /* finds one value at most */
    bool reference; /* a Reference Path */
    uint32_t token_count;
    const struct path_token *tokens;
};

static inline bool path_is_function(const struct path *path)
{
    return path->token_count > 0 && path->tokens[path->token_count - 1].type == PATH_TOKEN_FUNCTION;
}

#endif
