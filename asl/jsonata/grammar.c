#include "asl/jsonata/grammar.h"

#include "asl/jsonata/regex.h"
#include "asl/jsonata/signature.h"
#include "asl/jsonata/tokenizer.h"
#include "base/assert.h"
#include "base/limits.h"

#define POWER_UNARY_MINUS 70

struct grammar {
    struct compilation *compilation;
    struct tokenizer tokenizer;
    struct token token; /* the next one, not yet used */
    uint32_t depth;
};

static const uint8_t powers[] = {
#define OPERATOR(id, text, power) power,
#include "asl/jsonata/operators.def"
};

struct node_list {
    struct node **nodes;
    size_t count;
    uint32_t capacity;
};

static enum status parse_expression(struct grammar *grammar, uint8_t power, struct node **out_node);

static enum status fail_at(struct grammar *grammar, enum fault_code code, const struct token *token)
{
    return compilation_fail(grammar->compilation, code, token->position, tokenizer_datum(token));
}

static enum status fail_deep(struct grammar *grammar)
{
    TRY(compilation_fail(grammar->compilation, FAULT_U1001, grammar->token.position, DATUM_NONE) == STATUS_INVALID
            ? STATUS_OK
            : STATUS_FATAL);
    grammar->compilation->fault.message = STR("The expression is nested too deeply");
    return STATUS_INVALID;
}

/* Notes that `child` hangs under `node`: no later pass may recurse deeper than JSONATA_HEIGHT_MAX. */
static enum status adopt(struct grammar *grammar, struct node *node, const struct node *child)
{
    if (child->depth >= node->depth) {
        node->depth = child->depth + 1;
    }
    return node->depth > JSONATA_HEIGHT_MAX ? fail_deep(grammar) : STATUS_OK;
}

static enum status list_add(struct grammar *grammar, struct node_list *list, struct node *node)
{
    list->nodes = compilation_grow(grammar->compilation->arena, list->nodes, sizeof *list->nodes, list->count, &list->capacity);
    TRY_NEW(list->nodes);
    list->nodes[list->count++] = node;
    return STATUS_OK;
}

/* Parses one expression into the list of `node`'s items. */
static enum status parse_item(struct grammar *grammar, struct node *node, struct node_list *list)
{
    struct node *item = NULL;
    TRY(parse_expression(grammar, 0, &item));
    TRY(adopt(grammar, node, item));
    return list_add(grammar, list, item);
}

/* Parses one expression as a child of `node`. */
static enum status parse_child(struct grammar *grammar, struct node *node, uint8_t power, struct node **out_child)
{
    struct node *child = NULL;
    TRY(parse_expression(grammar, power, &child));
    TRY(adopt(grammar, node, child));
    *out_child = child;
    return STATUS_OK;
}

static enum status node_create(struct grammar *grammar, enum node_type type, const struct token *token, struct node **out_node)
{
    struct node *node = arena_new(grammar->compilation->arena, struct node);
    TRY_NEW(node);
    *node = (struct node){.type = type,
                          .operator = token->operator,
                          .position = token->position,
                          .text = token->text,
                          .number = token->number,
                          .boolean = token->boolean,
                          .variable = VARIABLE_NONE,
                          .focus = VARIABLE_NONE,
                          .index = VARIABLE_NONE};
    *out_node = node;
    return STATUS_OK;
}

static bool next_is(const struct grammar *grammar, enum operator_type operator)
{
    return grammar->token.type == TOKEN_OPERATOR && grammar->token.operator == operator;
}

/* Reads the next token. `infix`: an operand has just ended. */
static enum status advance(struct grammar *grammar, bool infix)
{
    TRY(tokenizer_next(&grammar->tokenizer, infix, &grammar->token));
    if (next_is(grammar, OPERATOR_NOT) || next_is(grammar, OPERATOR_TILDE)) {
        return fail_at(grammar, FAULT_S0204, &grammar->token);
    }
    return STATUS_OK;
}

static enum status expect(struct grammar *grammar, enum operator_type operator, bool infix)
{
    if (!next_is(grammar, operator)) {
        enum status failed = fail_at(grammar, grammar->token.type == TOKEN_END ? FAULT_S0203 : FAULT_S0202, &grammar->token);
        grammar->compilation->fault.value = datum_string(tokenizer_operator(operator));
        return failed;
    }
    return advance(grammar, infix);
}

/* ( a; b; c ) */
static enum status parse_block(struct grammar *grammar, const struct token *token, struct node **out_node)
{
    struct node *block = NULL;
    struct node_list list = {0};
    TRY(node_create(grammar, NODE_BLOCK, token, &block));
    while (!next_is(grammar, OPERATOR_CLOSE)) {
        TRY(parse_item(grammar, block, &list));
        if (!next_is(grammar, OPERATOR_SEMICOLON)) {
            break;
        }
        TRY(advance(grammar, false));
    }
    TRY(expect(grammar, OPERATOR_CLOSE, true));
    block->items = list.nodes;
    block->count = list.count;
    *out_node = block;
    return STATUS_OK;
}

/* a..b, after a */
static enum status parse_range(struct grammar *grammar, struct node *left, struct node **out_node)
{
    struct node *range = NULL;
    TRY(node_create(grammar, NODE_BINARY, &grammar->token, &range));
    TRY(advance(grammar, false));
    range->left = left;
    TRY(adopt(grammar, range, left));
    TRY(parse_child(grammar, range, 0, &range->right));
    *out_node = range;
    return STATUS_OK;
}

/* [ a, b..c ] */
static enum status parse_array(struct grammar *grammar, const struct token *token, struct node **out_node)
{
    struct node *array = NULL;
    struct node_list list = {0};
    TRY(node_create(grammar, NODE_ARRAY, token, &array));
    bool more = !next_is(grammar, OPERATOR_CLOSE_BRACKET);
    while (more) {
        struct node *item = NULL;
        TRY(parse_expression(grammar, 0, &item));
        if (next_is(grammar, OPERATOR_RANGE)) {
            TRY(parse_range(grammar, item, &item));
        }
        TRY(adopt(grammar, array, item));
        TRY(list_add(grammar, &list, item));
        more = next_is(grammar, OPERATOR_COMMA);
        if (more) {
            TRY(advance(grammar, false));
        }
    }
    TRY(expect(grammar, OPERATOR_CLOSE_BRACKET, true));
    array->items = list.nodes;
    array->count = list.count;
    *out_node = array;
    return STATUS_OK;
}

/* The pairs of { key: value, … } up to and including the brace; for an object and for a group-by. */
static enum status parse_pairs(struct grammar *grammar, struct node *node)
{
    struct node_list list = {0};
    bool more = !next_is(grammar, OPERATOR_CLOSE_BRACE);
    while (more) {
        TRY(parse_item(grammar, node, &list));
        TRY(expect(grammar, OPERATOR_COLON, false));
        TRY(parse_item(grammar, node, &list));
        more = next_is(grammar, OPERATOR_COMMA);
        if (more) {
            TRY(advance(grammar, false));
        }
    }
    TRY(expect(grammar, OPERATOR_CLOSE_BRACE, true));
    node->items = list.nodes;
    node->count = list.count / 2;
    return STATUS_OK;
}

/* | pattern | update, delete | */
static enum status parse_transform(struct grammar *grammar, const struct token *token, struct node **out_node)
{
    struct node *transform = NULL;
    TRY(node_create(grammar, NODE_TRANSFORM, token, &transform));
    TRY(parse_child(grammar, transform, 0, &transform->left));
    TRY(expect(grammar, OPERATOR_BAR, false));
    TRY(parse_child(grammar, transform, 0, &transform->right));
    if (next_is(grammar, OPERATOR_COMMA)) {
        TRY(advance(grammar, false));
        TRY(parse_child(grammar, transform, 0, &transform->third));
    }
    TRY(expect(grammar, OPERATOR_BAR, false));
    *out_node = transform;
    return STATUS_OK;
}

static enum status parse_regex(struct grammar *grammar, const struct token *token, struct node **out_node)
{
    struct node *node = NULL;
    TRY(node_create(grammar, NODE_REGEX, token, &node));
    struct str message = STR_NONE;
    const struct regex_source source = {token->text, token->case_insensitive, token->multi_line};
    enum status status = regex_compile(grammar->compilation->arena, &source, &node->regex, &message);
    if (status == STATUS_INVALID) {
        TRY(fail_at(grammar, FAULT_S0303, token) == STATUS_INVALID ? STATUS_OK : STATUS_FATAL);
        grammar->compilation->fault.message = message;
    }
    *out_node = node;
    return status;
}

/* An operator where an operand should begin. */
static enum status parse_prefix_operator(struct grammar *grammar, const struct token *token, struct node **out_node)
{
    struct node *node = NULL;
    switch (token->operator) {
    case OPERATOR_OPEN:
        return parse_block(grammar, token, out_node);
    case OPERATOR_OPEN_BRACKET:
        return parse_array(grammar, token, out_node);
    case OPERATOR_OPEN_BRACE:
        TRY(node_create(grammar, NODE_OBJECT, token, out_node));
        return parse_pairs(grammar, *out_node);
    case OPERATOR_BAR:
        return parse_transform(grammar, token, out_node);
    case OPERATOR_MINUS:
        TRY(node_create(grammar, NODE_MINUS, token, &node));
        TRY(parse_child(grammar, node, POWER_UNARY_MINUS, &node->left));
        *out_node = node;
        return STATUS_OK;
    case OPERATOR_TIMES:
        return node_create(grammar, NODE_WILDCARD, token, out_node);
    case OPERATOR_DESCENDANT:
        return node_create(grammar, NODE_DESCENDANT, token, out_node);
    case OPERATOR_MODULO:
        return node_create(grammar, NODE_PARENT, token, out_node);
    case OPERATOR_AND:
    case OPERATOR_OR:
    case OPERATOR_IN:
        return node_create(grammar, NODE_WORD, token, out_node);
    case OPERATOR_DOT:
    case OPERATOR_CLOSE_BRACKET:
    case OPERATOR_CLOSE_BRACE:
    case OPERATOR_CLOSE:
    case OPERATOR_COMMA:
    case OPERATOR_FOCUS:
    case OPERATOR_INDEX:
    case OPERATOR_SEMICOLON:
    case OPERATOR_COLON:
    case OPERATOR_QUESTION:
    case OPERATOR_PLUS:
    case OPERATOR_DIVIDE:
    case OPERATOR_EQUAL:
    case OPERATOR_LESS:
    case OPERATOR_GREATER:
    case OPERATOR_ORDER:
    case OPERATOR_RANGE:
    case OPERATOR_ASSIGN:
    case OPERATOR_NOT_EQUAL:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER_EQUAL:
    case OPERATOR_CHAIN:
    case OPERATOR_CONCAT:
    case OPERATOR_NOT:
    case OPERATOR_TILDE:
    case OPERATOR_COUNT:
        return fail_at(grammar, FAULT_S0211, token);
    }
    UNREACHABLE("operator");
}

/* What begins with `token`, which is already used up. */
static enum status parse_prefix(struct grammar *grammar, const struct token *token, struct node **out_node)
{
    switch (token->type) {
    case TOKEN_END:
        return node_create(grammar, NODE_END, token, out_node);
    case TOKEN_OPERATOR:
        return parse_prefix_operator(grammar, token, out_node);
    case TOKEN_NAME:
        return node_create(grammar, NODE_NAME, token, out_node);
    case TOKEN_VARIABLE:
        TRY(node_create(grammar, NODE_VARIABLE, token, out_node));
        return compilation_variable(grammar->compilation, token->text, &(*out_node)->variable);
    case TOKEN_STRING:
        return node_create(grammar, NODE_STRING, token, out_node);
    case TOKEN_NUMBER:
        return node_create(grammar, NODE_NUMBER, token, out_node);
    case TOKEN_BOOLEAN:
        return node_create(grammar, NODE_BOOLEAN, token, out_node);
    case TOKEN_NULL:
        return node_create(grammar, NODE_NULL, token, out_node);
    case TOKEN_REGEX:
        return parse_regex(grammar, token, out_node);
    }
    UNREACHABLE("token type");
}

/* The text between < and its >, after the lambda's parameters. */
static enum status parse_signature(struct grammar *grammar, struct node *lambda)
{
    uint32_t position = grammar->token.position;
    struct buffer text = buffer_in(grammar->compilation->arena);
    TRY(buffer_add_byte(&text, '<'));
    int depth = 1;
    while (depth > 0 && !next_is(grammar, OPERATOR_OPEN_BRACE) && grammar->token.type != TOKEN_END) {
        TRY(advance(grammar, false));
        if (next_is(grammar, OPERATOR_GREATER)) {
            depth--;
        } else if (next_is(grammar, OPERATOR_LESS)) {
            depth++;
        }
        TRY(buffer_add(&text, grammar->token.text));
    }
    TRY(expect(grammar, OPERATOR_GREATER, false));
    struct signature_error error = {0};
    enum status status =
        signature_parse(grammar->compilation->arena, buffer_text(&text), &lambda->signature, &error);
    if (status == STATUS_INVALID) {
        return compilation_fail(grammar->compilation, error.choice ? FAULT_S0402 : FAULT_S0401, position + error.offset,
                                DATUM_NONE);
    }
    return status;
}

/* function($a, $b)<signature>{ body }, after the parameters */
static enum status parse_lambda(struct grammar *grammar, struct node *call)
{
    for (size_t at = 0; at < call->count; at++) {
        const struct node *parameter = call->items[at];
        if (parameter->type != NODE_VARIABLE) {
            enum status failed = compilation_fail(grammar->compilation, FAULT_S0208, parameter->position,
                                                  datum_string(parameter->text));
            grammar->compilation->fault.value = datum_number((double)at + 1);
            return failed;
        }
    }
    call->type = NODE_LAMBDA;
    if (next_is(grammar, OPERATOR_LESS)) {
        TRY(parse_signature(grammar, call));
    }
    TRY(expect(grammar, OPERATOR_OPEN_BRACE, false));
    TRY(parse_child(grammar, call, 0, &call->left));
    return expect(grammar, OPERATOR_CLOSE_BRACE, false); /* so a slash begins a regular expression: 2.0.6 as well */
}

/* f(a, ?), after f and ( */
static enum status parse_call(struct grammar *grammar, const struct token *token, struct node *left, struct node **out_node)
{
    struct node *call = NULL;
    struct node_list list = {0};
    TRY(node_create(grammar, NODE_CALL, token, &call));
    TRY(adopt(grammar, call, left));
    call->left = left;
    bool more = !next_is(grammar, OPERATOR_CLOSE);
    while (more) {
        if (next_is(grammar, OPERATOR_QUESTION)) {
            struct node *placeholder = NULL;
            call->type = NODE_PARTIAL;
            TRY(node_create(grammar, NODE_PLACEHOLDER, &grammar->token, &placeholder));
            TRY(list_add(grammar, &list, placeholder));
            TRY(advance(grammar, false));
        } else {
            TRY(parse_item(grammar, call, &list));
        }
        more = next_is(grammar, OPERATOR_COMMA);
        if (more) {
            TRY(advance(grammar, false));
        }
    }
    TRY(expect(grammar, OPERATOR_CLOSE, true));
    call->items = list.nodes;
    call->count = list.count;
    *out_node = call;
    bool is_function = left->type == NODE_NAME &&
                       (str_equal(left->text, STR("function")) || str_equal(left->text, STR("\xCE\xBB")));
    return is_function ? parse_lambda(grammar, call) : STATUS_OK;
}

/* left[ predicate ] and left[] */
static enum status parse_filter(struct grammar *grammar, const struct token *token, struct node *left, struct node **out_node)
{
    if (next_is(grammar, OPERATOR_CLOSE_BRACKET)) {
        struct node *step = left;
        while (step->type == NODE_BINARY && step->operator == OPERATOR_OPEN_BRACKET) {
            step = step->left;
        }
        step->keep_array = true;
        *out_node = left;
        return advance(grammar, false); /* so a slash begins a regular expression: 2.0.6 as well */
    }
    struct node *filter = NULL;
    TRY(node_create(grammar, NODE_BINARY, token, &filter));
    TRY(adopt(grammar, filter, left));
    filter->left = left;
    TRY(parse_child(grammar, filter, 0, &filter->right));
    *out_node = filter;
    return expect(grammar, OPERATOR_CLOSE_BRACKET, true);
}

/* left^( >a, b ) */
static enum status parse_order(struct grammar *grammar, const struct token *token, struct node *left, struct node **out_node)
{
    struct node *order = NULL;
    struct node_list list = {0};
    TRY(node_create(grammar, NODE_BINARY, token, &order));
    TRY(adopt(grammar, order, left));
    order->left = left;
    TRY(expect(grammar, OPERATOR_OPEN, false));
    bool more = true;
    while (more) {
        struct node *term = NULL;
        TRY(node_create(grammar, NODE_TERM, &grammar->token, &term));
        if (next_is(grammar, OPERATOR_LESS) || next_is(grammar, OPERATOR_GREATER)) {
            term->descending = next_is(grammar, OPERATOR_GREATER);
            TRY(advance(grammar, false));
        }
        TRY(parse_child(grammar, term, 0, &term->left));
        TRY(adopt(grammar, order, term));
        TRY(list_add(grammar, &list, term));
        more = next_is(grammar, OPERATOR_COMMA);
        if (more) {
            TRY(advance(grammar, false));
        }
    }
    order->items = list.nodes;
    order->count = list.count;
    *out_node = order;
    return expect(grammar, OPERATOR_CLOSE, false); /* so a slash begins a regular expression: 2.0.6 as well */
}

static enum status parse_condition(struct grammar *grammar, const struct token *token, struct node *left,
                                   struct node **out_node)
{
    struct node *condition = NULL;
    TRY(node_create(grammar, NODE_CONDITION, token, &condition));
    TRY(adopt(grammar, condition, left));
    condition->left = left;
    TRY(parse_child(grammar, condition, 0, &condition->right));
    if (next_is(grammar, OPERATOR_COLON)) {
        TRY(advance(grammar, false));
        TRY(parse_child(grammar, condition, 0, &condition->third));
    }
    *out_node = condition;
    return STATUS_OK;
}

static enum status parse_binary(struct grammar *grammar, const struct token *token, struct node *left, struct node **out_node)
{
    struct node *binary = NULL;
    TRY(node_create(grammar, NODE_BINARY, token, &binary));
    TRY(adopt(grammar, binary, left));
    binary->left = left;
    bool assigns = token->operator == OPERATOR_ASSIGN;
    if (assigns && left->type != NODE_VARIABLE) {
        return compilation_fail(grammar->compilation, FAULT_S0212, left->position, datum_string(left->text));
    }
    uint8_t power = powers[token->operator];
    TRY(parse_child(grammar, binary, assigns ? (uint8_t)(power - 1) : power, &binary->right));
    bool binds = token->operator == OPERATOR_FOCUS || token->operator == OPERATOR_INDEX;
    if (binds && binary->right->type != NODE_VARIABLE) {
        return compilation_fail(grammar->compilation, FAULT_S0214, binary->right->position, datum_string(token->text));
    }
    *out_node = binary;
    return STATUS_OK;
}

/* What continues `left` with the operator `token`, which is already used up. */
static enum status parse_infix(struct grammar *grammar, const struct token *token, struct node *left, struct node **out_node)
{
    if (token->operator == OPERATOR_OPEN) {
        return parse_call(grammar, token, left, out_node);
    }
    if (token->operator == OPERATOR_OPEN_BRACKET) {
        return parse_filter(grammar, token, left, out_node);
    }
    if (token->operator == OPERATOR_OPEN_BRACE) {
        struct node *group = NULL;
        TRY(node_create(grammar, NODE_BINARY, token, &group));
        TRY(adopt(grammar, group, left));
        group->left = left;
        *out_node = group;
        return parse_pairs(grammar, group);
    }
    if (token->operator == OPERATOR_ORDER) {
        return parse_order(grammar, token, left, out_node);
    }
    if (token->operator == OPERATOR_QUESTION) {
        return parse_condition(grammar, token, left, out_node);
    }
    return parse_binary(grammar, token, left, out_node);
}

/* How strongly the next token binds to what stands before it; 0: it does not. */
static uint8_t next_power(const struct grammar *grammar)
{
    if (grammar->token.type != TOKEN_OPERATOR || grammar->token.operator == OPERATOR_RANGE) {
        return 0;
    }
    return powers[grammar->token.operator];
}

static enum status parse_expression(struct grammar *grammar, uint8_t power, struct node **out_node)
{
    if (grammar->depth == JSONATA_NESTING_MAX) {
        return fail_deep(grammar);
    }
    grammar->depth++;
    struct token token = grammar->token;
    struct node *left = NULL;
    if (token.type != TOKEN_END) {
        TRY(advance(grammar, true));
    }
    TRY(parse_prefix(grammar, &token, &left));
    while (power < next_power(grammar)) {
        token = grammar->token;
        TRY(advance(grammar, false));
        TRY(parse_infix(grammar, &token, left, &left));
    }
    grammar->depth--;
    *out_node = left;
    return STATUS_OK;
}

enum status grammar_parse(struct compilation *compilation, struct str text, struct node **out_root)
{
    struct grammar grammar = {
        .compilation = compilation,
        .tokenizer = {.arena = compilation->arena, .text = text, .fault = &compilation->fault},
    };
    TRY(advance(&grammar, false));
    struct node *root = NULL;
    TRY(parse_expression(&grammar, 0, &root));
    if (grammar.token.type != TOKEN_END) {
        return fail_at(&grammar, FAULT_S0201, &grammar.token);
    }
    *out_root = root;
    return STATUS_OK;
}
