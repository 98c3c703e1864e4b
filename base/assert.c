#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

/* The one variable that an assertion, which has no parameters, can find its thread's scope by. */
static _Thread_local struct assert_scope *assert_scope_current;

void assert_scope_enter(struct assert_scope *scope)
{
    scope->outer = assert_scope_current;
    scope->condition = NULL;
    scope->file = NULL;
    scope->line = 0;
    assert_scope_current = scope;
}

void assert_scope_leave(struct assert_scope *scope)
{
    assert_scope_current = scope->outer;
}

_Noreturn void assert_fail(const char *condition, const char *file, int line)
{
    struct assert_scope *scope = assert_scope_current;
    if (scope != NULL) {
        scope->condition = condition;
        scope->file = file;
        scope->line = line;
        longjmp(scope->back, 1);
    }
    fprintf(stderr, "level=fatal event=assertion condition=\"%s\" at=%s:%d\n", condition, file, line);
    abort();
}
