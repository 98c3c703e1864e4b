#include "asl/jsonata/ast.h"

const char *ast_type_name(enum node_type type)
{
    static const char *const names[] = {
#define NODE(id, name) name,
#include "asl/jsonata/nodes.def"
    };
    return names[type];
}
