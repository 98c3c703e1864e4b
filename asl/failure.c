#include "asl/failure.h"

#include "asl/utf.h"
#include "base/limits.h"

#include <stdio.h>

enum status failure_limit(struct arena *arena, struct failure *failure)
{
    if (failure->error.bytes != NULL) {
        TRY(utf_repair(arena, str_cut_characters(failure->error, ERROR_CHARACTERS_MAX), &failure->error));
    }
    if (failure->cause.bytes != NULL) {
        TRY(utf_repair(arena, str_cut_characters(failure->cause, CAUSE_CHARACTERS_MAX), &failure->cause));
    }
    return STATUS_OK;
}

enum status failure_set(struct arena *arena, struct failure *out_failure, struct str error, const char *cause_format, ...)
{
    va_list measured;
    va_list printed;
    va_start(measured, cause_format);
    va_copy(printed, measured);
    int length = vsnprintf(NULL, 0, cause_format, measured);
    va_end(measured);
    char *bytes = length < 0 ? NULL : arena_allocate(arena, (size_t)length + 1);
    if (bytes != NULL) {
        vsnprintf(bytes, (size_t)length + 1, cause_format, printed);
    }
    va_end(printed);
    TRY_NEW(bytes);
    *out_failure = (struct failure){.error = error, .cause = {bytes, (size_t)length}, .is = true};
    return failure_limit(arena, out_failure);
}
