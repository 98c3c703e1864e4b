/* Assertions about our own code; they stay on in release (STYLE 29). Nothing from outside may trip one.
 *
 * A broken assertion ends the process, unless the thread is inside an assert_scope: then it jumps back to the scope's
 * owner, who drops everything the step was about (it all lies in the step's arena) and parks the execution. */
#ifndef PAWL_BASE_ASSERT_H
#define PAWL_BASE_ASSERT_H

#include <setjmp.h>

struct assert_scope {
    jmp_buf back;
    struct assert_scope *outer;
    const char *condition;
    const char *file;
    int line;
};

/* Makes `scope` the one that this thread's assertions jump to. Use:
 *     assert_scope_enter(&scope);
 *     if (setjmp(scope.back) == 0) { step(); } else { scope.condition, .file and .line tell which }
 *     assert_scope_leave(&scope);
 * Locals changed between setjmp and the jump must be volatile. */
void assert_scope_enter(struct assert_scope *scope);
void assert_scope_leave(struct assert_scope *scope);

_Noreturn void assert_fail(const char *condition, const char *file, int line);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            assert_fail(#condition, __FILE__, __LINE__);                                           \
        }                                                                                          \
    } while (0)

/* After a switch over one of our enums (STYLE 27). */
#define UNREACHABLE(what) assert_fail("unreachable: " what, __FILE__, __LINE__)

#endif
