#include "asl/jsonpath/path_evaluate.h"

#include "asl/java_text.h"
#include "asl/jsonpath/path_filter.h"
#include "asl/jsonpath/path_function.h"
#include "base/assert.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

#define DEPTH_MAX (4 * JSON_DEPTH_MAX) /* of the walk: a value's depth, once more for what was computed, and the tokens */
#define MESSAGE_BYTES_MAX 1024
#define FOUND_FIRST 8
#define MEMBERS_A_VISIT 16 /* of an object in which a name is looked for */

/* Where the walk is, for messages: a chain up to the root. */
struct place {
    const struct place *outer;
    const struct str *name; /* NULL: an index, or the root */
    int64_t index;
};

/* One path being walked. */
struct run {
    struct path_evaluation *evaluation;
    const struct path *path;
    const struct value *document;
    bool required;
    uint32_t depth;
    const struct value **found;
    size_t count;
    size_t capacity;
};

enum status path_evaluation_fail(struct path_evaluation *evaluation, const char *format, ...)
{
    char message[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    size_t shown = length < 0 ? 0 : (size_t)length < sizeof message ? (size_t)length : sizeof message - 1;
    TRY(arena_copy(evaluation->arena, (struct str){message, shown}, &evaluation->message));
    return STATUS_INVALID;
}

enum status path_evaluation_visit(struct path_evaluation *evaluation, uint64_t visits)
{
    evaluation->visits += visits;
    if (evaluation->visits > PATH_VISITS_MAX) {
        return path_evaluation_fail(evaluation, "The path looks at more than %d values", PATH_VISITS_MAX);
    }
    if (evaluation->visits > evaluation->visits_max) {
        return path_evaluation_fail(evaluation, "The state's paths and expressions together take too long");
    }
    return STATUS_OK;
}

static struct str root_text(const struct path *path)
{
    switch (path->root) {
    case PATH_ROOT_INPUT:
        return path->item ? STR("@") : STR("$");
    case PATH_ROOT_CONTEXT:
        return STR("$$");
    case PATH_ROOT_VARIABLE:
        return (struct str){path->text.bytes, path->variable.length + 1};
    }
    UNREACHABLE("path root");
}

static enum status add_place(struct buffer *buffer, const struct run *run, const struct place *place)
{
    const struct place *chain[DEPTH_MAX + 2];
    size_t count = 0;
    for (; place->outer != NULL && count < DEPTH_MAX + 2; place = place->outer) {
        chain[count++] = place;
    }
    TRY(buffer_add(buffer, root_text(run->path)));
    while (count > 0) {
        const struct place *next = chain[--count];
        if (next->name == NULL) {
            TRY(buffer_format(buffer, "[%lld]", (long long)next->index));
        } else {
            TRY(buffer_format(buffer, "['%.*s']", STR_ARGS(*next->name)));
        }
    }
    return STATUS_OK;
}

/* The path from token `at` on, as Jayway prints it: `['a'][0]`. */
static enum status add_tokens(struct buffer *buffer, const struct path *path, uint32_t at)
{
    for (; at < path->token_count; at++) {
        TRY(buffer_add(buffer, path->tokens[at].text));
    }
    return STATUS_OK;
}

/* STATUS_NOT_FOUND, with `before`, the place and `after` as the message. */
static enum status not_found(struct run *run, const struct place *place, const char *before, const char *after)
{
    if (!run->evaluation->quiet) {
        struct buffer buffer = buffer_in(run->evaluation->arena);
        TRY(buffer_add(&buffer, str_of(before)));
        TRY(add_place(&buffer, run, place));
        TRY(buffer_add(&buffer, str_of(after)));
        run->evaluation->message = buffer_text(&buffer);
    }
    return STATUS_NOT_FOUND;
}

static enum status not_an_object(struct run *run, const struct path_token *token, const struct place *place,
                                 const struct value *value)
{
    struct str after;
    struct str before;
    if (run->evaluation->quiet) {
        return STATUS_NOT_FOUND;
    }
    TRY(arena_format(run->evaluation->arena, &before, "Expected to find an object with property %.*s in path ",
                     STR_ARGS(token->text)));
    TRY(arena_format(run->evaluation->arena, &after,
                     " but found '%s'. This is not a json object according to the JsonProvider: "
                     "'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
                     java_text_class(value)));
    return not_found(run, place, before.bytes, after.bytes);
}

static enum status not_an_array(struct run *run, const struct path_token *token, const struct place *place,
                                const struct value *value)
{
    if (value->type == VALUE_NULL) {
        return not_found(run, place, "The path ", " is null");
    }
    if (!run->evaluation->quiet) {
        struct buffer buffer = buffer_in(run->evaluation->arena);
        TRY(buffer_add(&buffer, STR("Filter: ")));
        TRY(add_tokens(&buffer, run->path, (uint32_t)(token - run->path->tokens)));
        TRY(buffer_add(&buffer, STR(" can only be applied to arrays. Current context is: ")));
        TRY(java_text_write(&buffer, value));
        run->evaluation->message = buffer_text(&buffer);
    }
    return STATUS_NOT_FOUND;
}

static enum status add_found(struct run *run, const struct value *value)
{
    if (run->count == run->capacity) {
        size_t capacity = run->capacity == 0 ? FOUND_FIRST : run->capacity * 2;
        const struct value **found = arena_allocate(run->evaluation->arena, capacity * sizeof *found);
        TRY_NEW(found);
        if (run->count > 0) {
            memcpy(found, run->found, run->count * sizeof *found);
        }
        run->found = found;
        run->capacity = capacity;
    }
    run->found[run->count++] = value;
    return STATUS_OK;
}

static enum status walk(struct run *run, uint32_t at, const struct place *place, const struct value *value);

static bool is_last(const struct run *run, uint32_t at)
{
    return at + 1 == run->path->token_count;
}

static enum status walk_property(struct run *run, uint32_t at, const struct place *place, const struct value *object,
                                 const struct str *name)
{
    const struct path_token *token = &run->path->tokens[at];
    struct place inner = {.outer = place, .name = name};
    const struct value *value = value_get(object, *name);
    if (object->count >= MEMBERS_A_VISIT) {
        TRY(path_evaluation_visit(run->evaluation, object->count / MEMBERS_A_VISIT));
    }
    if (value != NULL) {
        return walk(run, at + 1, &inner, value);
    }
    if (is_last(run, at)) {
        return run->required ? not_found(run, &inner, "No results for path: ", "") : STATUS_OK;
    }
    bool definite = token->upstream_definite && token->definite;
    return definite || run->required ? not_found(run, &inner, "Missing property in path ", "") : STATUS_OK;
}

/* The members of several names, in one object. */
static enum status merge_properties(struct run *run, const struct path_token *token, const struct place *place,
                                    const struct value *object)
{
    struct value_member *members = arena_array(run->evaluation->arena, struct value_member, token->count);
    TRY_NEW(members);
    size_t count = 0;
    for (uint32_t at = 0; at < token->count; at++) {
        const struct value *value = value_get(object, token->names[at]);
        bool repeated = false;
        for (size_t earlier = 0; earlier < count; earlier++) {
            repeated |= str_equal(members[earlier].key, token->names[at]);
        }
        if (value == NULL && run->required) {
            return not_found(run, place, "Missing property in path ", "");
        }
        if (value != NULL && !repeated) {
            members[count++] = (struct value_member){.key = token->names[at], .value = value};
        }
    }
    const struct value *merged = NULL;
    TRY(value_object(run->evaluation->arena, members, count, &merged));
    return add_found(run, merged);
}

static enum status walk_properties(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    const struct path_token *token = &run->path->tokens[at];
    if (value->type != VALUE_OBJECT) {
        return token->upstream_definite ? not_an_object(run, token, place, value) : STATUS_OK;
    }
    if (token->count > 1 && is_last(run, at)) {
        return merge_properties(run, token, place, value);
    }
    for (uint32_t name = 0; name < token->count; name++) {
        TRY(walk_property(run, at, place, value, &token->names[name]));
    }
    return STATUS_OK;
}

/* Item `index`, from the end when negative; nothing when it is not there. */
static enum status walk_item(struct run *run, uint32_t at, const struct place *place, const struct value *array, int64_t index)
{
    int64_t counted = index < 0 ? index + array->count : index;
    if (counted < 0 || counted >= array->count) {
        return STATUS_OK;
    }
    return walk(run, at + 1, &(struct place){.outer = place, .index = index}, array->items[counted]);
}

static enum status walk_slice(struct run *run, uint32_t at, const struct place *place, const struct value *array)
{
    const struct path_slice *slice = &run->path->tokens[at].slice;
    int64_t count = array->count;
    int64_t from = slice->has_from ? slice->from : 0;
    int64_t to = slice->has_to ? slice->to : count;
    /* Jayway counts from the end in an open slice only; in a closed one negative indexes are tried one by one. */
    if (!slice->has_to && from < 0) {
        from = from + count < 0 ? 0 : from + count;
    } else if (!slice->has_from && to < 0) {
        to += count;
    }
    from = from < -count ? -count : from;
    to = to > count ? count : to;
    for (int64_t index = from; index < to; index++) {
        TRY(walk_item(run, at, place, array, index));
    }
    return STATUS_OK;
}

static enum status walk_array(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    const struct path_token *token = &run->path->tokens[at];
    if (value->type != VALUE_ARRAY) {
        return token->upstream_definite ? not_an_array(run, token, place, value) : STATUS_OK;
    }
    if (token->type == PATH_TOKEN_SLICE) {
        return walk_slice(run, at, place, value);
    }
    for (uint32_t index = 0; index < token->count; index++) {
        TRY(walk_item(run, at, place, value, token->indexes[index]));
    }
    return STATUS_OK;
}

static enum status walk_wildcard(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    for (uint32_t index = 0; index < value->count; index++) {
        struct place inner = {.outer = place, .index = index};
        const struct value *child = NULL;
        if (value->type == VALUE_OBJECT) {
            inner.name = &value->members[index].key;
            child = value->members[index].value;
        } else {
            child = value->items[index];
        }
        TRY(walk(run, at + 1, &inner, child));
    }
    return STATUS_OK;
}

static enum status walk_filter(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    const struct path_token *token = &run->path->tokens[at];
    bool accepted = false;
    if (value->type == VALUE_OBJECT) {
        TRY(path_filter_accepts(run->evaluation, token->filter, value, run->document, &accepted));
        return accepted ? walk(run, at + 1, place, value) : STATUS_OK;
    }
    if (value->type != VALUE_ARRAY) {
        if (!token->upstream_definite) {
            return STATUS_OK;
        }
        struct buffer text = buffer_in(run->evaluation->arena);
        TRY(java_text_write(&text, value));
        TRY(arena_format(run->evaluation->arena, &run->evaluation->message,
                         "Filter: [?] can not be applied to primitives. Current context is: %.*s",
                         STR_ARGS(buffer_text(&text))));
        return STATUS_REFUSED;
    }
    for (uint32_t index = 0; index < value->count; index++) {
        TRY(path_filter_accepts(run->evaluation, token->filter, value->items[index], run->document, &accepted));
        if (accepted) {
            TRY(walk_item(run, at, place, value, index));
        }
    }
    return STATUS_OK;
}

/* Whether the token after `..` is to be tried at `value`. */
static enum status scan_matches(struct run *run, const struct path_token *token, const struct value *value, bool *out_matches)
{
    switch (token->type) {
    case PATH_TOKEN_PROPERTY:
        *out_matches = value->type == VALUE_OBJECT;
        for (uint32_t name = 0; *out_matches && token->definite && name < token->count; name++) {
            *out_matches = value_get(value, token->names[name]) != NULL;
        }
        return STATUS_OK;
    case PATH_TOKEN_INDEX:
    case PATH_TOKEN_SLICE:
        *out_matches = value->type == VALUE_ARRAY;
        return STATUS_OK;
    case PATH_TOKEN_WILDCARD:
        *out_matches = true;
        return STATUS_OK;
    case PATH_TOKEN_FILTER:
        return path_filter_accepts(run->evaluation, token->filter, value, run->document, out_matches);
    case PATH_TOKEN_SCAN:
    case PATH_TOKEN_FUNCTION:
        *out_matches = false;
        return STATUS_OK;
    }
    UNREACHABLE("path token type");
}

/* `value` and all below it, each before what is inside it. */
static enum status walk_scan(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    if (value->type != VALUE_OBJECT && value->type != VALUE_ARRAY) {
        return STATUS_OK;
    }
    TRY(path_evaluation_visit(run->evaluation, 1 + (uint64_t)value->count));
    if (run->depth == DEPTH_MAX) {
        return path_evaluation_fail(run->evaluation, "The path goes deeper than %d", DEPTH_MAX);
    }
    bool matches = false;
    run->depth++;
    TRY(scan_matches(run, &run->path->tokens[at + 1], value, &matches));
    if (matches) {
        TRY(walk(run, at + 1, place, value));
    }
    for (uint32_t index = 0; index < value->count; index++) {
        struct place inner = {.outer = place, .index = index};
        bool object = value->type == VALUE_OBJECT;
        inner.name = object ? &value->members[index].key : NULL;
        TRY(walk_scan(run, at, &inner, object ? value->members[index].value : value->items[index]));
    }
    run->depth--;
    return STATUS_OK;
}

static enum status walk_function(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    const struct value *result = NULL;
    TRY(path_function_call(run->evaluation, &run->path->tokens[at], value, run->document, &result));
    return walk(run, at + 1, place, result);
}

static enum status walk_token(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    switch (run->path->tokens[at].type) {
    case PATH_TOKEN_PROPERTY:
        return walk_properties(run, at, place, value);
    case PATH_TOKEN_INDEX:
    case PATH_TOKEN_SLICE:
        return walk_array(run, at, place, value);
    case PATH_TOKEN_WILDCARD:
        return walk_wildcard(run, at, place, value);
    case PATH_TOKEN_SCAN:
        return walk_scan(run, at, place, value);
    case PATH_TOKEN_FILTER:
        return walk_filter(run, at, place, value);
    case PATH_TOKEN_FUNCTION:
        return walk_function(run, at, place, value);
    }
    UNREACHABLE("path token type");
}

/* The tokens from `at` on, at `value`. */
static enum status walk(struct run *run, uint32_t at, const struct place *place, const struct value *value)
{
    TRY(path_evaluation_visit(run->evaluation, 1));
    if (at == run->path->token_count) {
        return add_found(run, value);
    }
    return walk_token(run, at, place, value);
}

static enum status no_results(struct run *run)
{
    if (!run->evaluation->quiet) {
        struct buffer buffer = buffer_in(run->evaluation->arena);
        TRY(buffer_add(&buffer, STR("No results for path: ")));
        TRY(buffer_add(&buffer, root_text(run->path)));
        TRY(add_tokens(&buffer, run->path, 0));
        run->evaluation->message = buffer_text(&buffer);
    }
    return STATUS_NOT_FOUND;
}

/* What the path's root names; NULL when it is not there. */
static const struct value *root_value(const struct path_evaluation *evaluation, const struct path *path,
                                      const struct path_start *start)
{
    switch (path->root) {
    case PATH_ROOT_INPUT:
        return path->item ? start->item : start->document;
    case PATH_ROOT_CONTEXT:
        return evaluation->roots->context;
    case PATH_ROOT_VARIABLE:
        return value_get(evaluation->roots->variables, path->variable);
    }
    UNREACHABLE("path root");
}

enum status path_evaluation_run(struct path_evaluation *evaluation, const struct path *path, const struct path_start *start,
                                const struct value **out_value)
{
    const struct value *root = root_value(evaluation, path, start);
    struct run run = {
        .evaluation = evaluation,
        .path = path,
        .document = path->root == PATH_ROOT_INPUT ? start->document : root,
        .required = start->required,
    };
    if (root == NULL) {
        return no_results(&run);
    }
    if (evaluation->nesting == 2 * PATH_NESTING_MAX) {
        return path_evaluation_fail(evaluation, "Nested more than %d deep", 2 * PATH_NESTING_MAX);
    }
    evaluation->nesting++;
    enum status status = walk(&run, 0, &(struct place){.outer = NULL}, root);
    evaluation->nesting--;
    TRY(status);
    if (!path->definite) {
        return value_array(evaluation->arena, run.found, run.count, out_value);
    }
    if (run.count == 0) {
        return no_results(&run);
    }
    *out_value = run.found[run.count - 1];
    return STATUS_OK;
}

enum status path_evaluate(struct arena *arena, const struct path *path, const struct path_roots *roots,
                          const struct value **out_value, struct str *out_message)
{
    struct path_evaluation evaluation = {
        .arena = arena, .roots = roots, .visits_max = env_work_left(roots->env), .quiet = out_message == NULL};
    struct path_start start = {.document = roots->input, .item = roots->input};
    enum status status = path_evaluation_run(&evaluation, path, &start, out_value);
    env_work_add(roots->env, 1 + evaluation.visits);
    if (status == STATUS_NOT_FOUND && !path->definite) {
        /* AWS is milder than Jayway here: recorded for $.items[*] and $.item.items[1:5] on {}. */
        *out_value = &value_empty_array;
        return STATUS_OK;
    }
    if (status != STATUS_OK && out_message != NULL) {
        *out_message = evaluation.message;
    }
    return status == STATUS_REFUSED ? STATUS_INVALID : status;
}
