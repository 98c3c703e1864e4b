#include "asl/route.h"

#include "asl/pattern.h"
#include "asl/resource.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/limits.h"

#define HASH_CHARACTERS 16

static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '.' ||
           byte == '_' || byte == '-';
}

/* Cuts a route that is too long and lets it end in the hash of the whole. */
static enum status shorten(struct arena *arena, struct str whole, struct str *out_route)
{
    uint8_t digest[SHA256_BYTES];
    struct str hash;
    hash_sha256(&whole, 1, digest);
    TRY(hash_hex_encode(arena, (struct str){(const char *)digest, HASH_CHARACTERS / 2}, &hash));
    return arena_format(arena, out_route, "%.*s-%.*s", ROUTE_CHARACTERS_MAX - HASH_CHARACTERS - 1, whole.bytes, STR_ARGS(hash));
}

static enum status escape(struct arena *arena, struct str name, struct str *out_route)
{
    struct buffer buffer = buffer_in(arena);
    for (size_t at = 0; at < name.length; at++) {
        if (is_plain(name.bytes[at])) {
            TRY(buffer_add_byte(&buffer, name.bytes[at]));
        } else {
            TRY(buffer_format(&buffer, "_%02X", (unsigned char)name.bytes[at]));
        }
    }
    struct str route = buffer_text(&buffer);
    if (route.length > ROUTE_CHARACTERS_MAX) {
        return shorten(arena, route, out_route);
    }
    *out_route = route;
    return STATUS_OK;
}

/* The function's name from a name, a partial ARN (123:function:name) or an ARN, each with or without qualifier. */
static struct str function_name(struct str function)
{
    size_t at = str_find_str(function, STR("function:"));
    struct str name = at == function.length ? function : str_from(function, at + sizeof "function:" - 1);
    return str_slice(name, 0, str_find(name, ':'));
}

enum status route_of(struct arena *arena, struct str resource, struct str function, struct str *out_route)
{
    struct resource parsed;
    TRY(resource_parse(resource, &parsed));
    if (function.length > 0) {
        return escape(arena, function_name(function), out_route);
    }
    switch (parsed.kind) {
    case RESOURCE_LAMBDA:
        return escape(arena, function_name(parsed.name), out_route);
    case RESOURCE_ACTIVITY:
        *out_route = STR("activity");
        return STATUS_OK;
    case RESOURCE_INTEGRATION:
        if (str_starts_with(parsed.service, STR("aws-sdk:"))) {
            TRY(arena_concat(arena, STR("aws-sdk-"), str_from(parsed.service, sizeof "aws-sdk:" - 1), &parsed.service));
        }
        return escape(arena, parsed.service, out_route);
    }
    return STATUS_INVALID;
}

/* The next row of *table, which moves on; false at the end. Without '=' the route is STR_NONE. */
static bool next_row(struct str *table, struct str *out_pattern, struct str *out_route)
{
    while (table->length > 0) {
        size_t end = str_find(*table, ',');
        struct str row = str_trim(str_slice(*table, 0, end));
        *table = str_from(*table, end == table->length ? end : end + 1);
        if (row.length > 0) {
            size_t equals = str_find(row, '=');
            *out_pattern = str_trim(str_slice(row, 0, equals));
            *out_route = equals == row.length ? STR_NONE : str_trim(str_from(row, equals + 1));
            return true;
        }
    }
    return false;
}

enum status route_table_check(struct arena *arena, struct str table, struct str *out_problem)
{
    struct str pattern;
    struct str route;
    while (next_row(&table, &pattern, &route)) {
        bool plain = route.length > 0 && route.length <= ROUTE_CHARACTERS_MAX;
        for (size_t at = 0; at < route.length; at++) {
            plain &= is_plain(route.bytes[at]);
        }
        if (pattern.length == 0 || !plain) {
            TRY(arena_format(arena, out_problem, "'%.*s=%.*s' is no PATTERN=ROUTE; a route has 1 to %d characters of A-Za-z0-9._-",
                             STR_ARGS(pattern), STR_ARGS(route), ROUTE_CHARACTERS_MAX));
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

struct str route_table_find(struct str table, struct str resource)
{
    struct str pattern;
    struct str route;
    while (next_row(&table, &pattern, &route)) {
        if (pattern_matches(resource, pattern)) {
            return route;
        }
    }
    return STR_NONE;
}

bool route_collides(struct str a, struct str b)
{
    if (a.length != b.length || str_equal(a, b)) {
        return false;
    }
    for (size_t at = 0; at < a.length; at++) {
        char x = a.bytes[at] == '.' ? '_' : a.bytes[at];
        char y = b.bytes[at] == '.' ? '_' : b.bytes[at];
        if (x != y) {
            return false;
        }
    }
    return true;
}
