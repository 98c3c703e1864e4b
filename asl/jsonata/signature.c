#include "asl/jsonata/signature.h"

#include "base/assert.h"

/* One bit a type symbol; `m` is a missing (undefined) argument. */
static const char symbols[] = "snblaofm";
#define MISSING 0x80U
#define SMALL_MAX 8 /* parameters and arguments that are matched without asking for memory */

struct parameter {
    uint8_t types;
    bool is_array; /* written `a`: a lone value is wrapped */
    bool optional;
    bool many;
    bool context;        /* may be left out and is the context then */
    struct str subtype;  /* of an array's items; STR_NONE: any */
};

struct signature {
    struct parameter *parameters;
    size_t count;
};

static uint8_t bit_of(char symbol)
{
    const char *found = symbol == '\0' ? NULL : strchr(symbols, symbol);
    return found == NULL ? 0 : (uint8_t)(1U << (found - symbols));
}

static uint8_t types_of(char symbol)
{
    uint8_t any = (uint8_t)(bit_of('s') | bit_of('n') | bit_of('b') | bit_of('l') | bit_of('a') | bit_of('o') | MISSING);
    switch (symbol) {
    case 's':
    case 'n':
    case 'b':
    case 'l':
    case 'o':
        return (uint8_t)(bit_of(symbol) | MISSING);
    case 'a':
    case 'x':
        return (uint8_t)(any | bit_of('f'));
    case 'j':
        return any;
    case 'f':
        return bit_of('f');
    default:
        return 0;
    }
}

static char symbol_of(struct datum datum)
{
    switch ((enum datum_type)datum.type) {
    case DATUM_UNDEFINED:
        return 'm';
    case DATUM_NULL:
        return 'l';
    case DATUM_BOOLEAN:
        return 'b';
    case DATUM_NUMBER:
        return 'n';
    case DATUM_STRING:
        return 's';
    case DATUM_ARRAY:
        return 'a';
    case DATUM_OBJECT:
        return 'o';
    case DATUM_FUNCTION:
        return 'f';
    case DATUM_TUPLE:
    case DATUM_THUNK:
        break;
    }
    UNREACHABLE("type of an argument");
}

/* Where the bracket that opens at `at` closes, or the text's length. */
static size_t find_close(struct str text, size_t at, char open, char close)
{
    int depth = 0;
    for (; at < text.length; at++) {
        if (text.bytes[at] == close && --depth == 0) {
            break;
        }
        depth += text.bytes[at] == open;
    }
    return at;
}

/* Reads what changes the parameter before it; false when the symbol is none of these. */
static bool read_modifier(char symbol, struct parameter *last)
{
    if (last != NULL && symbol == '-') {
        last->context = true;
        last->optional = true;
        return true;
    }
    if (last != NULL && (symbol == '?' || symbol == '+')) {
        last->optional |= symbol == '?';
        last->many |= symbol == '+';
        return true;
    }
    return symbol == '-' || symbol == '?' || symbol == '+';
}

static struct parameter parameter_of(char symbol)
{
    return (struct parameter){.types = types_of(symbol), .is_array = symbol == 'a'};
}

enum status signature_parse(struct arena *arena, struct str text, struct signature **out_signature,
                            struct signature_error *out_error)
{
    struct signature *signature = arena_new(arena, struct signature);
    TRY_NEW(signature);
    signature->parameters = arena_array(arena, struct parameter, text.length);
    TRY_NEW(signature->parameters);
    bool functional = false; /* whether the parameter before is a or f */
    for (size_t at = 1; at < text.length && text.bytes[at] != ':'; at++) {
        char symbol = text.bytes[at];
        struct parameter *last = signature->count == 0 ? NULL : &signature->parameters[signature->count - 1];
        if (symbol == '(') {
            size_t end = find_close(text, at, '(', ')');
            struct parameter choice = {.types = MISSING};
            for (size_t inner = at + 1; inner < end; inner++) {
                if (text.bytes[inner] == '<') {
                    *out_error = (struct signature_error){.offset = (uint32_t)at, .choice = true};
                    return STATUS_INVALID;
                }
                choice.types |= bit_of(text.bytes[inner]);
            }
            signature->parameters[signature->count++] = choice;
            functional = false;
            at = end;
        } else if (symbol == '<') {
            if (!functional) {
                *out_error = (struct signature_error){.offset = (uint32_t)at, .choice = false};
                return STATUS_INVALID;
            }
            size_t end = find_close(text, at, '<', '>');
            last->subtype = str_slice(text, at + 1, end - at - 1);
            at = end;
        } else if (!read_modifier(symbol, last) && types_of(symbol) != 0) {
            signature->parameters[signature->count++] = parameter_of(symbol);
            functional = symbol == 'a' || symbol == 'f';
        }
    }
    *out_signature = signature;
    return STATUS_OK;
}

/* One attempt to lay the first `count` parameters over the arguments. */
struct match {
    const struct signature *signature;
    struct arguments arguments;
    size_t count;
    bool whole;     /* all arguments must be used up */
    bool *possible; /* [parameter][argument]: the rest can be laid from here */
    size_t *taken;  /* [parameter]: how many arguments it got */
};

static bool accepts(const struct parameter *parameter, struct datum argument)
{
    return (parameter->types & bit_of(symbol_of(argument))) != 0;
}

static bool *possible_at(const struct match *match, size_t parameter, size_t argument)
{
    return &match->possible[parameter * (match->arguments.count + 1) + argument];
}

static bool is_possible(const struct match *match, size_t at, size_t argument)
{
    const struct parameter *parameter = &match->signature->parameters[at];
    if (parameter->optional && *possible_at(match, at + 1, argument)) {
        return true;
    }
    if (argument == match->arguments.count || !accepts(parameter, match->arguments.items[argument])) {
        return false;
    }
    return *possible_at(match, at + 1, argument + 1) || (parameter->many && *possible_at(match, at, argument + 1));
}

/* As many as it can have and the rest can still be laid. */
static size_t take(const struct match *match, size_t at, size_t argument)
{
    const struct parameter *parameter = &match->signature->parameters[at];
    size_t most = 0;
    while (argument + most < match->arguments.count && accepts(parameter, match->arguments.items[argument + most]) &&
           (most == 0 || parameter->many)) {
        most++;
    }
    while (most > 0 && !*possible_at(match, at + 1, argument + most)) {
        most--;
    }
    return most;
}

/* Whether it can be done; then match->taken and *out_used. */
static bool lay(struct match *match, size_t *out_used)
{
    size_t arguments = match->arguments.count;
    for (size_t argument = 0; argument <= arguments; argument++) {
        *possible_at(match, match->count, argument) = !match->whole || argument == arguments;
    }
    for (size_t at = match->count; at-- > 0;) {
        for (size_t argument = arguments + 1; argument-- > 0;) {
            *possible_at(match, at, argument) = is_possible(match, at, argument);
        }
    }
    if (!*possible_at(match, 0, 0)) {
        return false;
    }
    size_t used = 0;
    for (size_t at = 0; at < match->count; at++) {
        match->taken[at] = take(match, at, used);
        used += match->taken[at];
    }
    *out_used = used;
    return true;
}

/* Which argument is at fault: the one after those that the longest matching row of parameters takes. */
static enum status fail_match(struct match *match, struct fault *out_fault)
{
    size_t good = 0;
    match->whole = false;
    for (match->count = 1; match->count <= match->signature->count; match->count++) {
        if (!lay(match, &good)) {
            break;
        }
    }
    *out_fault = (struct fault){.code = FAULT_T0410, .index = (uint32_t)good + 1};
    return STATUS_INVALID;
}

static bool items_are(struct datum array, char symbol)
{
    for (uint32_t at = 0; at < datum_count(array); at++) {
        if (symbol_of(datum_item(array, at)) != symbol) {
            return false;
        }
    }
    return true;
}

static const char *plural_of(struct str subtype)
{
    static const struct {
        const char *symbol;
        const char *plural;
    } rows[] = {{"a", "arrays"}, {"b", "booleans"}, {"f", "functions"}, {"n", "numbers"}, {"o", "objects"}, {"s", "strings"}};
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (str_equal(subtype, str_of(rows[at].symbol))) {
            return rows[at].plural;
        }
    }
    return NULL;
}

/* An argument for an `a`: checked against the items' type, and wrapped when it is no array. `lone`: the only argument
 * that the parameter got. */
static enum status to_array(struct arena *arena, const struct parameter *parameter, bool lone, struct datum *argument,
                            struct fault *out_fault)
{
    char symbol = symbol_of(*argument);
    if (symbol == 'm') {
        return STATUS_OK;
    }
    if (parameter->subtype.length > 0) {
        bool fits = symbol == 'a' ? items_are(*argument, parameter->subtype.bytes[0])
                                  : lone && parameter->subtype.length == 1 && parameter->subtype.bytes[0] == symbol;
        if (!fits) {
            *out_fault = (struct fault){
                .code = FAULT_T0412, .type = plural_of(parameter->subtype), .value = *argument};
            return STATUS_INVALID;
        }
    }
    if (symbol != 'a') {
        struct datum *items = arena_new(arena, struct datum);
        TRY_NEW(items);
        *items = *argument;
        *argument = datum_array(items, 1, 0);
    }
    return STATUS_OK;
}

/* Hands the arguments out as laid. An argument that a `+` takes beyond the first is the first again: so does 2.0.6. */
static enum status hand_out(struct arena *arena, const struct match *match, struct datum context, struct datum *items,
                            size_t *out_count, struct fault *out_fault)
{
    size_t next = 0;
    size_t count = 0;
    for (size_t at = 0; at < match->signature->count; at++) {
        const struct parameter *parameter = &match->signature->parameters[at];
        struct datum first = next < match->arguments.count ? match->arguments.items[next] : DATUM_NONE;
        if (match->taken[at] == 0 && parameter->context) {
            if (!accepts(parameter, context)) {
                *out_fault = (struct fault){.code = FAULT_T0411, .index = (uint32_t)next + 1};
                return STATUS_INVALID;
            }
            items[count++] = context;
        } else if (match->taken[at] == 0) {
            items[count++] = first;
            next++;
        }
        for (size_t took = 0; took < match->taken[at]; took++, next++) {
            struct datum argument = first;
            if (parameter->is_array) {
                argument = next < match->arguments.count ? match->arguments.items[next] : DATUM_NONE;
                enum status status = to_array(arena, parameter, match->taken[at] == 1, &argument, out_fault);
                if (status != STATUS_OK) {
                    out_fault->index = (uint32_t)next + 1;
                    return status;
                }
            }
            items[count++] = argument;
        }
    }
    *out_count = count;
    return STATUS_OK;
}

enum status signature_apply(struct arena *arena, const struct signature *signature, struct arguments arguments,
                            struct datum context, struct arguments *out_arguments, struct fault *out_fault)
{
    bool possible[SMALL_MAX * SMALL_MAX];
    size_t taken[SMALL_MAX];
    struct match match = {.signature = signature,
                          .arguments = arguments,
                          .count = signature->count,
                          .whole = true,
                          .possible = possible,
                          .taken = taken};
    if (signature->count >= SMALL_MAX || arguments.count >= SMALL_MAX) {
        match.possible = arena_array(arena, bool, (signature->count + 1) * (arguments.count + 1));
        match.taken = arena_array(arena, size_t, signature->count + 1);
        TRY_NEW(match.possible);
        TRY_NEW(match.taken);
    }
    size_t used = 0;
    if (!lay(&match, &used)) {
        return fail_match(&match, out_fault);
    }
    struct datum *items = arena_array(arena, struct datum, signature->count + arguments.count);
    TRY_NEW(items);
    size_t count = 0;
    TRY(hand_out(arena, &match, context, items, &count, out_fault));
    *out_arguments = (struct arguments){items, count};
    return STATUS_OK;
}
